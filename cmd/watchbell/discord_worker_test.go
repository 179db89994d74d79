//go:build linux

package main

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

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
