package payload

import (
	"cmp"
	"encoding/json"
)

// Event is something that happened in a workspace: those parts of Slack's events that we look at.
type Event struct {
	Team           string    `json:"team_id"`
	ID             string    `json:"event_id"`
	Time           int64     `json:"event_time"`
	Event          Happening `json:"event"`
	Foreign        bool      `json:"is_ext_shared_channel"` // it happened in a channel that another organisation shares
	Authorizations []struct {
		Team       string `json:"team_id"`
		Enterprise string `json:"enterprise_id"`
	} `json:"authorizations"`
}

// Happening is what happened.
type Happening struct {
	Type        string          `json:"type"`
	Subtype     string          `json:"subtype"`
	User        json.RawMessage `json:"user"`        // an id, or in user_change all of the user
	UserTeam    string          `json:"user_team"`   // in shared channels, of messages
	SourceTeam  string          `json:"source_team"` // the same, where a message was written
	Bot         string          `json:"bot_id"`
	Channel     json.RawMessage `json:"channel"` // an id, or in channel_rename all of the channel
	ChannelType string          `json:"channel_type"`
	Text        string          `json:"text"`
	TS          string          `json:"ts"`
	Thread      string          `json:"thread_ts"`
	Reaction    string          `json:"reaction"`
	Tab         string          `json:"tab"`
	Item        struct {
		Type    string `json:"type"`
		Channel string `json:"channel"`
		TS      string `json:"ts"`
		Message struct {
			TS string `json:"ts"`
		} `json:"message"` // of a pin
	} `json:"item"`

	ChannelID string `json:"channel_id"` // of a pin or a file
	UserID    string `json:"user_id"`    // of a file
	FileID    string `json:"file_id"`

	MessageTS string `json:"message_ts"` // of links
	Source    string `json:"source"`
	Links     []struct {
		URL string `json:"url"`
	} `json:"links"`
}

// ID reads an id that some events give by itself and others inside of an object.
func ID(raw json.RawMessage) string {
	var id string
	if json.Unmarshal(raw, &id) == nil {
		return id
	}
	var object struct {
		ID string `json:"id"`
	}
	_ = json.Unmarshal(raw, &object)
	return object.ID
}

// Direct reports whether somebody talks with the bot alone.
func (in Happening) Direct() bool { return in.Type == "message" && in.ChannelType == "im" }

// Installed is the workspace, and the organisation if there is one, that an event was sent for. The event's own team is
// where it happened, which in a shared channel may be another company's workspace.
func (e *Event) Installed() (team, enterprise string) {
	if len(e.Authorizations) == 0 {
		return e.Team, ""
	}
	first := e.Authorizations[0]
	return cmp.Or(first.Team, e.Team), first.Enterprise
}

// Keeps reports whether an event is about something that may belong into a record: a message that was pinned, a file
// that was shared.
func (in Happening) Keeps() bool {
	switch in.Type {
	case "pin_added":
		return in.Item.Type == "message" && in.Item.Message.TS != ""
	case "file_shared":
		return in.FileID != "" && in.ChannelID != ""
	}
	return false
}
