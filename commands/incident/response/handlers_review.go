package response

import (
	"context"

	"github.com/watchbell/watchbell/commands/incident"
)

// Document is the post-mortem as Markdown: what the record knows stands in fenced parts, what people wrote between
// them.
func (s *Service) Document(ctx context.Context, id string) (string, error) {
	i, err := s.store.Get(ctx, id)
	if err != nil {
		return "", notFound(id, err)
	}
	entries, err := s.store.Timeline(ctx, id, 0)
	if err != nil {
		return "", err
	}
	names, err := s.chat.Names(ctx)
	return incident.Document(i, entries, names), err
}
