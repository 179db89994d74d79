package discordfake

import "slices"

// callback takes the first answer to an interaction.
func (s *Server) callback(c *Call) (any, error) {
	in := s.interactions[c.path["token"]]
	if in == nil || in.id != c.path["id"] {
		return nil, unknownInteraction
	}
	if err := s.respond(in, c); err != nil {
		return nil, err
	}
	if !truth(c.query.Get("with_response")) {
		return nil, nil
	}
	return s.wireCallback(in), nil
}

// respond takes the first answer, by whatever way it came, and wakes who waits for it.
func (s *Server) respond(in *interaction, c *Call) error {
	defer func() {
		for _, wake := range in.waiting {
			close(wake)
		}
		in.waiting = nil
	}()
	switch {
	case in.answered != 0:
		return acknowledged
	case s.late(in):
		return unknownInteraction
	}
	f := newForm()
	kind, ok := f.one(c.body(), "type", true, takes(in)...)
	if !ok {
		return f.problem()
	}
	data, _ := c.body()["data"].(map[string]any)
	if c.body()["data"] != nil && data == nil {
		f.add("data", "DICT_TYPE_CONVERT", "Only dictionaries may be used in a DictType")
		return f.problem()
	}
	if data == nil {
		data = map[string]any{}
	}
	if err := s.respondBy(in, kind, data, c.Files); err != nil {
		return err
	}
	in.answered = kind
	if in.modal != nil && s.modals[in.user] == in.modal { // the client closes it
		delete(s.modals, in.user)
	}
	close(in.done)
	return nil
}

// takes are the types of answers that an interaction takes. A submitted modal takes no modal, and an update only when
// its modal was opened from a message.
func takes(in *interaction) []int {
	switch in.kind {
	case pingInteraction:
		return []int{Pong}
	case autocompleteInteraction:
		return []int{Suggested}
	case componentInteraction:
		if in.source == nil { // one of a test's own
			return []int{Answered, Deferred, Opened}
		}
		return []int{Answered, Deferred, DeferredUpdate, Updated, Opened}
	case modalInteraction:
		if in.source != nil {
			return []int{Answered, Deferred, DeferredUpdate, Updated}
		}
		return []int{Answered, Deferred}
	}
	return []int{Answered, Deferred, Opened}
}

const answerFlags = suppressEmbeds | suppressNotifications | EphemeralFlag | ComponentsV2Flag

func (s *Server) respondBy(in *interaction, kind int, data map[string]any, files []Upload) error {
	f := newForm().in("data")
	switch kind {
	case Answered:
		m, err := s.answer(f, in, data, files, answerFlags)
		if err != nil {
			return err
		}
		in.original = m
	case Deferred:
		n, _ := f.whole(data, "flags", 0, 1<<31-1)
		if n&^EphemeralFlag != 0 {
			f.add("flags", "MESSAGE_FLAGS_INVALID", "Only the flag EPHEMERAL is valid here")
		}
		if err := f.problem(); err != nil {
			return err
		}
		m := s.begin(in, n|loadingFlag)
		m.Loading = true
		in.original = m
		s.post(m)
	case DeferredUpdate:
		in.original = in.source
	case Updated:
		in.original = in.source
		return s.update(f, in.source, data, files)
	case Suggested:
		return suggestions(f, in, data)
	case Opened:
		body := checkModal(f, data)
		if err := f.problem(); err != nil {
			return err
		}
		in.form, in.original = body, in.source
		s.modals[in.user] = &modal{body: body, from: in, source: in.source}
	}
	return nil
}

// begin makes the message that answers an interaction.
func (s *Server) begin(in *interaction, flags int) *Message {
	m := &Message{ID: s.id(), Channel: in.channel, Guild: in.guild, Author: s.o.Bot, Flags: flags, by: in}
	if flags&EphemeralFlag != 0 {
		m.Only = in.user
	}
	switch {
	case in.source != nil:
		m.Type, m.Reference = replyMessage, in.source.ID
	case in.kind == commandInteraction && in.commandType == chatInput:
		m.Type = commandMessage
	case in.kind == commandInteraction:
		m.Type = contextMessage
	}
	return m
}

// answer posts a message that answers an interaction.
func (s *Server) answer(f *form, in *interaction, data map[string]any, files []Upload, flags int) (*Message, error) {
	d, err := s.readDraft(f, data, files, nil)
	if err == nil {
		err = f.problem()
	}
	if err != nil {
		return nil, err
	}
	m := s.begin(in, d.flags&flags)
	if err := s.apply(m, d, s.keepFiles(d, in.channel, files, m.Only != "")); err != nil {
		return nil, err
	}
	mentions := parseUsers
	if d.allowed != nil {
		mentions = *d.allowed
	}
	s.mention(m, mentions)
	s.post(m)
	return m, nil
}

// update edits the message whose component was used.
func (s *Server) update(f *form, m *Message, data map[string]any, files []Upload) error {
	if m.Deleted {
		return unknownMessage
	}
	return s.editIn(f, m, &Call{JSON: data, Files: files}, parseUsers)
}

// suggestions reads the choices of an autocompletion.
func suggestions(f *form, in *interaction, data map[string]any) error {
	list := f.list(data, "choices", 0, maxOptions)
	if data["choices"] == nil {
		f.add("choices", "BASE_TYPE_REQUIRED", required)
	}
	checkChoices(f, "choices", list, focusedKind(in.payload))
	if err := f.problem(); err != nil {
		return err
	}
	in.choices = []Choice{}
	for _, v := range list {
		c := copyOf(v.(map[string]any))
		in.choices = append(in.choices, Choice{Name: stringOf(c["name"]), Value: c["value"]})
	}
	return nil
}

// focusedKind is the type of the option that a person is filling in.
func focusedKind(payload map[string]any) int {
	data, _ := payload["data"].(map[string]any)
	kind := 0
	var look func(options any)
	look = func(options any) {
		list, _ := options.([]any)
		for _, v := range list {
			o, _ := v.(map[string]any)
			if o["focused"] == true {
				kind, _ = intOf(o["type"])
			}
			look(o["options"])
		}
	}
	look(data["options"])
	return kind
}

// wireCallback is the answer to an answer. Source: Discord's page "Receiving and Responding", Interaction Callback
// Response Object.
func (s *Server) wireCallback(in *interaction) map[string]any {
	about := map[string]any{"id": in.id, "type": in.kind}
	resource := map[string]any{"type": in.answered}
	if m := in.original; m != nil && in.answered != Opened {
		about["response_message_id"], about["response_message_loading"] = m.ID, m.Loading
		about["response_message_ephemeral"] = m.Only != ""
		if slices.Contains([]int{Answered, Updated}, in.answered) {
			resource["message"] = s.wireMessage(m)
		}
	}
	return map[string]any{"interaction": about, "resource": resource}
}
