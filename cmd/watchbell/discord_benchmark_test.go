//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

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

// workerVariable says what a process of this benchmark does, and its arguments.
const workerVariable = "WATCHBELL_DISCORD_WORKER"

// worker is a process of the benchmark, which is told what to do line by line and answers with one each.
type worker struct {
	cmd *exec.Cmd
	in  io.Writer
	out *bufio.Reader
}

func startWorker(b *testing.B, words ...string) *worker {
	b.Helper()
	cmd := exec.Command(os.Args[0], "-test.run", "^TestDiscordWorker$")
	cmd.Env = append(os.Environ(), workerVariable+"="+strings.Join(words, " "))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGCONT)
		_ = in.Close()
		_ = cmd.Wait()
	})
	return &worker{cmd, in, bufio.NewReader(out)}
}

func (w *worker) tell(b *testing.B, format string, a ...any) string {
	b.Helper()
	_, _ = fmt.Fprintf(w.in, format+"\n", a...)
	return w.hear(b)
}

func (w *worker) hear(b *testing.B) string {
	b.Helper()
	line, err := w.out.ReadString('\n')
	if err != nil {
		b.Fatalf("a process of the benchmark ended: %v %s", err, line)
	}
	return strings.TrimSpace(line)
}

// declarer is a server that takes declares, frozen until it is its turn.
type declarer struct {
	*worker
	database, address string
}

func startServer(b *testing.B, kind, database string, words ...string) *declarer {
	b.Helper()
	d := &declarer{worker: startWorker(b, append([]string{kind, database}, words...)...), database: database}
	if d.address = d.hear(b); !strings.HasPrefix(d.address, "http://") {
		b.Fatal(d.address)
	}
	d.signal(b, syscall.SIGSTOP)
	return d
}

func (d *declarer) signal(b *testing.B, s os.Signal) {
	b.Helper()
	if err := d.cmd.Process.Signal(s); err != nil {
		b.Fatal(err)
	}
}

// measured is what a turn took: until all were acknowledged, of the server's processor time, of that with PostgreSQL's,
// and for the slowest one in a hundred.
type measured struct{ took, cpu, withDatabase, p99 time.Duration }

// declare sends so many declares. They are signed before the time begins.
func (d *declarer) declare(b *testing.B, load *worker, n int) (m measured) {
	b.Helper()
	if said := load.tell(b, "sign %d %s", n, d.address); said != "ready" {
		b.Fatal(said)
	}
	d.signal(b, syscall.SIGCONT)
	defer d.signal(b, syscall.SIGSTOP)
	before, database := d.processorTime(b), postgresTime()
	said := load.tell(b, "go")
	m.cpu = d.processorTime(b) - before
	m.withDatabase = m.cpu + postgresTime() - database
	if _, err := fmt.Sscanf(said, "done %d %d", &m.took, &m.p99); err != nil {
		b.Fatal(said)
	}
	return m
}

func (d *declarer) processorTime(b *testing.B) time.Duration {
	b.Helper()
	n, err := strconv.ParseInt(d.tell(b, "cpu"), 10, 64)
	if err != nil {
		b.Fatal(err)
	}
	return time.Duration(n)
}

// postgresTime is how long the PostgreSQL servers that this process started were on a processor.
func postgresTime() (total time.Duration) {
	const tick = 10 * time.Millisecond // of every Linux that Go supports
	parents, times := map[int]int{}, map[int]time.Duration{}
	list, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, path := range list {
		data, _ := os.ReadFile(path)
		name, rest, _ := strings.Cut(string(data), ") ")
		if !strings.HasSuffix(name, "(postgres") {
			continue
		}
		pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		fields := strings.Fields(rest)
		parents[pid], _ = strconv.Atoi(fields[1])
		for _, at := range []int{11, 12, 13, 14} { // user, system, and of children that ended
			n, _ := strconv.ParseInt(fields[at], 10, 64)
			times[pid] += time.Duration(n) * tick
		}
	}
	for pid, parent := range parents {
		if parent == os.Getpid() || parents[parent] == os.Getpid() {
			total += times[pid]
		}
	}
	return total
}

