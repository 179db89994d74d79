package notify

import (
	"context"
	"crypto/hmac"
	"encoding/base64"
	"errors"
	"strings"

	"github.com/watchbell/watchbell/bot"
)

// A link in a note proves that its reader was told: it names one delivery and is signed, so nobody can guess another. It
// answers as the person whom the place belongs to, only for that thing, and nothing more once that is over. Opening it
// changes nothing, as mail scanners open links; its page has a button.

// LinkPath is where links lead, below Options.Links. The token is behind it.
const LinkPath = "/bell/"

const macSize = 16

// token names a delivery: PAGE-1.0.3 and its signature.
func token(secret []byte, d Delivery) string {
	name := d.Object + "." + strings.ReplaceAll(d.arg(), "/", ".")
	return name + "." + base64.RawURLEncoding.EncodeToString(derive(secret, linkKey, name)[:macSize])
}

// named is the delivery that a token names, if the installation made it.
func named(secret []byte, token string) (object string, round int, place int64, ok bool) {
	i := strings.LastIndexByte(token, '.')
	if i < 0 || len(token) > 200 || strings.ContainsAny(token, "\r\n") { // base64 would skip these
		return "", 0, 0, false
	}
	name := token[:i]
	sum, err := base64.RawURLEncoding.Strict().DecodeString(token[i+1:])
	if err != nil || !hmac.Equal(sum, derive(secret, linkKey, name)[:macSize]) {
		return "", 0, 0, false
	}
	object, arg, _ := strings.Cut(name, ".")
	round, place, ok = parseArg(strings.Replace(arg, ".", "/", 1))
	return object, round, place, ok
}

// note is what a place is told of an alarm. Only somebody's own place can answer: who reads a shared one nobody knows.
func (s *Service) note(ctx context.Context, d Delivery, says bot.Ringing) (bot.Note, error) {
	n := bot.Note{Title: says.Title, Text: says.Text, Tag: d.Object, Label: "Acknowledge"}
	if personOf(d.Owner) == "" {
		n.Text += "\nCalled: " + string(d.Person) + ". Answer it in chat."
		return n, nil
	}
	if s.o.Links == "" {
		n.Text += "\nAnswer it in chat."
		return n, nil
	}
	secret, err := s.o.Secret(ctx)
	if err != nil {
		return n, err
	}
	n.Link = s.o.Links + LinkPath + token(secret, d)
	n.Answer = n.Link
	return n, nil
}

// linked is what a link leads to.
type linked struct {
	bot.Ringing
	person bot.PersonID // who answers by it
}

// noLink is the same for a link that is wrong and for one that leads to nothing any more.
func noLink() error {
	return bot.Errorf(bot.NotFound, "This link leads to nothing. Please use the one in the newest notification, or answer in chat.")
}

// Open says what a link leads to, and changes nothing. The error is for people.
func (s *Service) Open(ctx context.Context, token string) (bot.Ringing, bot.PersonID, error) {
	l, err := s.follow(ctx, token)
	return l.Ringing, l.person, err
}

func (s *Service) follow(ctx context.Context, token string) (linked, error) {
	secret, err := s.o.Secret(ctx)
	if err != nil {
		return linked{}, err
	}
	object, round, place, ok := named(secret, token)
	if !ok {
		return linked{}, noLink()
	}
	d, err := s.delivery(ctx, object, round, place)
	if errors.Is(err, bot.ErrNoSuch) || err == nil && personOf(d.Owner) == "" {
		return linked{}, noLink()
	}
	if err != nil {
		return linked{}, err
	}
	says, err := s.chat.Ringing(ctx, object)
	if errors.Is(err, bot.ErrNoSuch) {
		err = noLink()
	}
	return linked{says, personOf(d.Owner)}, err
}

// Answer does what the button of a link's page says, through the one door, as the person whom the link was sent to.
// Called again it has the same answer and no second effect.
func (s *Service) Answer(ctx context.Context, token string) (bot.Reply, error) {
	l, err := s.follow(ctx, token)
	if err != nil {
		return bot.Reply{}, err
	}
	return s.chat.Does(ctx, l.person, l.Ringing.Answer, "bell/"+token, "notification"), nil
}
