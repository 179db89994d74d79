package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/watchbell/watchbell/storage"
	"github.com/watchbell/watchbell/storage/pgtest"
)

// result is what one run of the program printed and how it ended.
type result struct {
	code     int
	out, err string
}

func runCLI(t *testing.T, args ...string) result {
	t.Helper()
	var out, errOut bytes.Buffer
	code := run(args, strings.NewReader(""), &out, &errOut)
	return result{code, out.String(), errOut.String()}
}

// demoFolder is a data folder as the demo makes it.
func demoFolder(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	if err := (&demoCmd{Data: dir}).prepare(); err != nil {
		t.Fatal(err)
	}
	a, err := place{Data: dir, Config: configFile}.wire(context.Background(), appOptions{server: true})
	if err != nil {
		t.Fatal(err)
	}
	a.close()
	return dir
}

func TestDoTellsHowItEnded(t *testing.T) {
	dir := demoFolder(t)
	do := func(who, line string, more ...string) result {
		return runCLI(t, append([]string{"do", "--data", dir, "--as", who, line}, more...)...)
	}
	for _, c := range []struct {
		who, line string
		code      int
		want      string
	}{
		{"ana", "/incident list", exitDone, "No incident is open."},
		{
			"dan", "/incident declare Checkout returns 502 sev2 service=checkout", exitDone,
			"Declared INC-1 (SEV2): Checkout returns 502.",
		},
		{"ana", "/incident list", exitDone, "INC-1 · SEV2 · Investigating — Checkout returns 502"},
		{"gus", "/incident resolve INC-1 It is over I say", exitRefused, "You may not do this"},
		{"dan", "/incident show INC-9", exitRefused, "There is no incident INC-9."},
		{"dan", "/incident resolve", exitUsage, "Missing: summary. The command is: /incident resolve"},
		{"dan", "/incident crate", exitUsage, "Did you mean /incident create?"},
		{"nobody", "/incident list", exitRefused, "Watchbell does not know the account nobody on cli."},
		{"dan", "list", exitUsage, "Commands start with a slash."},
	} {
		if r := do(c.who, c.line); r.code != c.code || !strings.Contains(r.out+r.err, c.want) ||
			(c.code == exitDone) != (r.err == "") {
			t.Errorf("%s: %s: exit %d, want %d\n%s%s", c.who, c.line, r.code, c.code, r.out, r.err)
		}
	}
	first := do("dan", "/incident note INC-1 once", "--key", "k1")
	if second := do("dan", "/incident note INC-1 once", "--key", "k1"); second != first || first.code != exitDone {
		t.Errorf("the same key again: %+v, want %+v", second, first)
	}
	if r := runCLI(t, "audit", "verify", "--data", dir); r.code != exitDone ||
		!strings.Contains(r.out, "The audit log is whole: ") {
		t.Errorf("audit verify: %+v", r)
	}
	tamper(t, dir, "UPDATE audit SET actor = 'mia' WHERE seq = 2")
	if r := runCLI(t, "audit", "verify", "--data", dir); r.code != exitRefused ||
		!strings.Contains(r.err, "audit entry 2: was changed") {
		t.Errorf("audit verify of a tampered log: %+v", r)
	}
}

