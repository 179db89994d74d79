package slackfake

import (
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// A file comes in three steps: an address to send it to, its content, and the channel to share it with.

func (s *Server) uploadURL(c Call) (map[string]any, error) {
	size, err := strconv.Atoi(c.Args["length"])
	switch {
	case c.Args["filename"] == "" || err != nil || size <= 0:
		return nil, problem("invalid_arguments")
	case utf8.RuneCountInString(c.Args["alt_txt"]) > 1000:
		return nil, problem("alt_text_too_long")
	}
	f := &File{ID: s.id("F"), Name: c.Args["filename"], Alt: c.Args["alt_txt"], size: size}
	s.files[f.ID] = f
	return map[string]any{"upload_url": s.http.URL + "/upload/" + f.ID, "file_id": f.ID}, nil
}

// upload takes a file's content.
func (s *Server) upload(w http.ResponseWriter, r *http.Request) {
	part, _, err := r.FormFile("file")
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	data, err := io.ReadAll(io.LimitReader(part, 16<<20))
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.files[r.PathValue("id")]
	switch {
	case s.down:
		panic(http.ErrAbortHandler)
	case err != nil || f == nil || f.done || len(data) != f.size:
		http.Error(w, "upload refused", http.StatusBadRequest)
		return
	}
	f.Data = data
	_, _ = io.WriteString(w, "OK - "+strconv.Itoa(len(data)))
}

func (s *Server) share(c Call) (map[string]any, error) {
	var list []struct{ ID, Title string }
	if json.Unmarshal([]byte(c.Args["files"]), &list) != nil || len(list) != 1 {
		return nil, problem("invalid_arguments")
	}
	f := s.files[list[0].ID]
	if f == nil || f.Data == nil || f.done {
		return nil, problem("file_not_found")
	}
	channel, err := s.writable(c.Args["channel_id"])
	if err != nil {
		return nil, err
	}
	if !slices.Contains(channel.Members, botUser) { // chat:write.public is for messages alone
		return nil, problem("not_in_channel")
	}
	m := &Message{
		Channel: channel.ID, TS: s.ts(), Thread: c.Args["thread_ts"], User: botUser, Text: c.Args["initial_comment"],
		File: f,
	}
	if m.Thread != "" && s.message(channel.ID, m.Thread) == nil {
		return nil, problem("thread_not_found")
	}
	f.Title, f.done = list[0].Title, true
	s.messages[channel.ID] = append(s.messages[channel.ID], m)
	// As the real one: the answer knows nothing of the message.
	return map[string]any{"files": []map[string]any{{"id": f.ID, "title": f.Title}}}, nil
}

// attach is a file that somebody puts into a modal, as the submission has it: the fields of a file object that an app
// needs.
func (s *Server) attach(content string) map[string]any {
	f := &File{ID: s.id("F"), Name: "file.ics", Data: []byte(content), size: len(content), done: true}
	s.files[f.ID] = f
	return map[string]any{
		"id": f.ID, "name": f.Name, "size": f.size, "mimetype": "text/calendar",
		"url_private_download": s.http.URL + "/download/" + f.ID,
	}
}

// download hands a file out to whoever has a token with files:read.
func (s *Server) download(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.files[r.PathValue("id")]
	if f == nil || !strings.HasPrefix(r.Header.Get("Authorization"), "Bearer xoxb-") ||
		!slices.Contains(s.scopes(), "files:read") {
		http.Error(w, "no access", http.StatusForbidden)
		return
	}
	_, _ = w.Write(f.Data)
}