// TestDiscordWorker is no test but a process of the benchmark.
func TestDiscordWorker(t *testing.T) {
	words := strings.Fields(os.Getenv(workerVariable))
	if len(words) < 3 {
		t.Skip("it is a process of a benchmark")
	}
	decoded, err := hex.DecodeString(words[2])
	switch words[0] {
	case "load":
		if decoded, err = hex.DecodeString(words[1]); err == nil {
			connections, _ := strconv.Atoi(words[2])
			sendOnDemand(decoded, connections)
		}
	case "bot":
		tellTime(declaringBot(t, words[1], words[2], words[3], words[4]))
	case "hand":
		tellTime(declaringHandler(t, words[1], decoded))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// tellTime says where a server is, and then, each time it is asked, how long this process was on a processor.
func tellTime(address string) {
	fmt.Println(address)
	for asked := bufio.NewScanner(os.Stdin); asked.Scan(); {
		var u syscall.Rusage
		_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
		fmt.Println(u.Utime.Nano() + u.Stime.Nano())
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

// byHandSchema is what a program for declaring alone would have. On SQLite, serial is integer and the times are its own.
const byHandSchema = `
create table hand_incidents(
  id %[1]s primary key, title text not null, severity text not null, status text not null default 'open',
  declared_by text not null, seq int not null default 0, created_at %[2]s not null default current_timestamp);
create index hand_incidents_status on hand_incidents(status, created_at);
create table hand_timeline(
  id %[1]s primary key, incident_id bigint not null references hand_incidents(id), actor text not null,
  body text not null, created_at %[2]s not null default current_timestamp);
create index hand_timeline_incident on hand_timeline(incident_id, id);
create table hand_audit(
  id %[1]s primary key, incident_id bigint not null references hand_incidents(id), actor text not null,
  action text not null, created_at %[2]s not null default current_timestamp);
create index hand_audit_incident on hand_audit(incident_id, id);
create table hand_outbox(
  id %[1]s primary key, incident_id bigint not null, kind text not null, state int not null default 0,
  next_at %[2]s not null default current_timestamp);
create index hand_outbox_due on hand_outbox(next_at) where state = 0;
create table hand_keys(key text primary key, created_at %[2]s not null default current_timestamp);
`

// The six statements, each of which depends on the one before it having succeeded.
const (
	byHandKey      = `insert into hand_keys(key) values ($1)`
	byHandIncident = `insert into hand_incidents(title, severity, declared_by) values ($1, $2, $3) returning id`
	byHandTimeline = `insert into hand_timeline(incident_id, actor, body) values ($1, $2, $3)`
	byHandAudit    = `insert into hand_audit(incident_id, actor, action) values ($1, $2, 'declare')`
	byHandOutbox   = `insert into hand_outbox(incident_id, kind) values ($1, 'post')`
	byHandUpdate   = `update hand_incidents set seq = seq + 1 where id = $1`
)

// declared is what the handler reads of an interaction.
type declared struct {
	ID     string `json:"id"`
	Member struct {
		User struct {
			ID string `json:"id"`
		} `json:"user"`
	} `json:"member"`
	Data struct {
		Options []struct {
			Options []struct {
				Name  string          `json:"name"`
				Value json.RawMessage `json:"value"`
			} `json:"options"`
		} `json:"options"`
	} `json:"data"`
}

// declaringHandler is the program that somebody would write.
func declaringHandler(t *testing.T, url string, public ed25519.PublicKey) (address string) {
	t.Helper()
	commit := byHandOnPostgres
	if strings.HasPrefix(url, "sqlite:") {
		commit = byHandOnSQLite
	}
	store := commit(t, url)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		if err != nil {
			http.Error(w, "too large", http.StatusRequestEntityTooLarge)
			return
		}
		stamp := r.Header.Get("X-Signature-Timestamp")
		signature, err := hex.DecodeString(r.Header.Get("X-Signature-Ed25519"))
		if err != nil || !ed25519.Verify(public, append([]byte(stamp), body...), signature) {
			http.Error(w, "not signed", http.StatusUnauthorized)
			return
		}
		var in declared
		if err := json.Unmarshal(body, &in); err != nil || len(in.Data.Options) == 0 {
			http.Error(w, "not understood", http.StatusBadRequest)
			return
		}
		title, severity := "", "sev3"
		for _, o := range in.Data.Options[0].Options {
			switch o.Name {
			case "title":
				_ = json.Unmarshal(o.Value, &title)
			case "severity":
				_ = json.Unmarshal(o.Value, &severity)
			}
		}
		id, err := store(r.Context(), in.ID, title, severity, in.Member.User.ID)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{
			"type": 4, "data": map[string]any{"flags": 64, "content": fmt.Sprintf("Declared INC-%d: %s", id, title)},
		})
	}))
	t.Cleanup(server.Close)
	return server.URL + "/discord/interactions"
}

