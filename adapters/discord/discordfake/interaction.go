package discordfake

import (
	"time"
)

// Types of interactions and of the answers to them. Source: Discord's page "Receiving and Responding".
const (
	pingInteraction         = 1
	commandInteraction      = 2
	componentInteraction    = 3
	autocompleteInteraction = 4
	modalInteraction        = 5

	Pong            = 1
	Answered        = 4
	Deferred        = 5
	DeferredUpdate  = 6
	Updated         = 7
	Suggested       = 8
	Opened          = 9
	tokenLife       = 15 * time.Minute
	attachmentLimit = maxFile
)

// interaction is one that was delivered to the app.
type interaction struct {
	id, token, user, channel, guild string
	kind                            int
	command                         string // with its subcommands
	commandType                     int
	at                              time.Time
	payload                         map[string]any
	source                          *Message     // whose component was used
	opened                          *interaction // of a submitted modal: what opened it
	modal                           *modal       // which one was submitted
	answered                        int
	expired                         bool
	done                            chan struct{}   // closed with the first good answer
	waiting                         []chan struct{} // closed with the next answer, good or not
	original                        *Message
	form                            map[string]any
	choices                         []Choice
	followUps                       int
}

// Choice is one that an autocompletion suggests.
type Choice struct {
	Name  string
	Value any
}

// newInteraction begins an interaction with the fields that all have.
func (s *Server) newInteraction(kind int, user string, c *Channel) *interaction {
	in := &interaction{
		id: s.id(), token: s.secret("token-"), user: user, channel: c.ID, guild: c.Guild, kind: kind, at: s.now(),
		done: make(chan struct{}),
	}
	locale := s.users[user].Locale
	if locale == "" {
		locale = "en-US"
	}
	p := map[string]any{
		"id": in.id, "application_id": s.o.Application, "type": kind, "token": in.token, "version": 1, "channel_id": c.ID,
		"locale": locale, "entitlements": []any{}, "entitlement_sku_ids": []any{}, "attachment_size_limit": attachmentLimit,
		"authorizing_integration_owners": s.owners(c.Guild),
	}
	channel := s.wireChannel(c)
	p["channel"] = channel
	if c.Guild == "" {
		p["user"], p["context"] = s.wireUser(user), 1
		// Source: the same page, app_permissions: ATTACH_FILES, EMBED_LINKS, MENTION_EVERYONE and USE_EXTERNAL_EMOJIS
		p["app_permissions"] = (AttachFiles | EmbedLinks | MentionEveryone | 1<<18).String()
	} else {
		g := s.guilds[c.Guild]
		member := s.wireMember(g, user)
		member["permissions"] = s.in(c, user).String()
		channel["permissions"] = s.in(c, user).String()
		p["member"], p["context"], p["guild_id"], p["guild_locale"] = member, 0, c.Guild, "en-US"
		p["guild"] = map[string]any{"id": c.Guild, "locale": "en-US", "features": []any{}}
		p["app_permissions"] = s.in(c, s.o.Bot).String()
	}
	in.payload = p
	s.interactions[in.token] = in
	return in
}

func (s *Server) owners(guild string) map[string]any {
	if guild == "" {
		return map[string]any{"0": "0"}
	}
	return map[string]any{"0": guild}
}

// metadata says, on a message, which interaction made it. Source: Discord's page "Message", Interaction Metadata.
func (s *Server) metadata(in *interaction, message string) map[string]any {
	m := map[string]any{
		"id": in.id, "type": in.kind, "user": s.wireUser(in.user), "authorizing_integration_owners": s.owners(in.guild),
	}
	if in.original != nil && in.original.ID != message {
		m["original_response_message_id"] = in.original.ID
	}
	switch {
	case in.kind == commandInteraction:
		m["name"], m["command_type"] = in.command, in.commandType
	case in.kind == componentInteraction && in.source != nil:
		m["interacted_message_id"] = in.source.ID
	case in.kind == modalInteraction && in.opened != nil:
		m["triggering_interaction_metadata"] = s.metadata(in.opened, "")
	}
	return m
}

var (
	unknownInteraction = refuse(404, 10062, "Unknown interaction")
	acknowledged       = refuse(400, 40060, "Interaction has already been acknowledged.")
	unknownWebhook     = refuse(404, 10015, "Unknown Webhook")
	invalidWebhook     = refuse(401, 50027, "Invalid Webhook Token")
)

// late reports whether the time for a first answer is over.
func (s *Server) late(in *interaction) bool { return in.expired || s.now().Sub(in.at) > s.patience }