func tamper(t *testing.T, dir, sql string) {
	t.Helper()
	s, err := storage.Open(context.Background(), "sqlite:"+filepath.Join(dir, databaseFile), storage.Options{
		NoMigrate: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if _, err := s.SQL().Exec(sql); err != nil {
		t.Fatal(err)
	}
}

// query reads one value from the database of a folder.
func query(t *testing.T, dir string, to any, sql string) {
	t.Helper()
	s, err := storage.Open(context.Background(), "sqlite:"+filepath.Join(dir, databaseFile), storage.Options{
		NoMigrate: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	if err := s.SQL().QueryRow(sql).Scan(to); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func TestExport(t *testing.T) {
	dir := demoFolder(t)
	for _, line := range []string{
		"/incident declare Checkout returns 502 sev3", "/incident lead me INC-1",
		"/incident resolve INC-1 Rolled back release 42",
	} {
		if r := runCLI(t, "do", "--data", dir, "--as", "ana", line); r.code != exitDone {
			t.Fatalf("%s: %+v", line, r)
		}
	}
	if r := runCLI(t, "export", "incident", "inc-1", "--data", dir); r.code != exitDone ||
		!strings.Contains(r.out, "# INC-1: Checkout returns 502") {
		t.Errorf("md: %+v", r)
	}
	if r := runCLI(t, "export", "incident", "INC-1", "--format", "json", "--data", dir); r.code != exitDone ||
		!strings.Contains(r.out, `"hash"`) {
		t.Errorf("json: %+v", r)
	}
	file := filepath.Join(dir, "pm.md")
	if r := runCLI(t, "export", "incident", "INC-1", "-o", file, "--data", dir); r.code != exitDone {
		t.Fatalf("to a file: %+v", r)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	mine := strings.Replace(string(text), "_To be written._", "Mine.", 1)
	if err := os.WriteFile(file, []byte(mine), 0o600); err != nil {
		t.Fatal(err)
	}
	runCLI(t, "do", "--data", dir, "--as", "ana", "/incident followup INC-1 Add a disk alert")
	if r := runCLI(t, "export", "incident", "INC-1", "-o", file, "--data", dir); r.code != exitDone {
		t.Fatalf("again: %+v", r)
	}
	if text, err = os.ReadFile(file); err != nil || !strings.Contains(string(text), "Mine.") ||
		!strings.Contains(string(text), "Add a disk alert") {
		t.Errorf("exported again: %v\n%s", err, text)
	}
	for args, want := range map[string]string{
		"INC-7": "There is no incident INC-7.", "seven": `"seven" is not an incident's id.`,
	} {
		t.Run(args, func(t *testing.T) {
			if r := runCLI(t, "export", "incident", args, "--data", dir); r.code == exitDone || !strings.Contains(r.err, want) {
				t.Errorf("%s: %+v", args, r)
			}
		})
	}
}

func TestWrongUsage(t *testing.T) {
	dir := t.TempDir()
	broken := filepath.Join(dir, "broken.yaml")
	if err := os.WriteFile(broken, []byte("name: x\nincidnets:\n  channel: a\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	outdated := filepath.Join(dir, "outdated.yaml")
	if err := os.WriteFile(outdated, []byte("slack: {member-roles: [guest]}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"no arguments":          {nil, exitUsage, "Usage: watchbell <command>"},
		"help":                  {[]string{"help"}, exitDone, "Usage: watchbell <command>"},
		"help of one":           {[]string{"help", "do"}, exitDone, "Example: watchbell do --as ana"},
		"--help":                {[]string{"--help"}, exitDone, "Usage: watchbell <command>"},
		"unknown command":       {[]string{"serv"}, exitUsage, `did you mean one of "serve"`},
		"unknown flag":          {[]string{"demo", "--lisen=x"}, exitUsage, `did you mean "--listen"`},
		"listen without a port": {[]string{"demo", "--data", dir, "--listen", "abc"}, exitUsage, "Cannot listen on abc"},
		"port out of range": {
			[]string{"demo", "--data", dir, "--listen", "127.0.0.1:99999"}, exitUsage, "Cannot listen on 127.0.0.1:99999",
		},
		"listen to the world": {
			[]string{"demo", "--data", dir, "--listen", "0.0.0.0:0"}, exitUsage, "listens on loopback addresses only",
		},
		"secret as a flag": {
			[]string{"serve", "--database-url=postgres://u:p@h/d"}, exitUsage, "secrets are not taken as flags",
		},
		"config missing":     {[]string{"config", "check", filepath.Join(dir, "none.yaml")}, exitUsage, "none.yaml"},
		"config is a folder": {[]string{"config", "check", dir}, exitUsage, "this is a directory, not a file"},
		"config with a typo": {
			[]string{"config", "check", broken}, exitUsage,
			`broken.yaml:2:1: unknown key "incidnets". Did you mean "incidents"?`,
		},
		"config with an old name": {
			[]string{"config", "check", outdated}, exitDone,
			"outdated.yaml: slack.member-roles on line 1 is an old name: it holds for every chat platform. It still counts.",
		},
		"config is a pipe": {
			[]string{"config", "check", namedPipe(t)}, exitUsage, "this is a pipe or a device, not a file",
		},
		"config is a device": {
			[]string{"config", "check", "/dev/zero"}, exitUsage, "this is a pipe or a device, not a file",
		},
		"serve with a typo": {[]string{"serve", "--config", broken}, exitUsage, "Did you mean"},
		"do without who":    {[]string{"do", "/incident list"}, exitUsage, "--as"},
		"bad log format":    {[]string{"--log-format", "xml", "version"}, exitUsage, "text"},
		"healthcheck of nothing": {
			[]string{"healthcheck", "--url", "http://127.0.0.1:1/readyz"}, exitUnavailable, "The server does not answer",
		},
		"audit of nothing": {
			[]string{"audit", "verify", "--data", filepath.Join(dir, "nowhere")}, exitUsage, "There is no database",
		},
		"version":        {[]string{"version"}, exitDone, "watchbell "},
		"config example": {[]string{"config", "example"}, exitDone, "people:"},
	} {
		t.Run(name, func(t *testing.T) {
			r := runCLI(t, c.args...)
			if r.code != c.code || !strings.Contains(r.out+r.err, c.want) {
				t.Errorf("%s: exit %d, want %d\n%s%s", name, r.code, c.code, r.out, r.err)
			}
			if strings.Contains(r.out+r.err, "u:p@h") {
				t.Errorf("%s shows a secret", name)
			}
		})
	}
}

func namedPipe(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pipe.yaml")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDoctorSaysWhatHelpsADatabase(t *testing.T) {
	whole, err := os.ReadFile(filepath.Join(demoFolder(t), databaseFile))
	if err != nil {
		t.Fatal(err)
	}
	const start, restore = "start the server once", "put a backup in the place of the file"
	for name, c := range map[string]struct {
		file       []byte
		want, not  string
		wantedCode int
	}{
		"whole":            {whole, "its schema is current", "FIX", exitDone},
		"missing":          {nil, start, restore, exitRefused},
		"a page lost":      {slices.Concat(whole[:8192], make([]byte, 4096), whole[12288:]), restore, start, exitRefused},
		"the end cut off":  {whole[:len(whole)/3], restore, start, exitRefused},
		"the schema lost":  {slices.Concat(whole[:100], make([]byte, 3996), whole[4096:]), restore, start, exitRefused},
		"overwritten":      {bytes.Repeat([]byte("x"), 5000), restore, start, exitRefused},
		"a file of a text": {[]byte("hello"), restore, start, exitRefused},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), databaseFile)
			if c.file != nil {
				if err := os.WriteFile(path, c.file, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			t.Setenv("DATABASE_URL", "sqlite:"+path)
			r := runCLI(t, "doctor")
			if r.code != c.wantedCode || !strings.Contains(r.out, c.want) || strings.Contains(r.out, c.not) {
				t.Errorf("exit %d: %s%s", r.code, r.out, r.err)
			}
		})
	}
}

func TestEnvironment(t *testing.T) {
	for name, c := range map[string]struct {
		env  map[string]string
		code int
		want string
	}{
		"zone unknown": {map[string]string{"TZ": "Nowhere/X"}, exitUsage, "TZ: "},
		"database unknown": {
			map[string]string{"DATABASE_URL": "mysql://u:hidden@h/d"}, exitUsage,
			"DATABASE_URL begins with mysql:, which Watchbell does not support.",
		},
		"database unreachable": {
			map[string]string{"DATABASE_URL": "postgres://u:hidden@127.0.0.1:1/d"}, exitUnavailable,
			"that DATABASE_URL names: it does not answer",
		},
		"database of no kind": {
			map[string]string{"DATABASE_URL": "foo"}, exitUsage, "DATABASE_URL begins with neither postgres:// nor sqlite:",
		},
		"database half hidden": {
			map[string]string{"DATABASE_URL": "postgres://u:hid/hidden@h/d"}, exitUsage,
			"DATABASE_URL is not a valid PostgreSQL address.",
		},
		"folder missing": {
			map[string]string{"DATABASE_URL": "sqlite:/no/such/folder/watchbell.db"}, exitUsage,
			"There is no database /no/such/folder/watchbell.db",
		},
		"file missing": {
			map[string]string{"DATABASE_URL": "sqlite:none.db"}, exitUsage, "There is no database none.db",
		},
		"database empty":       {map[string]string{"DATABASE_URL": ""}, exitUsage, "DATABASE_URL"},
		"database placeholder": {map[string]string{"DATABASE_URL": "changeme"}, exitUsage, "DATABASE_URL"},
		"both given": {
			map[string]string{"DATABASE_URL": "sqlite:a.db", "DATABASE_URL_FILE": "b"}, exitUsage, "DATABASE_URL_FILE",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			for k, v := range c.env {
				t.Setenv(k, v)
			}
			r := runCLI(t, "migrate", "status")
			if r.code != c.code || !strings.Contains(r.err, c.want) || strings.Contains(r.err, "hidden") {
				t.Errorf("exit %d, want %d: %s", r.code, c.code, r.err)
			}
		})
	}
}

func TestPostgresErrors(t *testing.T) {
	url := pgtest.URL(t)
	t.Setenv("DATABASE_URL", strings.Replace(url, "/wb_", "/no_such_", 1))
	if r := runCLI(t, "migrate", "up"); r.code != exitUsage ||
		!strings.Contains(r.err, "the database does not exist; create it with createdb") {
		t.Errorf("missing database: %+v", r)
	}
	t.Setenv("DATABASE_URL", url)
	if r := runCLI(t, "migrate", "status"); r.code != exitDone || !strings.Contains(r.out, "pending") {
		t.Errorf("status before: %+v", r)
	}
	for range 2 {
		if r := runCLI(t, "migrate", "up"); r.code != exitDone || !strings.Contains(r.out, "The schema is up to date") {
			t.Errorf("up: %+v", r)
		}
	}
	if r := runCLI(t, "migrate", "status"); r.code != exitDone || strings.Contains(r.out, "pending") {
		t.Errorf("status after: %+v", r)
	}
}

func TestASecondServerIsRefusedAtOnce(t *testing.T) {
	dir := demoFolder(t)
	first, err := storage.Open(context.Background(), "sqlite:"+filepath.Join(dir, databaseFile), storage.Options{
		Server: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = first.Close() }()
	start := time.Now()
	r := runCLI(t, "demo", "--data", dir)
	if r.code != exitUsage || !strings.Contains(r.err, "Another Watchbell server already uses") ||
		time.Since(start) > 2*time.Second {
		t.Errorf("%+v after %s", r, time.Since(start))
	}
	if r := runCLI(t, "demo", "--data", dir, "--reset", "--yes"); r.code != exitUsage ||
		!strings.Contains(r.err, "Another Watchbell server") {
		t.Errorf("reset under a running server: %+v", r)
	}
	if r := runCLI(t, "do", "--data", dir, "--as", "ana", "/incident list"); r.code != exitDone {
		t.Errorf("do beside a server: %+v", r)
	}
}

func TestResetAsks(t *testing.T) {
	dir := demoFolder(t)
	runCLI(t, "do", "--data", dir, "--as", "ana", "/incident declare Something is wrong here")
	var out, errOut bytes.Buffer
	if code := run(
		[]string{"demo", "--data", dir, "--reset"}, strings.NewReader("n\n"), &out, &errOut,
	); code != exitRefused || !strings.Contains(
		out.String(), "Nothing was deleted.",
	) {
		t.Errorf("exit %d: %s%s", code, &out, &errOut)
	}
	if r := runCLI(t, "do", "--data", dir, "--as", "ana", "/incident show INC-1"); r.code != exitDone {
		t.Errorf("after saying no: %+v", r)
	}
	if err := (&demoCmd{Data: dir, Yes: true}).reset(
		streams{in: strings.NewReader(""), out: &out, err: &errOut},
	); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, databaseFile)); !os.IsNotExist(err) {
		t.Errorf("after the reset: %v", err)
	}
}

func TestSlackOnTheCommandLine(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("DATABASE_URL", "sqlite:"+filepath.Join(dir, "watchbell.db"))
	for want, env := range map[string]map[string]string{
		"SLACK_BOT_TOKEN is not a bot token: it has to begin with xoxb-": {
			"SLACK_BOT_TOKEN": "xoxp-user-token", "SLACK_APP_TOKEN": "xapp-1-abcdefgh",
		},
		"SLACK_APP_TOKEN is not an app-level token: it has to begin with xapp-": {
			"SLACK_BOT_TOKEN": "xoxb-1-abcdefgh", "SLACK_APP_TOKEN": "xoxb-1-abcdefgh",
		},
		"For Socket Mode set SLACK_APP_TOKEN (xapp-…)": {"SLACK_BOT_TOKEN": "xoxb-1-abcdefgh", "SLACK_APP_TOKEN": ""},
	} {
		t.Run(want, func(t *testing.T) {
			for name, value := range env {
				if value != "" {
					t.Setenv(name, value)
				}
			}
			if r := runCLI(t, "serve"); r.code != exitUsage || !strings.Contains(r.err, want) ||
				strings.Contains(r.err, "user-token") {
				t.Errorf("%d %s", r.code, r.err)
			}
		})
	}
	if r := runCLI(t, "slack", "manifest"); r.code != exitDone ||
		!strings.Contains(r.out, `"socket_mode_enabled": true`) || !strings.Contains(r.out, `"command": "/incident"`) {
		t.Errorf("%d %s", r.code, r.out)
	}
	for _, n := range demoApp(t).bot.Tree().Nouns() {
		if r := runCLI(t, "slack", "manifest"); !strings.Contains(r.out, `"command": "/`+n.Name+`"`) {
			t.Errorf("the manifest lacks /%s", n.Name)
		}
	}
	// people may write to the bot, also after a channel became private
	for _, want := range []string{`"messages_tab_read_only_enabled": false`, `"groups:write"`} {
		if r := runCLI(t, "slack", "manifest"); !strings.Contains(r.out, want) {
			t.Errorf("the manifest lacks %s: %s", want, r.out)
		}
	}
	if r := runCLI(t, "slack", "manifest", "--http", "https://watchbell.example.com/"); r.code != exitDone ||
		!strings.Contains(r.out, `"https://watchbell.example.com/slack/events"`) {
		t.Errorf("%d %s", r.code, r.out)
	}
	if dir := os.Getenv("WATCHBELL_PAYLOADS"); dir != "" { // to be checked against Slack's own schema
		for name, args := range map[string][]string{
			"slack-manifest.json":      {"slack", "manifest"},
			"http.slack-manifest.json": {"slack", "manifest", "--http", "https://watchbell.example.com"},
		} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(runCLI(t, args...).out), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if r := runCLI(t, "slack", "manifest", "--http", "ftp://x"); r.code != exitUsage ||
		!strings.Contains(r.err, "like https://watchbell.example.com") {
		t.Errorf("%d %s", r.code, r.err)
	}
	if r := runCLI(t, "slack", "scopes"); r.code != exitDone || !strings.Contains(r.out, "pins:write") {
		t.Errorf("%d %s", r.code, r.out)
	}
	t.Setenv("DATABASE_URL", "sqlite:"+filepath.Join(dir, "none", "watchbell.db"))
	if r := runCLI(t, "doctor"); r.code != exitRefused ||
		!strings.Contains(r.out, "FIX the database: There is no database") {
		t.Errorf("%d %s%s", r.code, r.out, r.err)
	}
	t.Setenv("DATABASE_URL", "sqlite:"+filepath.Join(dir, "watchbell.db"))
	t.Setenv("WATCHBELL_LIMITS", "")
	if r := runCLI(t, "doctor"); r.code != exitRefused || !strings.Contains(r.out, "FIX nobody can reach this server") ||
		!strings.Contains(r.out, "Slack is not configured") ||
		!strings.Contains(r.out, "declare 5 incidents at once and 6 a minute") {
		t.Errorf("%d %s%s", r.code, r.out, r.err)
	}
	for value, want := range map[string]string{
		"off": "FIX the limits per person are off (WATCHBELL_LIMITS=off)", "no": `WATCHBELL_LIMITS: "no" is not understood`,
	} {
		t.Run(value, func(t *testing.T) {
			t.Setenv("WATCHBELL_LIMITS", value)
			if r := runCLI(t, "doctor"); r.code != exitRefused || !strings.Contains(r.out, want) {
				t.Errorf("%s: %d %s%s", value, r.code, r.out, r.err)
			}
		})
	}
}
