package main

import (
	"context"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/storage/pgtest"
)

var linkCode = regexp.MustCompile(`[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}`)

// Dan is known in the web chat. In Slack he is a stranger until he types the code that he made in the browser; when he
// takes the account away again, nobody acts by it.
func TestSlackAccountIsLinkedFromTheBrowser(t *testing.T) {
	t.Parallel()
	t.Run("socket", func(t *testing.T) {
		t.Parallel()
		linkFromTheBrowser(t, newWorkspace(t, false, "sqlite:"+filepath.Join(t.TempDir(), "watchbell.db")))
	})
	t.Run("http", func(t *testing.T) { t.Parallel(); linkFromTheBrowser(t, newWorkspace(t, true, pgtest.URL(t))) })
}

func linkFromTheBrowser(t *testing.T, w *workspace) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	ops := func(text, answer string) {
		t.Helper()
		if _, err := w.fake.Command("U0FAY", w.general, w.key(), "/ops", text); err != nil {
			t.Fatal(err)
		}
		w.sees(w.general, "U0FAY", answer)
	}
	dan := w.browser("dan")
	s := w.open()
	dan.channel = w.channelID(s, "incidents")
	says := func(id, text string) string {
		t.Helper()
		said, err := dan.do(ctx, id, text)
		if err != nil || said.Error != "" {
			t.Fatalf("%s: %+v %v", text, said, err)
		}
		return said.Post.HTML
	}
	ops("me", "You are Fay Lin")
	code := linkCode.FindString(says("aaaaaaaa-1", "/ops me link"))
	if code == "" {
		t.Fatal("no code")
	}
	ops("me link "+strings.ToLower(code), "is an account of")
	ops("me", "You are Dan Weber")
	page := says("aaaaaaaa-2", "/ops me")
	if !strings.Contains(page, "slack/T0FAKE/U0FAY") || !strings.Contains(page, "linked") {
		t.Error(page)
	}
	w.until("Dan is told in the web chat", func() bool {
		var n int
		err := s.SQL().QueryRow("SELECT count(*) FROM chat_posts WHERE message LIKE '%If this was not you%'").Scan(&n)
		return err == nil && n == 1
	})
	var kept int
	if err := s.SQL().QueryRow(
		"SELECT count(*) FROM chat_posts WHERE message LIKE '%" + code + "%'",
	).Scan(&kept); err != nil || kept > 0 {
		t.Errorf("the code is kept in %d posts: %v", kept, err)
	}
	says("aaaaaaaa-3", "/ops me unlink slack")
	ops("me link "+code, "deactivated")
	out, exit := w.do("dan", "/ops me")
	if exit != exitDone || !strings.Contains(out, "You are Dan Weber") || strings.Contains(out, "U0FAY") {
		t.Errorf("in a terminal: %d %s", exit, out)
	}
}
