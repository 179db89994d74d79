package notify

import (
	"errors"
	"net/url"
	"regexp"
	"strings"

	"github.com/watchbell/watchbell/bot"
)

// service is one way to tell somebody something.
type service struct {
	name    string
	scheme  string
	host    string   // where all of its addresses lead; "" where the address names the host
	query   []string // keys that an address may have; * is any
	example string
	// read checks the rest of an address and says how it is shown again.
	read func(u *url.URL) (label string, err error)
	send func(c *client, u *url.URL, n bot.Note) error
}

// services are all that are offered. Never a general webhook, a log, or a mail server of one's own: with these, whoever
// gives an address would decide where we connect to and what we say there.
var services = []service{
	{
		name: "ntfy", scheme: "ntfy", example: "ntfy://ntfy.sh/my-secret-topic",
		read: func(u *url.URL) (string, error) {
			topic, ok := segments(u, 1)
			if !ok || !topicForm.MatchString(topic[0]) {
				return "", errors.New("its topic has to be one word of letters, digits, hyphens and underscores")
			}
			return u.Host + "/" + masked(topic[0]), nil
		},
		send: sendNtfy,
	},
	{
		name: "pushover", scheme: "pushover", host: "api.pushover.net", query: []string{"devices"},
		example: "pushover://shoutrrr:APITOKEN@USERKEY/",
		read: func(u *url.URL) (string, error) {
			token, _ := u.User.Password()
			if !keyForm.MatchString(token) || !keyForm.MatchString(u.Host) {
				return "", errors.New("it needs the token of your application and your user key")
			}
			return "user " + masked(u.Host), nil
		},
		send: sendPushover,
	},
	{
		name: "gotify", scheme: "gotify", example: "gotify://gotify.example.com/AbCdEfGhIjKlMnO",
		read: func(u *url.URL) (string, error) {
			if token, ok := segments(u, 1); !ok || u.User != nil || !gotifyForm.MatchString(token[0]) {
				return "", errors.New("it needs the token of an application, which is its last part")
			}
			return u.Host, nil
		},
		send: sendGotify,
	},
	{
		name: "telegram", scheme: "telegram", host: "api.telegram.org", query: []string{"chats"},
		example: "telegram://123456789:AAbbCCddEEffGGhhIIjjKKllMMnnOOppQQr@telegram?chats=987654321",
		read: func(u *url.URL) (string, error) {
			chats := chatsOf(u)
			if u.Host != "telegram" || !botForm.MatchString(botOf(u)) || len(chats) == 0 || len(chats) > 5 {
				return "", errors.New("it needs the token of a bot and one to five chats")
			}
			for _, chat := range chats {
				if !chatForm.MatchString(chat) {
					return "", errors.New("a chat is a number, or @ and the name of a channel")
				}
			}
			return "chat " + masked(chats[0]), nil
		},
		send: sendTelegram,
	},
	{
		name: "teams", scheme: "https", query: []string{"*"},
		example: "https://prod-12.westeurope.logic.azure.com/workflows/… as Workflows in Teams shows it",
		read: func(u *url.URL) (string, error) {
			if !covers("*.logic.azure.com", u.Hostname()+":443") && !covers("*.api.powerplatform.com", u.Hostname()+":443") ||
				u.User != nil || !strings.Contains(u.Path, "/workflows/") || u.Query().Get("sig") == "" {
				return "", errors.New("it is not the address of a workflow that posts to Teams when a webhook request comes")
			}
			return "workflow at " + u.Hostname(), nil
		},
		send: sendTeams,
	},
	{
		name: "mattermost", scheme: "mattermost", example: "mattermost://chat.example.com/abcdefghijklmnopqrstuvwxyz",
		read: func(u *url.URL) (string, error) {
			if token, ok := segments(u, 1); !ok || u.User != nil || !keyForm.MatchString(token[0]) {
				return "", errors.New("it needs the key of an incoming webhook, which is its last part")
			}
			return u.Host, nil
		},
		send: sendMattermost,
	},
	{
		name: "rocketchat", scheme: "rocketchat", example: "rocketchat://chat.example.com/TOKENA/TOKENB",
		read: func(u *url.URL) (string, error) {
			if _, ok := segments(u, 2); !ok || u.User != nil {
				return "", errors.New("it needs the two parts of an incoming webhook's token")
			}
			return u.Host, nil
		},
		send: sendRocketchat,
	},
}

var (
	topicForm = regexp.MustCompile(`^[-_A-Za-z0-9]{1,64}$`)
	keyForm   = regexp.MustCompile(`^[A-Za-z0-9]{10,80}$`)
	botForm   = regexp.MustCompile(`^[0-9]{5,20}:[-_A-Za-z0-9]{30,60}$`)
	chatForm  = regexp.MustCompile(`^(-?[0-9]{1,20}|@[A-Za-z][A-Za-z0-9_]{3,31})$`)
	// as Gotify makes them
	gotifyForm = regexp.MustCompile(`^A[-_.A-Za-z0-9]{14}$`)
	partForm   = regexp.MustCompile(`^[-_.A-Za-z0-9]{1,128}$`)
)

// segments are the parts of an address's path, if there are n of them.
func segments(u *url.URL, n int) ([]string, bool) {
	list := strings.Split(strings.Trim(u.Path, "/"), "/")
	for _, s := range list {
		if !partForm.MatchString(s) || s == "." || s == ".." {
			return nil, false
		}
	}
	return list, len(list) == n
}

// masked is the beginning of something secret, enough to know it again by whoever gave it.
func masked(s string) string {
	if len(s) < 6 {
		return "…"
	}
	return s[:2] + "…"
}