type byHandStore func(ctx context.Context, key, title, severity, user string) (int64, error)

func byHandOnPostgres(t *testing.T, url string) byHandStore {
	t.Helper()
	c, err := pgxpool.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	c.MaxConns = 16 // as many as a server of ours takes
	pool, err := pgxpool.NewWithConfig(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	if _, err := pool.Exec(context.Background(), fmt.Sprintf(byHandSchema, "bigserial", "timestamptz")); err != nil {
		t.Fatal(err)
	}
	return func(ctx context.Context, key, title, severity, user string) (id int64, err error) {
		err = pgx.BeginFunc(ctx, pool, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, byHandKey, key); err != nil {
				return err
			}
			if err := tx.QueryRow(ctx, byHandIncident, title, severity, user).Scan(&id); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, byHandTimeline, id, user, title); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, byHandAudit, id, user); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, byHandOutbox, id); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, byHandUpdate, id)
			return err
		})
		return id, err
	}
}

func byHandOnSQLite(t *testing.T, url string) byHandStore {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+strings.TrimPrefix(url, "sqlite:")+"?_pragma=busy_timeout(5000)"+
		"&_pragma=journal_mode(WAL)&_pragma=synchronous(FULL)&_pragma=foreign_keys(1)&_txlock=immediate")
	if err != nil {
		t.Fatal(err)
	}
	db.SetMaxOpenConns(1) // SQLite has one writer
	t.Cleanup(func() { _ = db.Close() })
	if _, err := db.Exec(fmt.Sprintf(byHandSchema, "integer", "datetime")); err != nil {
		t.Fatal(err)
	}
	return func(ctx context.Context, key, title, severity, user string) (id int64, err error) {
		tx, err := db.BeginTx(ctx, nil)
		if err != nil {
			return 0, err
		}
		defer func() { _ = tx.Rollback() }()
		if _, err = tx.ExecContext(ctx, byHandKey, key); err != nil {
			return 0, err
		}
		if err = tx.QueryRowContext(ctx, byHandIncident, title, severity, user).Scan(&id); err != nil {
			return 0, err
		}
		if _, err = tx.ExecContext(ctx, byHandTimeline, id, user, title); err != nil {
			return 0, err
		}
		if _, err = tx.ExecContext(ctx, byHandAudit, id, user); err != nil {
			return 0, err
		}
		if _, err = tx.ExecContext(ctx, byHandOutbox, id); err != nil {
			return 0, err
		}
		if _, err = tx.ExecContext(ctx, byHandUpdate, id); err != nil {
			return 0, err
		}
		return id, tx.Commit()
	}
}

// sendOnDemand signs requests and sends them when it is told to.
func sendOnDemand(key ed25519.PrivateKey, connections int) {
	var requests [][]byte
	var host string
	serial := time.Now().UnixNano()
	for asked := bufio.NewScanner(os.Stdin); asked.Scan(); {
		var n int
		var url string
		if _, err := fmt.Sscanf(asked.Text(), "sign %d %s", &n, &url); err != nil {
			fmt.Println(sendAll(host, requests, connections))
			continue
		}
		host, _, _ = strings.Cut(strings.TrimPrefix(url, "http://"), "/")
		requests = nil
		for range n {
			serial++
			requests = append(requests, signedDeclare(key, host, strings.TrimPrefix(url, "http://"+host), serial))
		}
		fmt.Println("ready")
	}
}

