package database_test

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage"
	"github.com/watchbell/watchbell/storage/database"
	"github.com/watchbell/watchbell/storage/pgtest"
)

// wire stands between the bot and PostgreSQL. It can go silent: connections stay open and acknowledge, but nothing
// passes.
type wire struct {
	t      *testing.T
	listen net.Listener
	to     string

	mu     sync.Mutex
	open   []net.Conn
	silent []chan struct{} // of the connections, closed to make them silent
}

// through returns the address of the database by way of a wire.
func through(t *testing.T, address string) (string, *wire) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w := &wire{t: t, listen: l, to: u.Host}
	go w.serve()
	t.Cleanup(func() {
		_ = l.Close()
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, c := range w.open {
			_ = c.Close()
		}
	})
	u.Host = l.Addr().String()
	return u.String(), w
}

func (w *wire) serve() {
	for {
		client, err := w.listen.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", w.to)
		if err != nil {
			_ = client.Close()
			continue
		}
		silent := make(chan struct{})
		w.mu.Lock()
		w.open, w.silent = append(w.open, client, server), append(w.silent, silent)
		w.mu.Unlock()
		go pass(server, client, silent)
		go pass(client, server, silent)
	}
}

// pass copies until silent is closed, and from then on only takes.
func pass(to, from net.Conn, silent chan struct{}) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		select {
		case <-silent:
			if err == nil {
				continue
			}
			return
		default:
		}
		if n > 0 {
			_, _ = to.Write(buffer[:n])
		}
		if err != nil {
			if errors.Is(err, io.EOF) {
				_ = to.Close()
			}
			return
		}
	}
}

// goSilent makes all connections there are silent; new ones work.
func (w *wire) goSilent() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.silent {
		close(c)
	}
	w.silent = nil
}

func TestASilentServerStallsNobodyForLong(t *testing.T) {
	address, w := through(t, pgtest.URL(t))
	s, err := database.Open(context.Background(), address, database.Options{Relaxed: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if err := writeOne(s); err != nil {
		t.Fatal(err)
	}
	w.goSilent()
	start := time.Now()
	if err := writeOne(s); err == nil {
		t.Error("something was written over a connection that is silent")
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("a writer waited %s", took)
	}
	// what the server still holds for the dead connection it gives up after 5 s
	for err = writeOne(s); err != nil; err = writeOne(s) {
		if time.Since(start) > 20*time.Second {
			t.Fatalf("not well after %s: %v", time.Since(start), err)
		}
	}
	t.Logf("well again after %s", time.Since(start))
	if err := s.Ready(context.Background()); err != nil {
		t.Error(err)
	}
}

// A connection that goes silent between the statements of a transaction leaves its locks with the server for some
// seconds.
func TestASilentWriterLeavesItsLocksForSeconds(t *testing.T) {
	url := pgtest.URL(t)
	address, w := through(t, url)
	first, err := database.Open(context.Background(), address, database.Options{Relaxed: true, Conns: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = first.Close() })
	other, err := database.Open(context.Background(), url, database.Options{Relaxed: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	tx, err := first.SQL().Begin()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec("SELECT 1 FROM audit_head FOR UPDATE"); err != nil {
		t.Fatal(err)
	}
	w.goSilent()
	start := time.Now()
	for err = writeOne(other); err != nil; err = writeOne(other) {
		if took := time.Since(start); took > 15*time.Second {
			t.Fatalf("another instance waits since %s: %v", took, err)
		}
	}
	_ = tx.Rollback()
}

func TestLongReadsAreLetFinish(t *testing.T) {
	s, err := database.Open(context.Background(), pgtest.URL(t), database.Options{Relaxed: true, Conns: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	limit := func() (text string) {
		if err := s.SQL().QueryRow("SHOW statement_timeout").Scan(&text); err != nil {
			t.Fatal(err)
		}
		return text
	}
	if got := limit(); got != "2s" {
		t.Errorf("a connection for work has a limit of %s", got)
	}
	for want, d := range map[string]time.Duration{"1min": time.Minute, "0": 0} {
		t.Run(want, func(t *testing.T) {
			if got := database.LimitInLongRead(t, s, d); got != want {
				t.Errorf("a long read has a limit of %s, want %s", got, want)
			}
		})
	}
	if got := limit(); got != "2s" {
		t.Errorf("afterwards the connection has a limit of %s", got)
	}
	patient, err := database.Open(context.Background(), pgtest.URL(t), database.Options{Patient: true, Conns: 1})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = patient.Close() })
	var text string
	if err := patient.SQL().QueryRow("SHOW statement_timeout").Scan(&text); err != nil || text != "0" {
		t.Errorf("a patient program has a limit of %s (%v)", text, err)
	}
}

// No part of the address is shown, for a password that is not escaped may be taken for any part of it.
func TestErrorsShowNoPartOfTheAddress(t *testing.T) {
	for _, address := range []string{
		"postgres://u:hunt@er2@127.0.0.1:1/d", "postgres://u:x@hunt/er2@127.0.0.1:1/d", "postgres://u:x#hunt@127.0.0.1:1/d",
		"postgres://u:hunt%zzer2@127.0.0.1:1/d",
		"postgres://u:x?hunt@127.0.0.1:1/d", "postgres://127.0.0.1:1/d?password=hunt", "postgres://u:x:hunt@host:notaport/d",
		"postgres://u:hunt/er2@127.0.0.1:1/d",
		"hunt://u@h/d", "hunt:er2", "hunter2", "postgres:/u:hunt@h/d", " postgres://u:hunt@h/d",
		"postgres://u:x@127.0.0.1:1/d?sslmode=hunt", "postgres://u:x@127.0.0.1:1/d?hunt=1&target_session_attrs=er2",
	} {
		t.Run(address, func(t *testing.T) {
			for what, open := range map[string]func() error{
				"open":   func() error { _, err := database.Open(context.Background(), address, database.Options{}); return err },
				"status": func() error { _, err := storage.MigrationStatus(context.Background(), address); return err },
			} {
				err := open()
				var people *bot.Error
				if !errors.As(err, &people) || strings.Contains(err.Error(), "hunt") || strings.Contains(err.Error(), "er2") ||
					strings.Contains(err.Error(), "127.0.0.1") {
					t.Errorf("%s %s: %v", what, address, err)
				}
			}
		})
	}
}
