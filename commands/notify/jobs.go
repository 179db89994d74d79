package notify

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
)

// Ring implements bot.Bell.
func (s *Service) Ring(ctx context.Context, a bot.Alarm) error {
	owners := []string{OfPerson(a.Person)}
	if a.Group != "" {
		owners = append(owners, a.Group)
	}
	places, err := s.store.PlacesOf(ctx, owners...)
	if err != nil || len(places) == 0 {
		return err
	}
	var all []Delivery
	for k := range places {
		p := &places[k]
		all = append(all, Delivery{
			Object: a.Object, Round: a.Round, Place: p.Number, Person: a.Person, Owner: p.Owner, Name: p.Name(),
			State: bot.RungWaiting, At: s.o.Clock.Now(),
		})
	}
	return s.store.Begin(ctx, all, func(d Delivery) bot.Job {
		return bot.Job{Kind: sendAlarm, Object: d.Object, Arg: d.arg()}
	})
}

// Rung implements bot.Bell.
func (s *Service) Rung(ctx context.Context, object string) ([]bot.Rung, error) {
	all, err := s.store.Deliveries(ctx, object)
	var list []bot.Rung
	for _, d := range all {
		list = append(list, d.rung())
	}
	return list, err
}

// delivery finds one, or bot.ErrNoSuch.
func (s *Service) delivery(ctx context.Context, object string, round int, place int64) (Delivery, error) {
	all, err := s.store.Deliveries(ctx, object)
	if err != nil {
		return Delivery{}, err
	}
	k := slices.IndexFunc(all, func(d Delivery) bool { return d.Round == round && d.Place == place })
	if k < 0 {
		return Delivery{}, bot.ErrNoSuch
	}
	return all[k], nil
}

// sendAlarm tells one place of an alarm, unless the thing was answered meanwhile.
func (s *Service) sendAlarm(ctx context.Context, job bot.Job) error {
	round, number, ok := parseArg(job.Arg)
	if !ok {
		return &bot.PermanentError{Err: fmt.Errorf("job argument %q", job.Arg)}
	}
	d, err := s.delivery(ctx, job.Object, round, number)
	if errors.Is(err, bot.ErrNoSuch) {
		return &bot.PermanentError{Err: err}
	}
	if err != nil || d.State != bot.RungWaiting {
		return err
	}
	says, err := s.chat.Ringing(ctx, d.Object)
	if err != nil {
		return err
	}
	p, err := s.store.Place(ctx, number)
	if err != nil && !errors.Is(err, bot.ErrNoSuch) {
		return err
	}
	if says.Over != "" || err != nil { // answered, or the place was removed
		return s.store.Settle(ctx, d.Ended(s.o.Clock.Now()), says.Shown)
	}
	note, err := s.note(ctx, d, says)
	if err != nil {
		return err
	}
	sent := s.send(ctx, p, note)
	var wait *bot.RetryAfterError
	var never *bot.PermanentError
	was := d
	d = d.Tried(s.o.Clock.Now(), faultOf(sent), errors.As(sent, &never) || errors.Is(sent, bot.ErrGone))
	if errors.As(sent, &wait) && d.State == bot.RungWaiting {
		d.Tries = was.Tries // a rate limit uses up no try
	}
	var jobs []bot.Job
	if d.State != was.State || was.Fault == "" { // what is tried again and fails again is no news
		jobs = append(jobs, says.Shown)
	}
	if err := s.store.Settle(ctx, d, jobs...); err != nil {
		return err
	}
	if err := s.store.Told(ctx, number, d.At, d.Fault); err != nil {
		return err
	}
	if errors.Is(sent, bot.ErrGone) {
		return s.unsubscribe(ctx, p)
	}
	if d.State == bot.RungWaiting {
		return sent
	}
	return nil
}

// send tells a place something.
func (s *Service) send(ctx context.Context, p *Place, note bot.Note) error {
	secret, err := s.o.Secret(ctx)
	if err != nil {
		return err
	}
	address, err := unseal(secret, p.Owner, p.Sealed)
	if err != nil {
		return &bot.PermanentError{Err: err}
	}
	return s.o.Notifier.Notify(ctx, bot.Address{Service: p.Service, Label: p.Label, Secret: address}, note)
}

// faultOf is why something was not sent, in words for people; "" when it was.
func faultOf(err error) string {
	if errors.Is(err, bot.ErrGone) {
		return "it was unsubscribed there, so it is removed here"
	}
	var wait *bot.RetryAfterError
	if errors.As(err, &wait) {
		err = wait.Err
	}
	if err == nil {
		return ""
	}
	return err.Error()
}

// unsubscribe forgets a place that nobody reads any more.
func (s *Service) unsubscribe(ctx context.Context, p *Place) error {
	err := s.store.RemovePlace(ctx, p.Number, bot.Effects{Audit: bot.Audit{
		Action: remove, Object: p.ID(), Version: 2, Result: bot.ResultDone, Detail: p.Name() + " was unsubscribed there",
		Source: "watchbell", At: s.o.Clock.Now(),
	}})
	if errors.Is(err, bot.ErrNoSuch) {
		return nil
	}
	return err
}

// sendTest tries out a place, once, and tells whoever asked what came of it.
func (s *Service) sendTest(ctx context.Context, job bot.Job) error {
	number, err := strconv.ParseInt(strings.TrimPrefix(job.Object, prefix+"-"), 10, 64)
	if err != nil {
		return &bot.PermanentError{Err: err}
	}
	p, err := s.store.Place(ctx, number)
	if errors.Is(err, bot.ErrNoSuch) {
		return nil
	}
	if err != nil {
		return err
	}
	now := s.o.Clock.Now()
	sent := s.send(ctx, p, bot.Note{
		Title: "Watchbell test", Text: "This is a test: nobody calls you. When you are called, it sounds like this.",
		Tag: "test",
	})
	if err := s.store.Told(ctx, number, now, faultOf(sent)); err != nil {
		return err
	}
	if errors.Is(sent, bot.ErrGone) {
		if err := s.unsubscribe(ctx, p); err != nil {
			return err
		}
	}
	key := "notify.test/" + p.ID() + "/" + strconv.FormatInt(job.ID, 10)
	return s.chat.Direct(ctx, key, p.ID(), bot.PersonID(job.Arg), tested(p, faultOf(sent), now))
}

// tested says what came of a test.
func tested(p *Place, fault string, at time.Time) bot.Message {
	if fault == "" {
		return done("The test was handed to ", bot.Bold(p.Name()), " at ", at, ". If nothing rang, look at the device's settings.")
	}
	m := bot.Say("The test of ", bot.Bold(p.Name()), " failed: "+fault+".")
	m.Tone = bot.Warning
	m.Actions = []bot.Action{about("Try again", test, p), about("Remove it", remove, p)}
	return m
}
