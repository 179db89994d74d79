package storage

import (
	"context"
	"slices"

	"gorm.io/gorm"
)

// Statements calls seen for each statement that goes through GORM from now on.
func (s *Store) Statements(seen func(sql string, args []any)) {
	see := func(db *gorm.DB) { seen(db.Statement.SQL.String(), slices.Clone(db.Statement.Vars)) }
	ctx := context.Background()
	pools := []*gorm.DB{s.db.Writer(ctx)}
	if s.Kind() == "sqlite" { // which reads over others
		pools = append(pools, s.db.Reader(ctx))
	}
	for _, db := range pools {
		c := db.Callback()
		for _, p := range []interface {
			Register(string, func(*gorm.DB)) error
		}{
			c.Query().After("*"), c.Row().After("*"), c.Raw().After("*"), c.Create().After("*"), c.Update().After("*"),
			c.Delete().After("*"),
		} {
			if err := p.Register("seen", see); err != nil {
				panic(err)
			}
		}
	}
}
