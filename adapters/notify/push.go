package notify

import (
	"context"
	"crypto/ecdh"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/SherClockHolmes/webpush-go"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// Push is the service of browsers.
const Push = "browser"

// Subscription is what a browser gives out so that it can be told something while no page is open.
type Subscription struct {
	Endpoint string `json:"endpoint"`
	Keys     struct {
		P256dh string `json:"p256dh"`
		Auth   string `json:"auth"`
	} `json:"keys"`
	Device string `json:"device,omitempty"` // as its owner calls it
}

// How long a push service keeps a note for a device that is not reachable, in seconds: until about when the next person
// is called.
const keepNote = 30 * 60

// readSubscription checks what a browser gave out.
func readSubscription(raw string) (bot.Address, error) {
	var s Subscription
	d := json.NewDecoder(strings.NewReader(raw))
	if err := d.Decode(&s); err != nil {
		return bot.Address{}, invalid("it is no subscription of a browser")
	}
	u, err := url.Parse(s.Endpoint)
	if err != nil || u.Scheme != "https" || u.User != nil || u.Fragment != "" || strings.ContainsFunc(s.Endpoint, unsafe) {
		return bot.Address{}, invalid("the browser named a push service that is not an https address")
	}
	if host, err := hostOf(u); err != nil || !strings.HasSuffix(host, ":443") {
		return bot.Address{}, invalid("the browser named a push service that is not on the internet")
	}
	point, err := unpadded(s.Keys.P256dh)
	if err == nil {
		_, err = ecdh.P256().NewPublicKey(point)
	}
	auth, authErr := unpadded(s.Keys.Auth)
	if err != nil || authErr != nil || len(auth) != 16 {
		return bot.Address{}, invalid("the keys of the browser's subscription cannot be read")
	}
	device := value.Cut(value.Line(s.Device), 40)
	if device == "" {
		device = "a browser"
	}
	s.Device = device
	secret, err := json.Marshal(s)
	return bot.Address{Service: Push, Label: device, Secret: string(secret)}, err
}

func unpadded(s string) ([]byte, error) {
	return base64.RawURLEncoding.DecodeString(strings.NewReplacer("+", "-", "/", "_", "=", "").Replace(s))
}

// push sends a note to a browser. One that was unsubscribed is bot.ErrGone.
func (n *Notifier) push(ctx context.Context, secret string, note bot.Note) error {
	if _, err := readSubscription(secret); err != nil {
		return &bot.PermanentError{Err: err}
	}
	var s Subscription
	if err := json.Unmarshal([]byte(secret), &s); err != nil {
		return permanent("the subscription cannot be read")
	}
	if n.o.Keys == nil {
		return permanent("Web Push is not set up")
	}
	keys, err := n.o.Keys(ctx)
	if err != nil {
		return err
	}
	note.Title, note.Text = value.Cut(note.Title, 200), value.Cut(note.Text, 1000) // a push service takes 4 KiB
	body, err := json.Marshal(map[string]string{
		"title": note.Title, "text": note.Text, "link": note.Link, "answer": note.Answer, "label": note.Label,
		"tag": note.Tag,
	})
	if err != nil {
		return err
	}
	c := n.guard.client(ctx, nil)
	answer, err := webpush.SendNotificationWithContext(ctx, body, &webpush.Subscription{
		Endpoint: s.Endpoint, Keys: webpush.Keys{Auth: s.Keys.Auth, P256dh: s.Keys.P256dh},
	}, &webpush.Options{
		HTTPClient: c.Client, Subscriber: n.o.Contact, TTL: keepNote, Urgency: webpush.UrgencyHigh,
		VAPIDPublicKey: keys.Public, VAPIDPrivateKey: keys.Private,
	})
	if err == nil {
		err = answer.Body.Close()
	}
	if c.status == http.StatusNotFound || c.status == http.StatusGone {
		return bot.ErrGone
	}
	if err != nil && c.failed == nil && c.status == 0 {
		return errors.New("the note could not be encrypted")
	}
	return c.outcome(err)
}
