//go:build unix

package storage_test

import (
	"io"
	"net"
	"net/url"
	"testing"
	"time"
)

// oneWay is how long what is sent to the database is under way. Timers are no finer than a millisecond while a program
// is idle, so a round trip takes somewhat longer than twice that; BenchmarkDeclare/postgres/remote/round-trip says how
// long.
const oneWay = time.Millisecond

// roundTrip measures the shortest question that can be asked.
func roundTrip(b *testing.B, url string) {
	db := connect(b, url)
	db.SetMaxOpenConns(1)
	ask := func(int) error { return db.QueryRow("SELECT 1").Scan(new(int)) }
	drive(b, 1, 5, ask)
	b.ResetTimer()
	drive(b, 1, b.N, ask).report(b, "trips")
}

// remote is the address of the database at url as if it were on another machine.
func remote(b *testing.B, address string) string {
	b.Helper()
	u, err := url.Parse(address)
	if err != nil {
		b.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = l.Close() })
	server := u.Host
	u.Host = l.Addr().String()
	go func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			database, err := net.Dial("tcp", server)
			if err != nil {
				_ = client.Close()
				continue
			}
			go late(client, database)
			go late(database, client)
		}
	}()
	return u.String()
}

// late passes on what comes in, each piece as much later, until either end closes.
func late(from io.ReadCloser, to io.WriteCloser) {
	type piece struct {
		data []byte
		due  time.Time
	}
	line := make(chan piece, 1024)
	go func() {
		defer close(line)
		for {
			data := make([]byte, 16<<10)
			n, err := from.Read(data)
			if n > 0 {
				line <- piece{data: data[:n], due: time.Now().Add(oneWay)}
			}
			if err != nil {
				return
			}
		}
	}()
	defer func() { _, _ = from.Close(), to.Close() }()
	for p := range line {
		time.Sleep(time.Until(p.due))
		if _, err := to.Write(p.data); err != nil {
			return
		}
	}
}
