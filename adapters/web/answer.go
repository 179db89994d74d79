package web

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"regexp"
	"sync/atomic"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// answer is what our script is told after an action.
type answer struct {
	Status bot.Status `json:"status,omitempty"`
	Error  string     `json:"error,omitempty"`
	Post   *postEvent `json:"post,omitempty"`  // what to show
	Toast  string     `json:"toast,omitempty"` // an acknowledgement of what the card shows
	Form   string     `json:"form,omitempty"`  // the form to fill in, as HTML
}

// Beside the core's own, these are how an action may end.
const (
	statusSent    bot.Status = "sent"    // a message of a person is in the channel
	statusWorking bot.Status = "working" // the answer will come through the stream
)

var actionID = regexp.MustCompile(`^[A-Za-z0-9-]{8,64}$`)

// action is one thing a person does, in a channel or thread.
type action struct {
	sending
	place Post   // its Channel and Thread
	asked string // in the person's own words, shown above the answer
	bot.Request
}

// sending is what the browser says of an action beside what it is.
type sending struct {
	ID    string `json:"id"`    // made by the browser, the same for every repetition
	Again bool   `json:"again"` // it was sent before
}

// How long the core may take over one request.
const performTime = 60 * time.Second

// perform hands an action to the core. The browser may lose its connection or its patience meanwhile: the action is
// carried out all the same, and its answer kept as a post for the person, which is also how it arrives late.
func (c *Chat) perform(ctx context.Context, v viewer, a action) (answer, error) {
	receive := c.receive.Load()
	if receive == nil {
		return answer{}, bot.Errorf(bot.Unavailable, "Watchbell is still starting. Please try again in a moment.")
	}
	from, ok := account(v.Person)
	if !ok {
		return answer{}, bot.Errorf(
			bot.Forbidden,
			"%s has no account for the web chat. Ask an administrator to add one to the configuration under people.", v.Name,
		)
	}
	if !actionID.MatchString(a.ID) {
		return answer{}, bot.Errorf(bot.Invalid, "This action has no valid number. Please reload the page.")
	}
	a.From, a.Place, a.Request.Again, a.Key = from, conversation(a.place), a.sending.Again, Platform+":"+string(v.ID)+":"+
		a.ID
	a.Assurance = v.assured()
	detached, cancel := context.WithTimeout(context.WithoutCancel(ctx), performTime)
	done := make(chan answer, 1)
	var settled atomic.Bool // by whoever is first: the answer, or the end of patience
	c.busy.Go(func() {
		defer cancel()
		reply := (*receive)(detached, a.Request)
		inTime := settled.CompareAndSwap(false, true)
		done <- c.answered(detached, v, a, reply, inTime)
	})
	patience := time.NewTimer(c.o.Patience)
	defer patience.Stop()
	select {
	case ans := <-done:
		return ans, nil
	case <-patience.C:
	}
	if settled.CompareAndSwap(false, true) {
		return answer{Status: statusWorking}, nil
	}
	return <-done, nil
}

// keptAs is the key of an answer's post: the action's own for the answer to what was done. An action that was refused
// or could not be carried out has no answer for good: sent again, it may get another, and that is what the person has
// to see.
func keptAs(a action, reply bot.Reply) string {
	key := answerKey + a.Key
	if reply.Status == bot.Done || reply.Message == nil {
		return key
	}
	said, err := json.Marshal(reply.Message)
	if err != nil {
		return key
	}
	sum := sha256.Sum256(said)
	return key + "/" + hex.EncodeToString(sum[:6])
}

// answered keeps what the person is told and shows it. A form opens at once when somebody still waits for it; a late
// one is kept.
func (c *Chat) answered(ctx context.Context, v viewer, a action, reply bot.Reply, inTime bool) answer {
	ans := answer{Status: reply.Status}
	form := reply.Form
	if form != nil && inTime {
		html, err := c.formHTML(v, *form, 0)
		if err != nil {
			c.log.Error("render form", "command", form.Command, "error", err)
		}
		ans.Form, form = html, nil
	}
	if reply.Message == nil && form == nil {
		return ans
	}
	if reply.Shown && inTime {
		ans.Toast = reply.Message.Plain(v.Location())
		return ans
	}
	p := Post{Key: keptAs(a, reply), Only: v.ID, Asked: cmp.Or(reply.Asked, a.asked), Form: form, Made: c.o.Clock.Now()}
	if reply.Message != nil {
		p.Message = *reply.Message
	}
	p.Channel, p.Thread = a.place.Channel, a.place.Thread
	switch {
	case reply.Kept == nil:
		p = c.keepAnswer(ctx, a, p)
	case !inTime: // nobody waits for the secret any more
		p.Message = *reply.Kept
		p = c.keepAnswer(ctx, a, p)
	}
	event, err := c.event(v, p)
	if err != nil {
		c.log.Error("render answer", "key", p.Key, "error", err)
		return ans
	}
	ans.Post = &event
	return ans
}

// keepAnswer saves an answer. If that fails it is still shown now; only a page loaded later lacks it.
func (c *Chat) keepAnswer(ctx context.Context, a action, p Post) Post {
	saved, err := c.add(ctx, a.Place, p)
	if err != nil {
		c.log.Error("keep answer", "key", p.Key, "error", err)
		return p
	}
	return saved
}
