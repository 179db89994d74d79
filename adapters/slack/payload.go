package slack

import (
	"strconv"
	"strings"
	"time"
)

// team is in every payload.
type team struct {
	ID           string `json:"id"`
	EnterpriseID string `json:"enterprise_id"`
}

// command is a slash command.
type command struct {
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

// interaction is a click, a submitted modal or a shortcut: those parts of Slack's payloads that we look at.
type interaction struct {
	Type        string `json:"type"`
	Callback    string `json:"callback_id"`
	Trigger     string `json:"trigger_id"`
	ResponseURL string `json:"response_url"`
	Team        *team  `json:"team"`
	Enterprise  *team  `json:"enterprise"`
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
	Message *message `json:"message"`
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
			Values map[string]map[string]input `json:"values"`
		} `json:"state"`
	} `json:"view"`
}

// message is a message in a channel, as shortcuts and reactions name it.
type message struct {
	TS     string `json:"ts"`
	Thread string `json:"thread_ts"`
	Text   string `json:"text"`
	User   string `json:"user"`
	Bot    string `json:"bot_id"`
}

// input is what an input of a modal holds.
type input struct {
	Type    string     `json:"type"`
	Value   string     `json:"value"`
	User    string     `json:"selected_user"`
	Moment  int64      `json:"selected_date_time"`
	Day     string     `json:"selected_date"`
	Option  *option    `json:"selected_option"`
	Options []option   `json:"selected_options"`
	Files   []attached `json:"files"`
}

type option struct {
	Value string `json:"value"`
}

// when is the time of a message, by its id.
func when(ts string) time.Time {
	seconds, micros, _ := strings.Cut(ts, ".")
	sec, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil {
		return time.Time{}
	}
	us, _ := strconv.ParseInt((micros + "000000")[:6], 10, 64)
	return time.Unix(sec, us*1000).UTC()
}
