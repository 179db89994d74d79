package main

import (
	"bytes"
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/storage"
)

// An id of the configuration that belongs to somebody whom a chat enrolled is told at start and by doctor, and nothing
// goes to the other one: no role, no group, no service.
func TestATakenIDIsTold(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, configFile)
	text := "people:\n  - {id: user2, name: The Configured, roles: [approver, admin]}\n  - {id: ana, name: Ana Ruiz, " +
		"roles: [incident-lead]}\n" +
		"groups: {sre: [user2, ana]}\nservices:\n  - {id: web, name: Web shop, owners: [user2, sre]}\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := storage.Open(context.Background(), "sqlite:"+filepath.Join(dir, databaseFile), storage.Options{})
	if err != nil {
		t.Fatal(err)
	}
	// As versions before this one enrolled people.
	for _, sql := range []string{
		"INSERT INTO people (id, name, email, zone, roles, active, enrolled) VALUES ('user2', 'user2', '', '', " +
			"'responder', true, true)",
		"INSERT INTO accounts (platform, workspace, user_id, person, enrolled) VALUES ('slack', 'T1', 'U7', 'user2', true)",
	} {
		if _, err := s.SQL().Exec(sql); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	a, err := place{Data: dir, Config: configFile}.wire(t.Context(), appOptions{
		server: true, log: slog.New(slog.NewTextHandler(&log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer a.close()
	if !strings.Contains(log.String(), "an id of the configuration is taken") || !strings.Contains(log.String(), "user2") {
		t.Errorf("the start tells nothing: %s", log.String())
	}
	p, err := a.store.Identify(t.Context(), bot.Account{Platform: "slack", Workspace: "T1", User: "U7"})
	if err != nil || p.Has("admin") || p.Name != "user2" || len(p.Groups) > 0 {
		t.Errorf("the enrolled one: %+v %v", p, err)
	}
	if owners := a.config.Services[0].Owners; strings.Join(owners, " ") != "sre" ||
		strings.Join(a.config.Groups["sre"], " ") != "ana" {
		t.Errorf("owners %v, group %v", owners, a.config.Groups["sre"])
	}
	if r := runCLI(t, "doctor", "--data", dir); !strings.Contains(
		r.out, `FIX the configuration gives the id "user2" to somebody`,
	) {
		t.Errorf("%s%s", r.out, r.err)
	}
}
