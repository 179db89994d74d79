package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	readyWithin = 20 * time.Second
	quitWithin  = 10 * time.Second // PostgreSQL itself kills what does not end within 5 s
)

// errPortTaken is a start that lost the race for its port: between choosing one and listening, any other process may
// take it.
var errPortTaken = errors.New("port is taken")

func (s *Server) start(bin string, settings map[string]string) error {
	if err := s.initialise(bin); err != nil {
		return err
	}
	var err error
	for range 5 {
		if s.port, err = freePort(); err != nil {
			return err
		}
		if err = s.launch(bin, settings); !errors.Is(err, errPortTaken) {
			return err
		}
	}
	return err
}

// initialise makes the folder of data. Not every system knows C.UTF-8.
func (s *Server) initialise(bin string) error {
	attr, own, err := unprivileged()
	if err != nil {
		return err
	}
	if err := own(s.dir); err != nil {
		return err
	}
	runtime.LockOSThread() // as in hold
	defer runtime.UnlockOSThread()
	var out []byte
	for _, locale := range []string{"C.UTF-8", "C"} {
		cmd := exec.Command(
			filepath.Join(bin, "initdb"), "--no-sync", "-A", "trust", "-U", "watchbell", "-E", "UTF8", "--locale="+locale, "-D",
			s.data(),
		)
		cmd.SysProcAttr, cmd.Dir = attr, s.dir
		if out, err = cmd.CombinedOutput(); err == nil {
			return nil
		}
	}
	return fmt.Errorf("initdb: %w\n%s", err, out)
}

// launch runs the server until it answers. On an error nothing runs.
func (s *Server) launch(bin string, settings map[string]string) error {
	attr, _, err := unprivileged()
	if err != nil {
		return err
	}
	log, err := os.Create(s.logFile())
	if err != nil {
		return err
	}
	defer func() { _ = log.Close() }()
	s.cmd = exec.Command(filepath.Join(bin, "postgres"), s.args(settings)...)
	s.cmd.SysProcAttr, s.cmd.Dir, s.cmd.Stdout, s.cmd.Stderr = attr, s.dir, log, log
	s.cmd.Env = append(os.Environ(), "LC_ALL=C") // the words looked for in the log
	s.gone = make(chan struct{})
	started := make(chan error)
	go hold(s.cmd, started, s.gone)
	if err := <-started; err != nil {
		return err
	}
	if err := s.ready(); err != nil {
		s.quit()
		return err
	}
	return nil
}

// args are the server's; where and under which name it listens cannot be changed by settings, because a later option
// wins.
func (s *Server) args(settings map[string]string) []string {
	args := []string{"-D", s.data(), "-c", "max_connections=200", "-c", "timezone=UTC", "-c", "log_timezone=UTC"}
	for name, value := range settings {
		args = append(args, "-c", name+"="+value)
	}
	return append(
		args, "-c", "listen_addresses=127.0.0.1", "-c", "port="+strconv.Itoa(s.port), "-c", "unix_socket_directories=",
		"-c", "cluster_name="+s.name(),
	)
}

// hold starts a program and waits for its end. The kernel ends the program together with the thread that started it
// (see unprivileged), so the thread is kept for as long as the program runs.
func hold(cmd *exec.Cmd, started chan<- error, gone chan<- struct{}) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(gone)
	err := cmd.Start()
	started <- err
	if err == nil {
		_ = cmd.Wait()
	}
}

// quit ends the server without the courtesy of writing everything down first.
func (s *Server) quit() {
	_ = s.cmd.Process.Signal(syscall.SIGQUIT)
	select {
	case <-s.gone:
	case <-time.After(quitWithin):
		_ = s.cmd.Process.Kill()
		<-s.gone
	}
}

// ready waits until the server answers, and not another one that was faster to take the port.
func (s *Server) ready() error {
	ctx, cancel := context.WithTimeout(context.Background(), readyWithin)
	defer cancel()
	for {
		err := s.greet(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-s.gone:
			log := s.logTail()
			if strings.Contains(log, "Address already in use") {
				return fmt.Errorf("%w: %d\n%s", errPortTaken, s.port, log)
			}
			return fmt.Errorf("postgres ended at once:\n%s", log)
		case <-ctx.Done():
			return fmt.Errorf("no answer within %v: %w\n%s", readyWithin, err, s.logTail())
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// greet asks who listens on the port.
func (s *Server) greet(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.url("postgres"))
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }()
	var name string
	if err := conn.QueryRow(ctx, "SHOW cluster_name").Scan(&name); err != nil {
		return err
	}
	if name != s.name() {
		return fmt.Errorf("port %d belongs to %q", s.port, name)
	}
	return nil
}

func (s *Server) name() string { return filepath.Base(s.dir) }

func (s *Server) data() string { return filepath.Join(s.dir, "data") }

func (s *Server) logTail() string {
	log, _ := os.ReadFile(s.logFile())
	return string(log[max(0, len(log)-2000):])
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port, nil
}