// signedDeclare is a request as Discord sends it, with everything that it has in a guild.
func signedDeclare(key ed25519.PrivateKey, host, path string, serial int64) []byte {
	user := map[string]any{
		"id": "200000000000000014", "username": "dan", "global_name": "Dan Weber", "discriminator": "0", "avatar": nil,
		"public_flags": 0,
	}
	id := strconv.FormatInt(serial, 10)
	body, err := json.Marshal(map[string]any{
		"id": id, "application_id": discordApplication, "type": 2, "token": "token-" + id, "version": 1,
		"guild_id": discordGuild, "channel_id": "300000000000000001", "locale": "en-GB", "guild_locale": "en-US",
		"channel": map[string]any{
			"id": "300000000000000001", "guild_id": discordGuild, "type": 0, "name": "general", "permissions": "2248473465835073",
		},
		"member": map[string]any{
			"user": user, "roles": []string{}, "nick": nil, "flags": 0, "pending": false, "joined_at": "2026-01-01T00:00:00Z",
			"permissions": "2248473465835073", "communication_disabled_until": nil, "deaf": false, "mute": false,
		},
		"data": map[string]any{
			"id": "400000000000000001", "name": "incident", "type": 1, "guild_id": discordGuild,
			"options": []any{map[string]any{"type": 1, "name": "declare", "options": []any{
				map[string]any{"type": 3, "name": "title", "value": fmt.Sprintf("Number%s word%s is broken%s", id, id, id)},
				map[string]any{"type": 3, "name": "severity", "value": "sev2"},
				map[string]any{"type": 5, "name": "anyway", "value": true},
			}}},
		},
		"authorizing_integration_owners": map[string]string{"0": discordGuild}, "context": 0, "entitlements": []any{},
		"app_permissions": "2252109319883792", "attachment_size_limit": 10 << 20,
	})
	if err != nil {
		panic(err)
	}
	stamp := strconv.FormatInt(time.Now().Unix(), 10)
	var b bytes.Buffer
	fmt.Fprintf(&b, "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\n", path, host)
	fmt.Fprintf(&b, "Content-Length: %d\r\n", len(body))
	fmt.Fprintf(&b, "User-Agent: Discord-Interactions/1.0 (+https://discord.com)\r\nX-Signature-Timestamp: %s\r\n", stamp)
	fmt.Fprintf(&b, "X-Signature-Ed25519: %x\r\n\r\n%s", ed25519.Sign(key, append([]byte(stamp), body...)), body)
	return b.Bytes()
}

// sendAll sends requests over so many connections, one after the other on each, and says how long it took.
func sendAll(host string, requests [][]byte, connections int) string {
	var next atomic.Int64
	var running sync.WaitGroup
	each := make([]time.Duration, len(requests))
	failed := make(chan error, connections)
	start := time.Now()
	for range connections {
		running.Go(func() {
			if err := send(host, requests, &next, each); err != nil {
				failed <- err
			}
		})
	}
	running.Wait()
	took := time.Since(start)
	select {
	case err := <-failed:
		return strings.ReplaceAll(err.Error(), "\n", " ")
	default:
	}
	slices.Sort(each)
	return fmt.Sprintf("done %d %d", took, each[len(each)*99/100])
}

func send(host string, requests [][]byte, next *atomic.Int64, each []time.Duration) error {
	conn, err := net.Dial("tcp", host)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	r := bufio.NewReader(conn)
	for {
		n := next.Add(1) - 1
		if n >= int64(len(requests)) {
			return nil
		}
		begin := time.Now()
		if _, err := conn.Write(requests[n]); err != nil {
			return err
		}
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			return err
		}
		body, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK || !bytes.Contains(body, []byte("INC-")) {
			return fmt.Errorf("%s %s %w", resp.Status, body, err)
		}
		each[n] = time.Since(begin)
	}
}
