package discordfake

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"
)

const maxReactions = 20

func itoa(n int) string { return strconv.Itoa(n) }

var customEmoji = regexp.MustCompile(`^[A-Za-z0-9_]+:\d+$`)

// isEmoji reports whether a path names an emoji: a Unicode one, or a custom one as name:id.
func isEmoji(text string) bool {
	if customEmoji.MatchString(text) {
		return true
	}
	return text != "" && len(text) <= 64 && strings.IndexFunc(text, func(r rune) bool {
		return r > 0xff && !unicode.IsLetter(r) || r == '©' || r == '®'
	}) >= 0
}

func wireEmoji(emoji string) map[string]any {
	if name, id, custom := strings.Cut(emoji, ":"); custom {
		return map[string]any{"id": id, "name": name}
	}
	return map[string]any{"id": nil, "name": emoji}
}

func (s *Server) wireReactions(m *Message) []any {
	list := []any{}
	for _, r := range m.Reactions {
		mine := slices.Contains(r.Users, s.o.Bot)
		list = append(list, map[string]any{
			"emoji": wireEmoji(r.Emoji), "count": len(r.Users), "me": mine, "me_burst": false, "burst_colors": []any{},
			"count_details": map[string]any{"burst": 0, "normal": len(r.Users)},
		})
	}
	return list
}

// reactable finds what a call reacts to.
func (s *Server) reactable(c *Call) (*Channel, *Message, int, error) {
	channel, m, err := s.found(c, ViewChannel|ReadMessageHistory)
	if err != nil {
		return nil, nil, 0, err
	}
	emoji := c.path["emoji"]
	if !isEmoji(emoji) {
		return nil, nil, 0, refuse(400, 10014, "Unknown Emoji")
	}
	return channel, m, slices.IndexFunc(m.Reactions, func(r Reaction) bool { return r.Emoji == emoji }), nil
}

func (s *Server) getReactions(c *Call) (any, error) {
	_, m, at, err := s.reactable(c)
	if err != nil {
		return nil, err
	}
	limit, err := c.number("limit", 25, 1, 100)
	if err != nil {
		return nil, err
	}
	list := []any{}
	if at < 0 {
		return list, nil
	}
	users := slices.Clone(m.Reactions[at].Users)
	slices.SortFunc(users, func(a, b string) int {
		if before(a, b) {
			return -1
		}
		return 1
	})
	for _, id := range users {
		if after := c.query.Get("after"); len(list) < limit && (after == "" || before(after, id)) {
			list = append(list, s.wireUser(id))
		}
	}
	return list, nil
}

func (s *Server) addReaction(c *Call) (any, error) {
	channel, m, at, err := s.reactable(c)
	switch {
	case err != nil:
		return nil, err
	case at < 0 && !s.in(channel, s.o.Bot).has(AddReactions):
		return nil, missingPermissions
	case at < 0 && len(m.Reactions) >= maxReactions:
		return nil, refuse(403, 30010, "Maximum number of reactions reached (20)")
	}
	if channel.isThread() {
		if err := s.threadChanges(channel); err != nil {
			return nil, err
		}
	}
	s.react(m, s.o.Bot, c.path["emoji"])
	return nil, nil
}

func (s *Server) removeReaction(c *Call) (any, error) {
	_, m, _, err := s.reactable(c)
	if err != nil {
		return nil, err
	}
	s.unreact(m, s.o.Bot, c.path["emoji"])
	return nil, nil
}

// react notes a reaction and returns the event that tells of it, nil if it was there already.
func (s *Server) react(m *Message, user, emoji string) {
	at := slices.IndexFunc(m.Reactions, func(r Reaction) bool { return r.Emoji == emoji })
	if at < 0 {
		m.Reactions = append(m.Reactions, Reaction{Emoji: emoji})
		at = len(m.Reactions) - 1
	}
	if slices.Contains(m.Reactions[at].Users, user) {
		return
	}
	m.Reactions[at].Users = append(m.Reactions[at].Users, user)
	s.dispatch(s.reactionIntent(m), "MESSAGE_REACTION_ADD", s.wireReaction(m, user, emoji))
}

func (s *Server) unreact(m *Message, user, emoji string) {
	for i := range m.Reactions {
		r := &m.Reactions[i]
		at := slices.Index(r.Users, user)
		if r.Emoji != emoji || at < 0 {
			continue
		}
		r.Users = slices.Delete(r.Users, at, at+1)
		s.dispatch(s.reactionIntent(m), "MESSAGE_REACTION_REMOVE", s.wireReaction(m, user, emoji))
		if len(r.Users) == 0 {
			m.Reactions = slices.Delete(m.Reactions, i, i+1)
		}
		return
	}
}

func (s *Server) reactionIntent(m *Message) int {
	if m.Guild == "" {
		return intentDirectReactions
	}
	return intentReactions
}

// wireReaction is the event of a reaction. Source: Discord's page "Gateway Events", "Message Reaction Add": member is
// there in guilds, and the author when the message has one.
func (s *Server) wireReaction(m *Message, user, emoji string) map[string]any {
	wire := map[string]any{
		"user_id": user, "channel_id": m.Channel, "message_id": m.ID, "emoji": wireEmoji(emoji), "burst": false, "type": 0,
	}
	if m.Guild != "" {
		g := s.guilds[m.Guild]
		wire["guild_id"], wire["message_author_id"] = m.Guild, m.Author
		if g.members[user] != nil {
			wire["member"] = s.wireMember(g, user)
		}
	}
	return wire
}
