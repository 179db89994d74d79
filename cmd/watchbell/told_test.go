package main

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/watchbell/watchbell/adapters/notify/notifytest"
	"github.com/watchbell/watchbell/bot"
)

// The program as it is wired: a page goes out by mail, and the link in it answers the page without signing in.
func TestALinkInAMailAnswersThePage(t *testing.T) {
	mail := notifytest.New(t).MailServer()
	mail.Plain.Store(true) // its certificate is signed by nobody whom the program trusts
	dir := t.TempDir()
	text := "web: {url: 'https://bell.example.com'}\nmail: {server: '" + mail.Address + "', from: bell@example.com}\n" +
		"people:\n- {id: ana, name: Ana Ruiz, roles: [responder]}\n- {id: ben, name: Ben Okafor, roles: [responder]}\n"
	if err := os.WriteFile(filepath.Join(dir, configFile), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := place{Data: dir, Config: configFile}.wire(t.Context(), appOptions{
		server: true, log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer a.close()
	due := func() {
		t.Helper()
		if _, err := a.bot.RunDue(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	does := func(who, line string) string {
		t.Helper()
		status, answer := tell(t, a, who, line)
		if status != bot.Done {
			t.Fatalf("%s: %s\n%s: %s", who, line, status, answer)
		}
		due()
		return answer
	}
	does("ana", `/oncall new primary people=@ana,@ben handover="mon 09:00"`)
	does("ana", "/ops notify add ana@example.com")
	does("ben", "/oncall page primary Checkout is down")
	letters := mail.Letters()
	if len(letters) != 1 {
		t.Fatalf("%d letters", len(letters))
	}
	words := strings.ReplaceAll(letters[0].Data, "=\r\n", "")
	path := regexp.MustCompile(`https://bell\.example\.com(/bell/[-_.A-Za-z0-9]+)`).FindStringSubmatch(words)
	if path == nil {
		t.Fatalf("no link in %s", words)
	}
	ask := func(method string) string {
		t.Helper()
		got := httptest.NewRecorder()
		a.chat.Handler().ServeHTTP(got, httptest.NewRequestWithContext(t.Context(), method, "https://bell.example.com"+path[1], nil))
		body, err := io.ReadAll(got.Body)
		if err != nil || got.Code != http.StatusOK {
			t.Fatalf("%d %s %v", got.Code, body, err)
		}
		due()
		return string(body)
	}
	if page := ask(http.MethodGet); !strings.Contains(page, "Acknowledge") || !strings.Contains(page, "Ana Ruiz") {
		t.Error(page)
	}
	if page := ask(http.MethodPost); !strings.Contains(page, "You have PAGE-1") {
		t.Error(page)
	}
	if page := ask(http.MethodGet); !strings.Contains(page, "Ana Ruiz has answered PAGE-1.") {
		t.Error(page)
	}
}
