package oncall

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
)

// The jobs of being on call.
const (
	tick     = "oncall.tick"      // each minute: hand-overs that are due
	callNext = "oncall.call"      // the page goes on
	ringPage = "oncall.ring-page" // reaches whom it called beyond chat; arg: the number of the call
	showPage = "oncall.show-page" // its card
	// makes a rota's user group consist of whoever answers for it
	followGroup = "oncall.follow-group"
	tellStand   = "oncall.tell-stand" // arg: number, then /answer
)

func bySystem(action, object, detail string, version int, at time.Time) bot.Effects {
	return bot.Effects{
		Audit: bot.Audit{
			Action: action, Object: object, Version: version, Result: bot.ResultDone, Detail: detail, Source: "watchbell",
			At: at,
		},
	}
}

// turns makes hand-overs of the shifts that began.
func (s *Service) turns(ctx context.Context, _ bot.Job) error {
	all, err := s.keep.Rotas(ctx)
	if err != nil {
		return err
	}
	now := s.clock.Now()
	var failed error
	for _, r := range all {
		err := s.turnOf(ctx, r, now)
		if err == nil {
			err = s.follow(ctx, bot.Job{Kind: followGroup, Object: r.Name})
		}
		if err != nil { // one must not hold up the others
			s.o.Log.Error("rota", "rota", r.Name, "error", err)
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

// idle reports that no shift began, and no user group lags behind.
func (s *Service) idle(ctx context.Context, now time.Time) (bool, error) {
	all, err := s.keep.Rotas(ctx)
	if err != nil {
		return false, err
	}
	for _, r := range all {
		t, err := s.look(ctx, r, now)
		if err != nil || t.is.Person != "" {
			return false, err
		}
		if who, err := s.behind(ctx, r, now); err != nil || who != "" {
			return false, err
		}
	}
	return true, nil
}

// turn is the newest shift that began without a hand-over, if is.Person is somebody, and what it takes to make one.
type turn struct {
	was, is Shift
	last    []*Handover // at most one
	stands  []Stand
}

func (s *Service) look(ctx context.Context, r *Rota, now time.Time) (t turn, err error) {
	active, _, err := s.active(ctx)
	if err != nil {
		return t, err
	}
	if t.stands, err = s.keep.Stands(ctx, r.Name, now.Add(-back)); err != nil {
		return t, err
	}
	if t.last, err = s.keep.Handovers(ctx, r.Name, false, 1); err != nil {
		return t, err
	}
	after := r.Made
	if len(t.last) > 0 {
		after = t.last[0].At
	}
	shifts := allPresent(r.Shifts(value.Later(after, now.AddDate(0, 0, -back2)), now.Add(time.Second), t.stands), active)
	for k := len(shifts) - 1; k > 0; k-- { // only the newest: who was on call in between hands over to nobody any more
		was, is := shifts[k-1], shifts[k]
		if is.From.After(after) && !is.From.After(now) && is.Person != "" {
			t.was, t.is = was, is
			break
		}
	}
	return t, nil
}

func (s *Service) turnOf(ctx context.Context, r *Rota, now time.Time) error {
	t, err := s.look(ctx, r, now)
	if err != nil {
		return err
	}
	if t.is.Person == "" {
		return nil
	}
	return s.begin(ctx, r, t.was, t.is, t.last, t.stands, now)
}

// back2 is for how many days missed hand-overs are looked for.
const back2 = 40

func (s *Service) begin(
	ctx context.Context, r *Rota, was, is Shift, last []*Handover, stands []Stand, now time.Time,
) error {
	from := was.Person
	if len(last) > 0 && last[0].Open() { // whoever never accepted was never responsible
		from = last[0].From
		_, err := s.keep.UpdateHandover(ctx, last[0].Number, func(h *Handover) (bot.Effects, error) {
			h.Closed = "the next shift began before anybody accepted it"
			return bySystem("oncall.close", h.ID(), h.Closed, h.Version, now), nil
		})
		if err != nil {
			return err
		}
	}
	_, next := r.At(is.From, stands)
	until := is.To
	if !next.From.IsZero() {
		until = next.From
	}
	h := &Handover{
		Rota: r.Name, At: is.From, From: from, To: is.Person, Since: was.From, Until: until, Lead: r.Lead,
	}
	if from == is.Person { // it came back to who is responsible anyway
		h.Accepted, h.By = now, is.Person
	}
	err := s.keep.AddHandover(ctx, h, func(h *Handover) bot.Effects {
		e := bySystem("oncall.handover", h.ID(), fmt.Sprintf("%s: %s to %s", h.Rota, h.From, h.To), 1, now)
		e.Jobs = []bot.Job{s.o.Handover(h.ID())}
		return e
	})
	if errors.Is(err, bot.ErrRepeated) {
		return nil
	}
	return err
}

// call calls the next person of a page, and comes again when that one did not answer.
func (s *Service) call(ctx context.Context, job bot.Job) error {
	n, err := number(job.Object, "PAGE")
	if err != nil {
		return &bot.PermanentError{Err: err}
	}
	now := s.clock.Now()
	p, err := s.keep.Page(ctx, n)
	if err != nil {
		return err
	}
	if due := p.Due(); due.IsZero() {
		return s.paint(ctx, p)
	} else if due.After(now) {
		if err := s.paint(ctx, p); err != nil {
			return err
		}
		return bot.SnoozeUntil(due)
	}
	p, err = s.keep.UpdatePage(ctx, n, func(p *Page) (bot.Effects, error) {
		if due := p.Due(); !due.IsZero() && !due.After(now) {
			p.Go(now)
		}
		detail := "nobody answered"
		var jobs []bot.Job
		if k := len(p.Calls) - 1; p.Failed.IsZero() && k >= 0 {
			detail = "called " + string(p.Calls[k].Person)
			jobs = []bot.Job{{Kind: ringPage, Object: p.ID(), Arg: strconv.Itoa(k)}}
		}
		e := bySystem("oncall.call", p.ID(), detail, p.Version, now)
		e.Jobs = jobs
		return e, nil
	})
	if err != nil {
		return err
	}
	// The database knows who is called, so a repetition calls the same person under the same key.
	if err := s.paint(ctx, p); err != nil {
		return err
	}
	if due := p.Due(); !due.IsZero() {
		return bot.SnoozeUntil(due)
	}
	return nil
}

// paint shows a page where its rota is told, and to everybody who was called. Calling somebody anew is a new message,
// for an edit wakes nobody.
func (s *Service) paint(ctx context.Context, p *Page) error {
	rung, err := s.chat.Rung(ctx, p.ID())
	if err != nil {
		return err
	}
	m := pageMessage(p, rung)
	if p.Place.Channel != "" {
		if _, err := s.chat.Show(ctx, "oncall.page/"+p.ID(), p.ID(), p.Place, m); err != nil && !errors.Is(err, bot.ErrGone) {
			return err
		}
	}
	for k, c := range p.Calls {
		direct := fmt.Sprintf("oncall.page-direct/%s/%d", p.ID(), k)
		err := s.chat.DirectShow(ctx, direct, p.ID(), c.Person, m)
		var closed *bot.PermanentError
		called := true
		if err == nil {
			called, err = s.chat.WasDirected(ctx, direct, c.Person)
		}
		if errors.As(err, &closed) || !called {
			err = s.callHere(ctx, p, k)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// callHere calls somebody by a mention where the rota is told, because they let nobody write to them directly. It must
// not keep the page from going on to the next person.
func (s *Service) callHere(ctx context.Context, p *Page, k int) error {
	if p.Place.Channel == "" {
		return nil
	}
	m := bot.Message{Tone: bot.Critical, Sections: []bot.Section{bot.Para(
		p.Calls[k].Person, ", ", bot.Bold(p.ID()), " is for you: ", p.Text,
		". A direct message did not reach you everywhere, so you are called here.",
	)}}
	_, err := s.chat.Post(ctx, fmt.Sprintf("oncall.page-here/%s/%d", p.ID(), k), p.ID(), p.Place, m)
	var never *bot.PermanentError
	if errors.As(err, &never) || errors.Is(err, bot.ErrGone) {
		return nil
	}
	return err
}

func (s *Service) show(ctx context.Context, job bot.Job) error {
	n, err := number(job.Object, "PAGE")
	if err != nil {
		return &bot.PermanentError{Err: err}
	}
	p, err := s.keep.Page(ctx, n)
	if err != nil {
		return err
	}
	return s.paint(ctx, p)
}

// tell tells whom a stand-in or a swap concerns.
func (s *Service) tell(ctx context.Context, job bot.Job) error {
	digits, answer, _ := strings.Cut(job.Arg, "/")
	n, err := strconv.Atoi(digits)
	if err != nil {
		return &bot.PermanentError{Err: fmt.Errorf("job argument %q", job.Arg)}
	}
	stands, err := s.keep.Stands(ctx, job.Object, s.clock.Now().Add(-back))
	if err != nil {
		return err
	}
	for _, x := range stands {
		if x.N != n {
			continue
		}
		key := fmt.Sprintf("oncall.stand/%s/%s", job.Object, job.Arg)
		switch {
		case answer != "" && x.Gone:
			return s.chat.Direct(
				ctx, key, "rota/"+job.Object, x.By,
				bot.Say(x.Person, " declined to take your shift on ", bot.Bold(job.Object), " from ", x.From, ". It stays yours."),
			)
		case answer != "":
			return s.chat.Direct(
				ctx, key, "rota/"+job.Object, x.By,
				done(x.Person, " takes your shift on ", bot.Bold(job.Object), " from ", x.From, " until ", x.To, "."),
			)
		case x.Asked:
			m := bot.Message{
				Title: "Take a shift?", Tone: bot.Info,
				Sections: []bot.Section{
					bot.Para(x.By, " asks you to be on call for ", bot.Bold(job.Object), " from ", x.From, " until ", x.To, "."),
				},
			}
			for _, y := range stands {
				if y.Offer == x.Offer && y.N != x.N {
					m.Sections = append(m.Sections, bot.Para("In return they take yours from ", y.From, " until ", y.To, "."))
				}
			}
			take := func(label, answer string, style bot.Style) bot.Action {
				return bot.Action{
					Label: label, Command: "oncall.take", Style: style,
					Args: map[string]string{"rota": job.Object, "offer": strconv.Itoa(n), "answer": answer},
				}
			}
			m.Actions = []bot.Action{take("Take it", "yes", bot.Primary), take("Decline", "no", bot.Default)}
			return s.chat.Direct(ctx, key, "rota/"+job.Object, x.Person, m)
		case x.Person != "" && x.Person != x.By:
			return s.chat.Direct(
				ctx, key, "rota/"+job.Object, x.Person,
				bot.Say(x.By, " put you on call for ", bot.Bold(job.Object), " from ", x.From, " until ", x.To, ". "+x.Why),
			)
		}
	}
	return nil
}
