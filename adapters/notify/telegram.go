package notify

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"github.com/watchbell/watchbell/bot"
)

// Telegram and Teams are sent to by our own requests: shoutrrr would use the process's default client for them, which
// no guard stands before. For Teams it also speaks to connectors that Microsoft has switched off; workflows took their
// place.

// botOf is the token of the bot that an address names.
func botOf(u *url.URL) string {
	secret, _ := u.User.Password()
	return u.User.Username() + ":" + secret
}

// chatsOf are the chats that an address names.
func chatsOf(u *url.URL) []string {
	var list []string
	for _, chat := range strings.Split(u.Query().Get("chats"), ",") {
		if chat != "" {
			list = append(list, chat)
		}
	}
	return list
}

// sendTelegram sends a note to each chat, and stops at the first that fails.
func sendTelegram(c *client, u *url.URL, n bot.Note) error {
	for _, chat := range chatsOf(u) {
		m := map[string]any{
			"chat_id": chat, "text": n.Title + "\n" + n.Text, "link_preview_options": map[string]bool{"is_disabled": true},
		}
		if n.Link != "" {
			m["reply_markup"] = map[string]any{"inline_keyboard": [][]map[string]string{{{"text": n.Label, "url": n.Link}}}}
		}
		if err := c.post("https://api.telegram.org/bot"+botOf(u)+"/sendMessage", m); err != nil || c.status >= 300 {
			return err
		}
	}
	return nil
}

// sendTeams posts a note as a card to a workflow.
func sendTeams(c *client, u *url.URL, n bot.Note) error {
	text := func(s, weight string) map[string]any {
		return map[string]any{"type": "TextBlock", "text": plainWords.Replace(s), "wrap": true, "weight": weight}
	}
	card := map[string]any{
		"type": "AdaptiveCard", "version": "1.4", "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
		"body": []any{text(n.Title, "Bolder"), text(n.Text, "Default")},
	}
	if n.Link != "" {
		card["actions"] = []any{map[string]string{"type": "Action.OpenUrl", "title": n.Label, "url": n.Link}}
	}
	return c.post(u.String(), map[string]any{"type": "message", "attachments": []any{
		map[string]any{"contentType": "application/vnd.microsoft.card.adaptive", "content": card},
	}})
}

// post sends one request. What came of it the client remembers.
func (c *client) post(address string, body any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(c.ctx, http.MethodPost, address, bytes.NewReader(data))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := c.Do(r)
	if err != nil {
		return err
	}
	return answer.Body.Close()
}
