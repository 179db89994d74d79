// Package payload reads what Slack sends: whether Slack signed it, and those parts of commands, interactions and events
// that we look at. It decides nothing.
package payload

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"
)

// Team is in every payload.
type Team struct {
	ID           string `json:"id"`
	EnterpriseID string `json:"enterprise_id"`
}

// Command is a slash command.
type Command struct {
	Team        string `json:"team_id"`
	Enterprise  string `json:"enterprise_id"`
	Channel     string `json:"channel_id"`
	User        string `json:"user_id"`
	Command     string `json:"command"`
	Text        string `json:"text"`
	ResponseURL string `json:"response_url"`
	Trigger     string `json:"trigger_id"`
	Check       string `json:"ssl_check,omitempty"` // Slack looks whether we are there, nothing else
}

// Interaction is a click, a submitted modal or a shortcut: those parts of Slack's payloads that we look at.
type Interaction struct {
	Type        string `json:"type"`
	Callback    string `json:"callback_id"`
	Trigger     string `json:"trigger_id"`
	ResponseURL string `json:"response_url"`
	Team        *Team  `json:"team"`
	Enterprise  *Team  `json:"enterprise"`
	User        struct {
		ID   string `json:"id"`
		Team string `json:"team_id"`
	} `json:"user"`
	Channel *struct {
		ID string `json:"id"`
	} `json:"channel"`
	Container struct {
		Type      string `json:"type"`
		Channel   string `json:"channel_id"`
		Thread    string `json:"thread_ts"`
		View      string `json:"view_id"`
		Ephemeral bool   `json:"is_ephemeral"`
	} `json:"container"`
	Message *Message `json:"message"`
	Block   string   `json:"block_id"` // of an input that asks for options,
	Words   string   `json:"value"`    // and what was typed into it
	Actions []struct {
		ID     string `json:"action_id"`
		Option *struct {
			Value string `json:"value"`
		} `json:"selected_option"`
		User string `json:"selected_user"`
	} `json:"actions"`
	View *struct {
		ID       string `json:"id"`
		Type     string `json:"type"`
		Metadata string `json:"private_metadata"`
		State    struct {
			Values map[string]map[string]Input `json:"values"`
		} `json:"state"`
	} `json:"view"`
}

// The callback ids of shortcuts, on messages and in the menu of the whole app; the command's name follows.
const (
	ShortcutPrefix = "shortcut:"
	GlobalPrefix   = "global:"
)

// Command is what a shortcut stands for, "" when it is none of ours.
func (in *Interaction) Command() string {
	if name, ok := strings.CutPrefix(in.Callback, ShortcutPrefix); ok {
		return name
	}
	name, _ := strings.CutPrefix(in.Callback, GlobalPrefix)
	if name == in.Callback {
		return ""
	}
	return name
}

// FirstInput is the name of the first input of the modal that an interaction is about, "" if it has none.
func FirstInput(interaction json.RawMessage) string {
	var in struct {
		View struct {
			Blocks []struct {
				Type string `json:"type"`
				ID   string `json:"block_id"`
			} `json:"blocks"`
		} `json:"view"`
	}
	_ = json.Unmarshal(interaction, &in)
	for _, b := range in.View.Blocks {
		if b.Type == "input" {
			return b.ID
		}
	}
	return ""
}

// Message is a message in a channel, as shortcuts and reactions name it.
type Message struct {
	TS     string `json:"ts"`
	Thread string `json:"thread_ts"`
	Text   string `json:"text"`
	User   string `json:"user"`
	Bot    string `json:"bot_id"`
}

// Input is what an input of a modal holds.
type Input struct {
	Type    string   `json:"type"`
	Value   string   `json:"value"`
	User    string   `json:"selected_user"`
	Moment  int64    `json:"selected_date_time"`
	Day     string   `json:"selected_date"`
	Option  *Option  `json:"selected_option"`
	Options []Option `json:"selected_options"`
	Files   []File   `json:"files"`
}

// Option is one choice of a menu.
type Option struct {
	Value string `json:"value"`
}

// File is a file that somebody put into a modal: its content has to be fetched. So says
// https://docs.slack.dev/reference/block-kit/block-elements/file-input-element
type File struct {
	Name string `json:"name"`
	Size int    `json:"size"`
	URL  string `json:"url_private_download"`
}

// When is the time of a message, by its id; the zero time if that is none.
func When(ts string) time.Time {
	seconds, micros, _ := strings.Cut(ts, ".")
	sec, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return time.Time{}
	}
	us, _ := strconv.ParseInt((micros + "000000")[:6], 10, 64)
	return time.Unix(sec, us*1000).UTC()
}
