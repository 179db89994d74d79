package database

import (
	"context"
	"database/sql/driver"
	"strings"
)

// keptMost is how many statements a connection keeps. There are fewer, but for lists of any length in them.
const keptMost = 300

// keptConn keeps the statements that it was asked: SQLite's parser takes longer than most of them run.
type keptConn struct {
	fullConn
	kept map[string]*keptStmt
}

// keptStmt is a statement of a connection. Its rows, when there are any, have to be closed before it is asked again.
type keptStmt struct {
	stmt driver.Stmt
	busy bool
}

func keep(conn fullConn) *keptConn { return &keptConn{conn, map[string]*keptStmt{}} }

// QueryContext implements driver.QueryerContext.
func (c *keptConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := c.statement(ctx, query)
	if s == nil || err != nil {
		if err != nil {
			return nil, err
		}
		return c.fullConn.QueryContext(ctx, query, args)
	}
	rows, err := s.stmt.(driver.StmtQueryContext).QueryContext(ctx, args)
	if err != nil {
		return nil, err
	}
	s.busy = true
	return &keptRows{rows, s}, nil
}

// ExecContext implements driver.ExecerContext.
func (c *keptConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	s, err := c.statement(ctx, query)
	if s == nil || err != nil {
		if err != nil {
			return nil, err
		}
		return c.fullConn.ExecContext(ctx, query, args)
	}
	return s.stmt.(driver.StmtExecContext).ExecContext(ctx, args)
}

// statement is the kept statement of a text, or nil for what is not kept: what changes the schema, and what is being
// read just now.
func (c *keptConn) statement(ctx context.Context, query string) (*keptStmt, error) {
	s := c.kept[query]
	if s != nil && s.busy || s == nil && !keeps(query) {
		return nil, nil
	}
	if s != nil {
		return s, nil
	}
	if len(c.kept) >= keptMost {
		c.forget()
	}
	stmt, err := c.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	s = &keptStmt{stmt: stmt}
	c.kept[query] = s
	return s, nil
}

func keeps(query string) bool {
	verb, _, _ := strings.Cut(strings.TrimSpace(query), " ")
	switch verb {
	case "SELECT", "INSERT", "UPDATE", "DELETE", "WITH":
		return true
	}
	return false
}

func (c *keptConn) forget() {
	for query, s := range c.kept {
		if !s.busy {
			_ = s.stmt.Close()
			delete(c.kept, query)
		}
	}
}

// Close implements driver.Conn.
func (c *keptConn) Close() error {
	for _, s := range c.kept {
		_ = s.stmt.Close()
	}
	clear(c.kept)
	return c.fullConn.Close()
}

// keptRows give their statement back when they are closed, which may happen twice.
type keptRows struct {
	driver.Rows
	stmt *keptStmt
}

// Close implements driver.Rows.
func (r *keptRows) Close() error {
	r.stmt.busy = false
	return r.Rows.Close()
}
