package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// registertest runs whole registers, so it sees what tests see.
const registertest = "commands/register/registertest"

const module = "github.com/watchbell/watchbell/"

// rooms are the packages of one house in the order in which they build on each other: each may import those before it.
// "" is the house's own.
var rooms = map[string][]string{
	"commands/change":   {"policy", "receipt", "plan", "", "view", "rulebook", "evidence", "register", "control"},
	"commands/incident": {"", "view", "response"},
	"commands/due":      {"ladder", ""},
	"commands/register": {
		"field", "record", "record/recordtest", "sheet", "desk", "approval", "book", "intake", "",
		"supplier", "vendor", "contract/term", "contract", "risk/matrix", "risk/board", "risk", "service/item",
		"service/impact", "service/backstage", "service", "registertest",
	},
	"commands/report": {"figures", "chart", "digest", "timetable", "meeting", ""},
	"adapters/api":    {"said", "mcp", ""},
	"adapters/web": {
		"markup", "bell", "console", "login/attempt", "login/oidc", "login/oidc/oidctest", "login/passkey", "login/passkey/passkeytest",
		"login", "", "webtest",
	},
	"adapters/slack":   {"payload", "block", "webapi", "directory", "", "slackfake"},
	"adapters/discord": {"payload", "look", "look/looktest", "command", "rest", "directory", "", "discordfake"},
	"adapters/notify":  {"", "notifytest"},
	"cmd/watchbell":    {"config", "gate", "demo", ""},
	"storage": {
		"commit", "database", "record", "people", "login", "queue", "incident", "oncall", "chat", "change", "report", "due",
		"register", "notify",
		"", "pgtest", "storagetest",
	},
}

// core says which packages of the core each of them builds on.
var core = map[string][]string{
	"bot":          {"bot/value"},
	"bot/ask":      {"bot", "bot/value"},
	"bot/token":    {"bot"},
	"bot/access":   {"bot", "bot/value"},
	"bot/pace":     {},
	"bot/engine":   {"bot", "bot/value", "bot/ask", "bot/token", "bot/pace", "bot/access"},
	"bot/calendar": {"bot/value"},
	"bot/yamlfile": {"bot/value"},
}

// withinHouse reports whether both packages are rooms of one house, and whether the arrow between them goes the right
// way.
func withinHouse(from, to string) (both, right bool) {
	for house, order := range rooms {
		room := func(path string) int {
			if path == house {
				return slices.Index(order, "")
			}
			name, ok := strings.CutPrefix(path, house+"/")
			if !ok {
				return -2 // of another house
			}
			return slices.Index(order, name)
		}
		if a, b := room(from), room(to); a > -2 && b > -2 {
			return true, b >= 0 && b < a
		}
	}
	return false, false
}

// mayImport says which of our packages a package may import. The arrows: adapters and commands use bot, storage
// implements what they all ask for, cmd wires everything, and bot knows nobody.
func mayImport(from, to string) bool {
	under := func(path string, roots ...string) bool {
		for _, r := range roots {
			if path == r || strings.HasPrefix(path, r+"/") {
				return true
			}
		}
		return false
	}
	if both, right := withinHouse(from, to); both {
		return right
	}
	switch {
	case under(from, "cmd"):
		return true
	case under(from, "bot") && from != "bot/bottest":
		return slices.Contains(core[from], to)
	case from == "bot/bottest":
		return under(to, "bot")
	case under(to, "bot/bottest", "storage/storagetest", "storage/pgtest"):
		return from == "storage/storagetest" || from == registertest
	case from == registertest:
		return under(to, "bot", "storage")
	case under(from, "commands", "adapters"):
		parts := strings.SplitN(from, "/", 3)
		return under(to, "bot", parts[0]+"/"+parts[1])
	case under(from, "storage"):
		return under(to, "bot", "commands", "adapters", "storage")
	}
	return false
}

func TestArrows(t *testing.T) {
	root := filepath.Join("..", "..")
	files := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		files++
		rel, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range parsed.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			to, ours := strings.CutPrefix(name, module)
			if ours && !mayImport(filepath.ToSlash(rel), to) {
				t.Errorf("%s imports %s", path, to)
			}
			if strings.HasPrefix(rel, "bot") &&
				(strings.Contains(name, "slack") || strings.Contains(name, "discord") || strings.Contains(name, "gorm")) {
				t.Errorf("%s imports %s: the core knows no platform and no database", path, name)
			}
		}
		return nil
	})
	if err != nil || files < 20 {
		t.Errorf("%d files: %v", files, err)
	}
}

// The test of the arrows would be worth nothing if it let everything through.
func TestArrowsRefuse(t *testing.T) {
	for _, c := range [][2]string{
		{"bot", "storage"}, {"bot", "commands/incident"}, {"commands/incident", "commands/change"},
		{"commands/incident", "storage"},
		{"adapters/web", "adapters/slack"}, {"adapters/web", "commands/incident"}, {"storage", "cmd/watchbell"},
		{"bot", "bot/bottest"}, {"storage", "bot/bottest"},
		{"commands/change/policy", "commands/change"}, {"commands/change/view", "commands/change/control"},
		{"commands/report/digest", "commands/report"}, {"commands/account", "commands/change"},
		{"bot/engine", "commands/account"},
		{"bot/yamlfile", "bot"}, {"commands/change/rulebook", "commands/change/control"},
		{"commands/change/unheard-of", "commands/change"}, {"storage/commit", "storage"}, {"storage", "storage/pgtest"},
		{"storage/database", "storage/incident"}, {"storage/incident", "storage/change"},
		{"storage/change", "storage/report"}, {"storage/people", "storage"},
		{"cmd/watchbell/gate", "cmd/watchbell"}, {"cmd/watchbell/config", "cmd/watchbell/gate"},
	} {
		t.Run(c[0]+" to "+c[1], func(t *testing.T) {
			if mayImport(c[0], c[1]) {
				t.Errorf("%s may import %s", c[0], c[1])
			}
		})
	}
}
