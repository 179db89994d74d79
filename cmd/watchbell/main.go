// Command watchbell is the program: a ChatOps bot for IT operations. This package holds flags, configuration and
// wiring, and nothing else.
//
// Exit codes are the same for every subcommand: 0 done, 1 refused (or, for audit verify, tampered), 2 wrong usage or
// configuration, 3 unavailable.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/cmd/watchbell/config"
)

const (
	exitDone        = 0
	exitRefused     = 1
	exitUsage       = 2
	exitUnavailable = 3
)

// exitError ends the program with a code; what there was to say has been said.
type exitError struct{ code int }

func (e exitError) Error() string { return fmt.Sprintf("exit code %d", e.code) }

// cli are the subcommands and the flags they share.
type cli struct {
	LogFormat string `help:"How logs are written: text or json." enum:"text,json" default:"text"`
	LogLevel  string `help:"The least important line that is logged: debug, info, warn or error." enum:"debug,info,warn,error" default:"info"`

	Demo        demoCmd        `cmd:"" help:"Try Watchbell in the browser: nothing to install, people and services are made up."`
	Serve       serveCmd       `cmd:"" help:"Run Watchbell for real."`
	Do          doCmd          `cmd:"" help:"Run one command straight on the database, for scripts and for the day chat is down."`
	Config      configCmd      `cmd:"" help:"Print an example configuration, or check one."`
	Migrate     migrateCmd     `cmd:"" help:"Look at the database's schema, or bring it up to date."`
	Audit       auditCmd       `cmd:"" help:"Check the audit log."`
	Service     serviceCmd     `cmd:"" help:"Say whether the configuration or chat keeps a service."`
	Import      importCmd      `cmd:"" help:"Import holidays or shifts from a calendar file (.ics)."`
	Export      exportCmd      `cmd:"" help:"Write a record to a file."`
	Change      changeCmd      `cmd:"" help:"Let pipelines wait for a change, write evidence, test policies."`
	Login       loginCmd       `cmd:"" help:"Let somebody in on the web, or shut them out."`
	Token       tokenCmd       `cmd:"" help:"Tokens by which pipelines and calendars ask."`
	Jobs        jobsCmd        `cmd:"" help:"See the jobs that were given up, and run one again."`
	Slack       slackCmd       `cmd:"" help:"Install Watchbell in Slack."`
	Discord     discordCmd     `cmd:"" help:"Install Watchbell in Discord."`
	Doctor      doctorCmd      `cmd:"" help:"Look at the configuration, the database and the chat platforms, and say what is missing and how to fix it."`
	Healthcheck healthcheckCmd `cmd:"" help:"Ask a running server whether it is ready; for container health checks."`
	Version     versionCmd     `cmd:"" help:"Print the version."`
}

func main() {
	time.Local = time.UTC
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// streams are the program's standard streams, for the subcommands.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

// run is main without the process: it returns the exit code.
func run(args []string, in io.Reader, out, errOut io.Writer) int {
	fail := func(format string, a ...any) int {
		fmt.Fprintf(errOut, "watchbell: "+format+"\n", a...)
		return exitUsage
	}
	if zone := os.Getenv("TZ"); zone != "" {
		if _, err := value.Zone(strings.TrimPrefix(zone, ":")); err != nil {
			return fail("TZ: %v", err)
		}
	}
	if name := secretFlag(args); name != "" {
		return fail(
			"%s: secrets are not taken as flags, where everybody on the machine can read them. Set the environment variable, "+
				"or the one with _FILE that names a file.",
			name,
		)
	}
	var c cli
	exit := -1
	parser, err := kong.New(
		&c, kong.Name("watchbell"),
		kong.Description(
			"Watchbell runs incidents and changes in chat: declare, work and resolve; request, approve and carry out.",
		),
		kong.Writers(out, errOut), kong.Exit(func(code int) { exit = code }), kong.UsageOnError(),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, FlagsLast: true}),
		kong.BindTo(streams{in, out, errOut}, (*any)(nil)),
	)
	if err != nil {
		panic(err)
	}
	if len(args) > 0 && args[0] == "help" {
		args = append(args[1:], "--help")
	}
	if len(args) == 0 {
		_, _ = parser.Parse([]string{"--help"})
		return exitUsage
	}
	kctx, err := parser.Parse(args)
	if exit >= 0 {
		return exit
	}
	if err != nil {
		return fail("%v. For help: watchbell --help", err)
	}
	ctx, stop := signalContext()
	defer stop()
	kctx.BindTo(ctx, (*context.Context)(nil))
	return exitCode(kctx.Run(&c, streams{in, out, errOut}), errOut)
}

// signalContext ends at the first SIGTERM or interrupt; the second ends the process at once.
func signalContext() (context.Context, func()) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, syscall.SIGTERM, os.Interrupt)
	go func() {
		<-signals
		cancel()
		<-signals
		os.Exit(exitRefused)
	}()
	return ctx, func() { signal.Stop(signals); cancel() }
}

// exitCode says why a subcommand failed and maps it to the exit code.
func exitCode(err error, errOut io.Writer) int {
	var exit exitError
	var people *bot.Error
	var chain *bot.ChainError
	var record *bot.RecordError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &exit):
		return exit.code
	}
	fmt.Fprintf(errOut, "watchbell: %v\n", err)
	switch {
	case errors.As(err, &people):
		return map[bot.ErrorKind]int{
			bot.Invalid: exitUsage, bot.Conflict: exitUsage, bot.Unavailable: exitUnavailable,
		}[people.Kind] | refusedIf(
			people.Kind,
		)
	case errors.As(err, &chain), errors.As(err, &record):
		return exitRefused
	case config.IsError(err):
		return exitUsage
	}
	return exitUnavailable
}

func refusedIf(k bot.ErrorKind) int {
	if k == bot.Forbidden || k == bot.NotFound {
		return exitRefused
	}
	return 0
}

var secretWord = regexp.MustCompile(`(?i)^--?([a-z-]*(token|secret|password|database-url|dsn)[a-z-]*)`)

// secretFlag finds a flag that looks like a secret.
func secretFlag(args []string) string {
	for _, a := range args {
		if a == "--" {
			break
		}
		if m := secretWord.FindStringSubmatch(a); m != nil {
			return "--" + m[1]
		}
	}
	return ""
}
