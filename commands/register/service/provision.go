package service

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/register"
	"github.com/watchbell/watchbell/commands/register/record"
	"github.com/watchbell/watchbell/commands/register/service/item"
)

// Trouble is why a service of the file is not as the file says.
type Trouble struct {
	ID  string
	Err error
}

// taken is what is wrong with a service that was added in chat.
type taken struct{ id, file string }

func (t taken) Error() string {
	return fmt.Sprintf("%s was added in chat before %s named it, so what chat says of it stays. To let the file say it "+
		"from now on: watchbell service adopt %[1]s", t.id, t.file)
}

// Provision makes the register say of services what a file says. Those that the file no longer names are kept as they
// are, and chat may change them again. A service that was added in chat stays as it is, and is in the list of troubles,
// until it is adopted.
func (r *Register) Provision(ctx context.Context, file string, entries []Entry) ([]Trouble, error) {
	all, err := r.all(ctx)
	if err != nil {
		return nil, err
	}
	differ := slices.DeleteFunc(slices.Clone(entries), func(e Entry) bool { return e.Is(item.Named(all, e.ID), file) })
	var list []Trouble
	for _, links := range []bool{false, true} { // what they depend on may come later in the file
		for _, e := range differ {
			err := r.put(ctx, file, e, links)
			var refused *bot.Error
			switch {
			case errors.As(err, &refused), errors.As(err, &taken{}):
				if !slices.ContainsFunc(list, func(t Trouble) bool { return t.ID == e.ID }) {
					list = append(list, Trouble{e.ID, err})
				}
			case err != nil:
				return list, fmt.Errorf("put service %s into the register: %w", e.ID, err)
			}
		}
	}
	return list, r.release(ctx, all, entries)
}

// Adopt lets a file say what a service is that chat says by now; source is who asked for it, for the audit log.
// bot.ErrNoSuch: there is none.
func (r *Register) Adopt(ctx context.Context, file string, e Entry, source string) error {
	return r.change(ctx, r.own.By(source), file, e, true, true)
}

// put makes one service what its entry says; without links it keeps those that it has.
func (r *Register) put(ctx context.Context, file string, e Entry, links bool) error {
	_, err := r.own.Find(ctx, e.ID)
	if errors.Is(err, bot.ErrNoSuch) {
		err = r.own.Add(ctx, e.ID, func(s *Service) { s.Tier = ""; e.Onto(s, file, links) })
		if !errors.Is(err, record.ErrTaken) { // by another instance, a moment ago
			return err
		}
	}
	if err != nil && !errors.Is(err, record.ErrTaken) {
		return err
	}
	return r.change(ctx, r.own, file, e, links, false)
}

// change makes a service that is there what its entry says, if chat does not say what it is or it is adopted.
func (r *Register) change(
	ctx context.Context, own register.Own[Service], file string, e Entry, links, adopt bool,
) error {
	var foreign error
	err := own.Change(ctx, e.ID, func(s *Service) string {
		foreign = nil
		if s.File == "" && s.Left != s.Version && !adopt {
			foreign = taken{e.ID, file}
			return ""
		}
		said := ""
		if s.File != file {
			said = "from now on " + file + " says what it is"
		}
		e.Onto(s, file, links)
		return said
	})
	return errors.Join(foreign, err)
}

// release lets chat change what a file no longer says.
func (r *Register) release(ctx context.Context, all []*Service, entries []Entry) error {
	for _, s := range all {
		id := s.ID
		if s.File == "" || slices.ContainsFunc(entries, func(e Entry) bool { return e.ID == id }) {
			continue
		}
		err := r.own.Change(ctx, id, func(s *Service) string {
			if s.File == "" {
				return ""
			}
			said := s.File + " no longer names it, so it is changed in chat from now on"
			s.File, s.Left = "", s.Version+1
			return said
		})
		if err != nil {
			return fmt.Errorf("let chat change service %s: %w", id, err)
		}
	}
	return nil
}
