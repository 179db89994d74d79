package discord

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// topics are those that channels have, and those that they shall have when Discord lets us: it takes two changes of a
// channel in ten minutes, and nothing that people wait for may stand behind that. What waits is lost with the process;
// the next change of the card sets the topic anew.
type topics struct {
	mu      sync.Mutex
	set     map[string]string
	waiting map[string]string
}

const maxTopics = 1000

// wanted notes a topic, and reports whether it has to be set now.
func (t *topics) wanted(channel, topic string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, waits := t.waiting[channel]; waits {
		t.waiting[channel] = topic
		return false
	}
	return t.set[channel] != topic
}

func (t *topics) is(channel, topic string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.set == nil || len(t.set) >= maxTopics {
		t.set = map[string]string{}
	}
	t.set[channel] = topic
}

// wait lets a topic wait. It reports whether somebody has to come back for it, for none waited yet.
func (t *topics) wait(channel, topic string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	_, waits := t.waiting[channel]
	if t.waiting == nil {
		t.waiting = map[string]string{}
	}
	t.waiting[channel] = topic
	return !waits
}

// due takes what waits for a channel.
func (t *topics) due(channel string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	topic := t.waiting[channel]
	delete(t.waiting, channel)
	return topic
}

// SetTopic implements bot.TopicSetter. One that Discord does not take yet is set later, in the background.
func (a *Adapter) SetTopic(ctx context.Context, c bot.Conversation, topic string) error {
	topic = value.Cut(value.Line(topic), maxTopic)
	if !a.topics.wanted(c.Channel, topic) {
		return nil
	}
	return a.setTopic(ctx, c.Channel, topic)
}

func (a *Adapter) setTopic(ctx context.Context, channel, topic string) error {
	err := a.change(ctx, channel, "", map[string]any{"topic": topic})
	var later *bot.RetryAfterError
	switch {
	case err == nil:
		a.topics.is(channel, topic)
		return nil
	case !errors.As(err, &later):
		return a.api.Optional("topic", err)
	}
	if a.topics.wait(channel, topic) {
		a.background("topic", func() { a.topicLater(channel, later.After) })
	}
	return nil
}

// topicLater sets the topic that is wanted after a while, unless the adapter ends before.
func (a *Adapter) topicLater(channel string, after time.Duration) {
	select {
	case <-a.done:
		return
	case <-time.After(after):
	}
	if err := a.setTopic(context.Background(), channel, a.topics.due(channel)); err != nil {
		a.log.Warn("a topic was not set", "channel", channel, "error", a.api.Redact(err))
	}
}
