package account

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/watchbell/watchbell/bot"
)

const tellMove = "ops.tell-move"

// key names something that happens once for a move.
func (m Move) key(what string) string {
	return what + "/" + Name(m.Account) + "/" + m.number()
}

func (m Move) number() string { return strconv.FormatInt(m.N, 10) }

// retires reports whether somebody is inactive since the move.
func (m Move) retires() bool { return m.Linked && m.From != "" }

// arg says which move a job is about. It names who retires, for whom and by whom, because the account may have moved on
// by the time the job runs.
func (m Move) arg() string {
	if !m.retires() {
		return m.number()
	}
	return strings.Join([]string{m.number(), string(m.From), string(m.To), string(m.By)}, " ")
}

// moveOf is the move that a job is about, as far as the job knows it.
func moveOf(job bot.Job) Move {
	m := Move{Account: named(job.Object), At: job.Enqueued}
	ids := strings.Fields(job.Arg)
	if len(ids) > 0 {
		m.N, _ = strconv.ParseInt(ids[0], 10, 64)
	}
	if len(ids) == 4 {
		m.Linked, m.From, m.To, m.By = true, bot.PersonID(ids[1]), bot.PersonID(ids[2]), bot.PersonID(ids[3])
	}
	return m
}

// tell says to a person, on all their other accounts, that an account became theirs or is theirs no longer, and does
// what follows for whoever retires. What happened to the account since then is told by a job of its own.
func (s *Service) tell(ctx context.Context, job bot.Job) error {
	m := moveOf(job)
	last, err := s.store.LastMove(ctx, m.Account)
	if err != nil && !errors.Is(err, bot.ErrNoSuch) {
		return err
	}
	var failed error
	if err == nil && last.N == m.N {
		m = last
		failed = s.tellOwner(ctx, m)
	}
	if m.retires() {
		failed = errors.Join(failed, s.left(ctx, m))
	}
	return failed
}

func (s *Service) tellOwner(ctx context.Context, m Move) error {
	owner, message := m.From, wasUnlinked(m)
	if m.Linked {
		owner, message = m.To, wasLinked(m)
	}
	o, err := s.store.Owner(ctx, owner)
	if err != nil {
		return err
	}
	var failed error
	for _, to := range told(o, m) { // one that does not answer must not keep the others from knowing
		key := m.key("ops.move") + "/" + Name(to)
		switch err := s.chat.DirectTo(ctx, to, key, object(owner), message); {
		case never(err):
			s.o.Log.Warn("account is not told of a move", "account", Name(to), "object", object(owner), "error", err)
		case err != nil:
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

// never reports whether an account cannot be told however often we try: its direct messages are closed, or it is gone.
func never(err error) bool {
	var permanent *bot.PermanentError
	return errors.Is(err, bot.ErrGone) || errors.Is(err, bot.ErrRefused) || errors.As(err, &permanent)
}

// told are the accounts that hear of a move. By a code, whoever has the account itself did it.
func told(o *Owner, m Move) []bot.Account {
	var list []bot.Account
	for _, h := range o.Held {
		if h.Account != m.Account || m.Linked && m.By != m.From {
			list = append(list, h.Account)
		}
	}
	if !m.Linked && m.By != o.ID {
		list = append(list, m.Account)
	}
	return list
}

// left does what follows for the person whose account went to somebody else: their record says so, and the roles that
// they had are free.
func (s *Service) left(ctx context.Context, m Move) error {
	err := s.store.Record(ctx, bot.Effects{Audit: bot.Audit{
		Actor: m.By, Action: "people.retire", Object: object(m.From), Result: bot.ResultDone,
		Detail: "inactive, for " + Name(m.Account) + " is an account of " + string(m.To) + " now",
		Source: "watchbell", Key: m.key("ops.retire"), At: m.At,
	}})
	if err != nil && !errors.Is(err, bot.ErrRepeated) {
		return err
	}
	return s.o.Left(ctx, []bot.PersonID{m.From})
}
