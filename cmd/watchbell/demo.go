package main

import (
	"bufio"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage"
)

//go:embed demo.yaml
var demoConfig []byte

type demoCmd struct {
	Data   string `help:"Folder for the database and the configuration." default:"watchbell-data" placeholder:"DIR"`
	Listen string `help:"Address of the web chat; by default 127.0.0.1:8080 or the next free port." placeholder:"ADDR"`
	Reset  bool   `help:"Start over: delete what the demo has stored, after asking."`
	Yes    bool   `help:"Do not ask."`

	Later   time.Duration `help:"Start as if so much time had passed, like 24h, so that what is planned comes due. From 24h on it goes on until a working day has passed." placeholder:"DURATION"`
	History bool          `help:"Make up ninety days of incidents, changes and pages, for reports to have something to say."`
}

const maxLater = 90 * 24 * time.Hour

// Help is shown by kong below the flags.
func (demoCmd) Help() string {
	return `Restarting keeps everything. Other commands join in with --data, for example:

  watchbell demo
  watchbell do --data watchbell-data --as ana '/incident list'`
}

func (c *demoCmd) Run(ctx context.Context, root *cli, io streams) error {
	listener, err := c.listener()
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }()
	if !loopback(listener.Addr().String()) {
		return bot.Errorf(
			bot.Invalid,
			"The demo lets everybody act as anybody, so it listens on loopback addresses only. Write --listen 127.0.0.1:8080",
		)
	}
	if c.Reset {
		if err := c.reset(io); err != nil {
			return err
		}
	}
	if c.Later < 0 || c.Later > maxLater {
		return bot.Errorf(bot.Invalid, "--later: at most 90 days (2160h), and never back. Write it like --later 24h")
	}
	if err := c.prepare(); err != nil {
		return err
	}
	least := slog.LevelWarn
	if root.LogLevel == "debug" {
		least = slog.LevelDebug
	}
	log := root.logger(io.err, least)
	place := place{Data: c.Data, Config: configFile}
	a, err := place.wire(ctx, appOptions{server: true, log: log, listener: listener, personas: true, later: c.Later > 0})
	if err != nil {
		return err
	}
	defer a.close()
	if err := a.passTime(ctx, c.Later, func(text string) { fmt.Fprintln(io.out, text) }); err != nil {
		return err
	}
	if c.History {
		if err := a.history(ctx, place, historyDays, func(text string) { fmt.Fprintln(io.out, text) }); err != nil {
			return err
		}
	}
	observe, err := listenNear("127.0.0.1:9090")
	if err != nil {
		return err
	}
	gate, err := listenNear("127.0.0.1:9191")
	if err != nil {
		return err
	}
	if err := a.begin(ctx, "post the welcome", a.welcome); err != nil {
		return err
	}
	c.greet(io, listener, observe, gate)
	return a.run(ctx, observe, gate, log)
}

// prepare makes the data folder and writes the demo's configuration into it, once.
func (c *demoCmd) prepare() error {
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return bot.Errorf(bot.Unavailable, "Cannot make the data folder %s: %v. Choose another with --data", c.Data, err)
	}
	path := filepath.Join(c.Data, configFile)
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.WriteFile(path, demoConfig, 0o600)
}

func (c *demoCmd) listener() (net.Listener, error) {
	if c.Listen != "" {
		return listen(c.Listen)
	}
	return listenNear("127.0.0.1:8080")
}

// reset deletes the demo's files, unless a server still uses them.
func (c *demoCmd) reset(io streams) error {
	db := filepath.Join(c.Data, databaseFile)
	if _, err := os.Stat(db); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err := storage.LockedOut("sqlite:" + db); err != nil {
		return err
	}
	if !c.Yes {
		fmt.Fprintf(io.out, "Delete %s with all its incidents and messages? The configuration beside it stays. [y/N] ", db)
		answer, _ := bufio.NewReader(io.in).ReadString('\n')
		if a := strings.ToLower(strings.TrimSpace(answer)); a != "y" && a != "yes" {
			fmt.Fprintln(io.out, "Nothing was deleted.")
			return exitError{exitRefused}
		}
	}
	for _, name := range []string{databaseFile, databaseFile + "-wal", databaseFile + "-shm"} {
		if err := os.Remove(filepath.Join(c.Data, name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func (c *demoCmd) greet(io streams, chat, observe, gate net.Listener) {
	folder, err := filepath.Abs(c.Data)
	if err != nil {
		folder = c.Data
	}
	fmt.Fprintf(io.out, `Watchbell is running.

  Web chat   http://%s
  Data       %s (restarting keeps it; start over with: demo --reset)
  Metrics    http://%s/metrics
  API        http://%s/api/v1 (for programs; a token: token create --help)

Five things to try:
  1. Open the web chat and type   /incident declare Checkout returns 502 sev2
  2. In the new channel press     Take lead, Give update, Resolve
  3. As Dan, in #changes, press   Request a change, and approve it as Ben and Chloe
  4. As Mia, in #reports, type    /report preview daily
  5. From another terminal        %s do --data %s --as ana '/incident list'

Stop with Ctrl-C.
`, chat.Addr(), folder, observe.Addr(), gate.Addr(), programName(os.Args[0]), c.Data)
}

// welcome posts the first message of the demo, once.
func (a *app) welcome(ctx context.Context) error {
	to, err := a.chat.FindChannel(ctx, a.config.Incidents.Channel)
	if err != nil {
		return err
	}
	m := bot.Message{
		Title: "Welcome to Watchbell", Tone: bot.Info,
		Sections: []bot.Section{
			bot.Para("This is where every incident is announced. Declare one: the title is enough, everything else can wait."),
			bot.Para(
				"Type ", bot.Code("/incident declare Checkout returns 502 sev2"),
				" below, or press the button. Then work it from the card in its own channel.",
			),
			bot.Para(
				"You can act as somebody else in the corner on the left, and see everything there is with ",
				bot.Code("/incident help"), ".",
			),
		},
		Actions: []bot.Action{{Label: "Declare incident", Command: "incident.declare", Style: bot.Primary, Form: true}},
	}
	if _, err = a.bot.Post(ctx, "demo.welcome", "", to, m); err != nil {
		return err
	}
	if to, err = a.chat.FindChannel(ctx, a.config.Changes.Channel); err != nil {
		return err
	}
	_, err = a.bot.Post(ctx, "demo.changes", "", to, bot.Message{
		Title: "Changes are decided here", Tone: bot.Info,
		Sections: []bot.Section{
			bot.Para(
				"Request one with the button, or type ",
				bot.Code(
					`/change new title="Resize the database" service=payments env=prod why="Queries time out" plan="Fail over, resize, fail back" backout="Fail back" start="in 20m" end=1h`,
				),
				".",
			),
			bot.Para(
				"Nobody approves what they requested: act as Ben, who owns payments, and then as Chloe. The calendar is on the "+
					"left, and ",
				bot.Code("/change help"), " lists everything.",
			),
		},
		Actions: []bot.Action{{Label: "Request a change", Command: "change.new", Style: bot.Primary, Form: true}},
	})
	return err
}

// buildPath matches the places where go run puts what it builds: a temporary folder, or the build cache, wherever that
// is.
var buildPath = regexp.MustCompile(`go-build|[/\\]b\d+[/\\]exe[/\\]|[/\\][0-9a-f]{64}-d[/\\]`)

// programName is what to type to start the program again, given how it was started.
func programName(arg0 string) string {
	if buildPath.MatchString(arg0) {
		return "go run ./cmd/watchbell"
	}
	return arg0
}
