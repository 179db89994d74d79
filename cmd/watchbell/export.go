package main

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/cmd/watchbell/config"
	"github.com/watchbell/watchbell/commands/incident"
)

func incidentID(raw string) (string, error) {
	id := strings.ToUpper(strings.TrimSpace(raw))
	if _, ok := incident.ParseID(id); !ok {
		return "", bot.Errorf(bot.Invalid, "%q is not an incident's id. Write INC-1", raw)
	}
	return id, nil
}

// record is an incident as it is exported to JSON: the record, its timeline, and its entries of the audit log with
// their hashes.
type record struct {
	ID       string             `json:"id"`
	Exported time.Time          `json:"exported"`
	Incident *incident.Incident `json:"incident"`
	Timeline []incident.Entry   `json:"timeline"`
	Audit    []bot.Audit        `json:"audit"`
}

func (a *app) exportIncident(ctx context.Context, id, format string) (string, error) {
	if format == "md" {
		return a.incidents.Document(ctx, id)
	}
	inc, err := a.store.Incidents().Get(ctx, id)
	if errors.Is(err, bot.ErrNoSuch) {
		return "", bot.Errorf(bot.NotFound, "There is no incident %s.", id)
	}
	if err != nil {
		return "", err
	}
	r := record{ID: id, Exported: bot.SystemClock{}.Now(), Incident: inc}
	if r.Timeline, err = a.store.Incidents().Timeline(ctx, id, 0); err != nil {
		return "", err
	}
	if r.Audit, err = a.store.AuditOf(ctx, id); err != nil {
		return "", err
	}
	data, err := json.MarshalIndent(r, "", "  ")
	return string(data) + "\n", err
}

// writeFile replaces a file as a whole or not at all.
// maxNamedFile is more than any file that people write by hand needs.
const maxNamedFile = 4 << 20

// readNamed reads a file that somebody named.
func readNamed(path string) ([]byte, error) { return config.ReadFile(path, maxNamedFile) }

// olderText is what is in the file that is about to be written, if it is there.
func olderText(path string) ([]byte, error) {
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return readNamed(path)
}

func writeFile(path, text string) error {
	tmp := path + ".tmp"
	if err := os.WriteFile(tmp, []byte(text), 0o644); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}
