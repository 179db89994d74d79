package discordfake

// hook finds the interaction whose token a call has in its address.
func (s *Server) hook(c *Call) (*interaction, error) {
	in := s.interactions[c.path["token"]]
	switch {
	case in == nil || c.path["app"] != s.o.Application:
		return nil, unknownWebhook
	case s.now().Sub(in.at) >= tokenLife:
		return nil, invalidWebhook
	case in.answered == 0 || in.kind == autocompleteInteraction: // the token works only after a first answer
		return nil, unknownWebhook
	}
	return in, nil
}

// followUp posts another message. Right after a deferral it fills in the deferred message instead. Source: Discord's
// page "Receiving and Responding", "Create Followup Message".
func (s *Server) followUp(c *Call) (any, error) {
	in, err := s.hook(c)
	if err != nil {
		return nil, err
	}
	if m := in.original; m != nil && m.Loading && !m.Deleted {
		if err := s.edit(m, c, parseUsers); err != nil {
			return nil, err
		}
		return s.wireMessage(m), nil
	}
	m, err := s.answer(newForm(), in, c.body(), c.Files, answerFlags)
	if err != nil {
		return nil, err
	}
	in.followUps++
	if in.original != nil && m.Reference == "" {
		m.Type, m.Reference = replyMessage, in.original.ID
	}
	return s.wireMessage(m), nil
}

// answerOf finds a message that an interaction made, or whose component was used.
func (s *Server) answerOf(c *Call) (*Message, error) {
	in, err := s.hook(c)
	if err != nil {
		return nil, err
	}
	id := c.path["answer"]
	m := in.original
	if id != "@original" {
		m = nil
		for _, other := range s.messages[in.channel] {
			if other.ID == id && (other.by == in || other == in.original) {
				m = other
			}
		}
	}
	if m == nil || m.Deleted {
		return nil, unknownMessage
	}
	return m, nil
}

func (s *Server) getAnswer(c *Call) (any, error) {
	m, err := s.answerOf(c)
	if err != nil {
		return nil, err
	}
	return s.wireMessage(m), nil
}

func (s *Server) editAnswer(c *Call) (any, error) {
	m, err := s.answerOf(c)
	if err != nil {
		return nil, err
	}
	if err := s.edit(m, c, parseUsers); err != nil {
		return nil, err
	}
	return s.wireMessage(m), nil
}

func (s *Server) deleteAnswer(c *Call) (any, error) {
	m, err := s.answerOf(c)
	if err != nil {
		return nil, err
	}
	s.remove(m)
	return nil, nil
}
