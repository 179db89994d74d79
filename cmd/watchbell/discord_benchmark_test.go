//go:build linux

package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/watchbell/watchbell/adapters/discord"
	"github.com/watchbell/watchbell/adapters/discord/command"
	"github.com/watchbell/watchbell/adapters/discord/discordfake"
	"github.com/watchbell/watchbell/bot/engine"
	"github.com/watchbell/watchbell/commands/incident/response"
	"github.com/watchbell/watchbell/storage"
	"github.com/watchbell/watchbell/storage/pgtest"
)

// How fast a durable declare has to be on PostgreSQL at sixteen connections, beside the handler written by hand.
const discordFloor = 0.9

// BenchmarkDiscordDeclare measures a durable declare from Discord's signed request to the acknowledgement that holds the
// answer. Beside it is what somebody would write without us: a handler of net/http that checks the signature and commits
// six statements one by one. Each of the two is a process with a database of its own, and so is whoever sends requests.
// The two take turns, and the one whose turn it is not is frozen: jobs that are left would be paid for by the other.
func BenchmarkDiscordDeclare(b *testing.B) {
	for _, database := range []string{"postgres", "sqlite"} {
		for _, connections := range []int{1, 16, 64} {
			b.Run(fmt.Sprintf("%s/connections=%d", database, connections), func(b *testing.B) {
				compareDeclares(b, database, connections)
			})
		}
	}
}

func compareDeclares(b *testing.B, database string, connections int) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		b.Fatal(err)
	}
	fake := discordfake.Start(b, discordfake.Options{Guild: discordGuild, Application: discordApplication})
	fake.AddChannel(discordGuild, "incidents")
	load := startWorker(b, "load", fmt.Sprintf("%x", private), strconv.Itoa(connections))
	key := hex.EncodeToString(public)
	ours := startServer(b, "bot", databaseOf(b, database), key, fake.URL(), fake.Token())
	byHand := startServer(b, "hand", databaseOf(b, database), key)
	const rounds = 5
	each := max(4*connections, b.N/rounds)
	for _, s := range []*declarer{ours, byHand} { // connections, statements, memory
		s.declare(b, load, each)
	}
	b.ResetTimer()
	var speed, cpu, all, p99, perSecond []float64
	for n := range rounds {
		var one, other measured
		if n%2 == 0 {
			one = ours.declare(b, load, each)
			other = byHand.declare(b, load, each)
		} else {
			other = byHand.declare(b, load, each)
			one = ours.declare(b, load, each)
		}
		speed = append(speed, float64(other.took)/float64(one.took))
		cpu = append(cpu, float64(one.cpu)/float64(other.cpu))
		all = append(all, float64(one.withDatabase)/float64(other.withDatabase))
		p99 = append(p99, float64(one.p99)/float64(other.p99))
		perSecond = append(perSecond, float64(each)/one.took.Seconds())
	}
	b.StopTimer()
	for s, table := range map[*declarer]string{ours: "incidents", byHand: "hand_incidents"} {
		if n, want := countRows(b, s.database, table), (rounds+1)*each; n != want {
			b.Errorf("%d were acknowledged and %d are stored in %s", want, n, table)
		}
	}
	for _, list := range [][]float64{speed, cpu, all, p99, perSecond} {
		slices.Sort(list)
	}
	b.ReportMetric(speed[rounds/2], "x-by-hand")
	b.ReportMetric(speed[0], "x-least")
	b.ReportMetric(speed[rounds-1], "x-most")
	b.ReportMetric(cpu[rounds/2], "x-cpu")
	b.ReportMetric(all[rounds/2], "x-cpu-all")
	b.ReportMetric(p99[rounds/2], "x-p99")
	b.ReportMetric(perSecond[rounds/2], "declares/s")
	if database == "postgres" && connections == 16 && speed[rounds/2] < discordFloor {
		b.Errorf(
			"%.2f of the handler by hand (%.2f to %.2f), which is below %.1f; its processor time is %.2f, with "+
				"PostgreSQL's %.2f, its p99 %.2f, and %.0f a second are declared", speed[rounds/2], speed[0], speed[rounds-1],
			discordFloor, cpu[rounds/2], all[rounds/2], p99[rounds/2], perSecond[rounds/2],
		)
	}
}

// databaseOf is the address of a new database.
func databaseOf(b *testing.B, kind string) string {
	b.Helper()
	if kind == "sqlite" {
		return "sqlite:" + filepath.Join(b.TempDir(), "watchbell.db")
	}
	server, err := pgtest.Start()
	if errors.Is(err, pgtest.ErrMissing) {
		b.Skipf("SKIPPED, measured on SQLite only: %v", err)
	}
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(server.Stop)
	url, _, err := server.NewDatabase()
	if err != nil {
		b.Fatal(err)
	}
	return url
}

// declaringBot is a whole bot in front of a fake Discord. It returns where it takes interactions.
func declaringBot(t *testing.T, url, publicKey, api, token string) (address string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s, err := storage.Open(ctx, url, storage.Options{Server: true})
	if err != nil {
		t.Fatal(err)
	}
	core := engine.New(engine.Options{Store: s, MemberRoles: []string{"responder"}})
	core.Use(response.New(s.Incidents(), core, response.Options{Channel: "incidents"}).Capability())
	layout, err := command.New(ctx, core.Tree().Nouns(), core.Tree().Commands())
	if err != nil {
		t.Fatal(err)
	}
	adapter, err := discord.New(discord.Options{
		Token: token, PublicKey: publicKey, APIURL: api, Core: core, Memory: s, Layout: layout,
	})
	if err != nil {
		t.Fatal(err)
	}
	core.Attach(adapter)
	server := httptest.NewServer(adapter.Handler())
	done := make(chan error, 1)
	go func() { done <- core.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		server.Close()
		<-done
		_ = s.Close()
	})
	for adapter.Health() != nil {
		<-time.After(10 * time.Millisecond)
	}
	return server.URL + "/discord/interactions"
}

// countRows counts the rows of a table.
func countRows(b *testing.B, url, table string) (n int) {
	b.Helper()
	ctx := context.Background()
	var err error
	if path, is := strings.CutPrefix(url, "sqlite:"); is {
		db, openErr := sql.Open("sqlite", "file:"+path+"?mode=ro&_pragma=busy_timeout(5000)")
		if openErr != nil {
			b.Fatal(openErr)
		}
		defer func() { _ = db.Close() }()
		err = db.QueryRowContext(ctx, "select count(*) from "+table).Scan(&n)
	} else {
		conn, openErr := pgx.Connect(ctx, url)
		if openErr != nil {
			b.Fatal(openErr)
		}
		defer func() { _ = conn.Close(ctx) }()
		err = conn.QueryRow(ctx, "select count(*) from "+table).Scan(&n)
	}
	if err != nil {
		b.Fatal(err)
	}
	return n
}
