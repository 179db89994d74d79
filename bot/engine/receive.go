package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/ask"
)

// Receive is the one door. It carries out what a person did on a platform and returns what they are told, always
// something. A request whose key was carried out before gets the same answer and has no second effect. It is safe to
// call from many goroutines.
func (b *Bot) Receive(ctx context.Context, req bot.Request) (reply bot.Reply) {
	start := time.Now()
	b.pace.Request(start)
	b.pace.Begin(start)
	defer func() { b.pace.End(time.Now()) }()
	command := ""
	defer func() {
		if p := recover(); p != nil {
			b.log.Error("panic in a handler", "command", command, "panic", fmt.Sprint(p), "stack", string(debug.Stack()))
			reply = b.explain(errors.New("panic"), nil)
		}
		took := time.Since(start)
		b.metrics.Request(command, reply.Status, took)
		b.log.LogAttrs(
			ctx, slog.LevelInfo, "request", slog.String("command", command), slog.String("platform", req.From.Platform),
			slog.String("user", req.From.User), slog.String("status", string(reply.Status)), slog.Duration("took", took),
		)
	}()
	reply, err := b.receive(ctx, req, &command)
	if err != nil {
		b.logOurs(err, command)
		reply = b.explain(err, reply.Message)
	}
	if cmd, ok := b.tree.Command(command); ok && cmd.Secretive() {
		reply.Asked = cmd.Slash()
	}
	sealed, err := b.sealReply(ctx, reply, req)
	if err != nil {
		b.log.Error("seal reply", "command", command, "error", err)
	}
	return sealed
}

// CarriedOut reports whether the action of a key was carried out. Keys are forgotten after a week.
func (b *Bot) CarriedOut(ctx context.Context, key string) (bool, error) {
	answered, err := b.store.Answered(ctx, key)
	return answered != nil, err
}

func (b *Bot) logOurs(err error, command string) {
	var e *bot.Error
	var bad bot.Problems
	if !errors.As(err, &e) && !errors.As(err, &bad) {
		b.log.Error("request not carried out", "command", command, "error", err)
	}
}

// How often a request is let in anew because what it was let in on has changed meanwhile.
const letInAgain = 3

// receive returns the reply, or why it was not carried out. It names the command as soon as that is known. Whether the
// action was carried out before is found out by its commit, which refuses a key that is known; and since what was done
// already may be what it is refused for the second time, whatever did not end well is looked up. Where that is not
// possible, nobody is told that it was refused.
func (b *Bot) receive(ctx context.Context, req bot.Request, command *string) (bot.Reply, error) {
	var reply bot.Reply
	var call *bot.Call
	var err error
	for range letInAgain {
		if reply, call, err = b.letIn(ctx, req, command); !errors.Is(err, bot.ErrStale) {
			break
		}
	}
	if errors.Is(err, bot.ErrStale) {
		err = bot.Errorf(
			bot.Unavailable, "Your rights changed several times just now, so nothing was done. Please try again in a moment.",
		)
	}
	if (err != nil || reply.Status != bot.Done || changedNothing(call)) && req.Key != "" {
		answered, lookErr := b.store.Answered(ctx, req.Key)
		switch {
		case lookErr != nil:
			return bot.Reply{}, fmt.Errorf("look up what was done: %w (%v)", lookErr, err)
		case answered != nil:
			*command = "repeated"
			return *answered, nil
		// a form that was refused is mended and sent with the same key
		case req.Again && req.Values == nil && call.Command != nil && !call.Command.Reads:
			if answered, lookErr = b.settle(ctx, req.Key, reply, err); lookErr != nil {
				return bot.Reply{}, fmt.Errorf("settle what was refused: %w (%v)", lookErr, err)
			}
			if answered != nil {
				*command = "repeated"
				return *answered, nil
			}
		}
	}
	return reply, b.audited(ctx, call, err)
}

// settle makes a refusal the last word on an action that was sent before. The first attempt may still be under way, in
// a process that stood still perhaps: it must not be carried out after somebody was told that it was not.
func (b *Bot) settle(ctx context.Context, key string, reply bot.Reply, err error) (*bot.Reply, error) {
	if err != nil {
		reply = b.explain(err, reply.Message)
	}
	if reply.Status == bot.Unready || reply.Status == bot.FormOpen {
		return nil, nil
	}
	return b.store.Settle(ctx, key, reply)
}

// changedNothing reports that a command that changes things found nothing to change: perhaps because it did so before.
func changedNothing(c *bot.Call) bool { return c.Command != nil && !c.Command.Reads && !c.Acts }

// letIn finds out who acts and what they ask for, and carries that out.
func (b *Bot) letIn(ctx context.Context, req bot.Request, command *string) (bot.Reply, *bot.Call, error) {
	call := &bot.Call{Request: req, Rights: b.grants}
	person, err := b.identify(ctx, req.From)
	if errors.Is(err, bot.ErrNoSuch) {
		return bot.Reply{}, call, bot.Errorf(bot.Forbidden,
			"Watchbell does not know the account %s on %s. Ask an administrator to add it to the configuration under people.",
			bot.Shown(req.From.User), req.From.Platform)
	}
	if err != nil {
		return bot.Reply{}, call, err
	}
	call.Person, call.Now, call.Zone = person, b.clock.Now(), b.location(person)
	ctx = b.looking(ctx, person)
	form, err := b.resolve(ctx, call)
	if err != nil {
		return bot.Reply{}, call, err
	}
	*command = call.Command.Name
	reply, err := b.carryOut(ctx, call, form)
	if reply.Message != nil && err == nil {
		m := *reply.Message
		m.Actions = b.allowed(call.Person, m.Actions)
		reply.Message = &m
	}
	if reply.Page != nil && err == nil {
		page := b.permitted(call.Person, *reply.Page)
		reply.Page = &page
	}
	return ask.Named(call, reply), call, err
}

// looking is a context in which somebody looks.
func (b *Bot) looking(ctx context.Context, p bot.Person) context.Context {
	return bot.Looking(ctx, bot.Looker{Person: p, Rights: b.grants})
}

// allowed are the actions that somebody may use: what they may not do is not offered to them.
func (b *Bot) allowed(p bot.Person, actions []bot.Action) []bot.Action {
	return slices.DeleteFunc(slices.Clone(actions), func(a bot.Action) bool {
		cmd, ok := b.tree.Command(a.Command)
		return ok && !b.grants.Allow(p, cmd.Permission)
	})
}

// permitted is a page with those of its actions that somebody may use.
func (b *Bot) permitted(p bot.Person, page bot.Page) bot.Page {
	page, _ = page.Acting(func(list []bot.Action) ([]bot.Action, error) { return b.allowed(p, list), nil })
	return page
}

// resolve finds which command the request means and its raw arguments. It reports whether a form was asked for
// explicitly.
func (b *Bot) resolve(ctx context.Context, c *bot.Call) (form bool, err error) {
	switch {
	case c.Token != "":
		return b.resolveToken(ctx, c)
	case c.Shortcut != "":
		cmd, ok := b.tree.Command(c.Shortcut)
		if !ok || c.Args == nil && cmd.Title == "" {
			return false, bot.Errorf(bot.Invalid, "This shortcut is no longer available.")
		}
		c.Command, c.Raw = cmd, maps.Clone(c.Args)
		if c.Raw == nil {
			c.Raw = map[string]string{}
		}
		return c.Ask || c.Args == nil && (!cmd.OnOurs || c.Quote == nil), nil
	case strings.HasPrefix(strings.TrimSpace(c.Request.Text), "/"):
		c.Command, c.Typed, err = b.tree.Parse(ctx, c.Request.Text)
		c.Raw = c.Typed.Args
		if c.Command == nil && err == nil {
			err = errors.New("parse returned no command")
		}
		return false, err
	}
	return false, bot.Errorf(bot.Invalid, "Commands start with a slash. For example: /%s help", b.tree.Nouns()[0].Name)
}

func (b *Bot) resolveToken(ctx context.Context, c *bot.Call) (bool, error) {
	ref, err := b.ref(ctx, c.Request)
	if errors.Is(err, bot.ErrNoSuch) || err == nil && !ref.Expires.IsZero() && ref.Expires.Before(c.Now) {
		return false, bot.Errorf(
			bot.Conflict, "This is no longer valid. Please use the newest message or type the command.%s",
			typedWords(c.Request.Values),
		)
	}
	if err != nil {
		return false, err
	}
	cmd, ok := b.tree.Command(ref.Command)
	if !ok {
		return false, bot.Errorf(
			bot.Conflict, "This is no longer available. Type / to see what there is.%s", typedWords(c.Request.Values),
		)
	}
	c.Command, c.Raw, c.Quote = cmd, maps.Clone(ref.Args), ref.Quote
	if c.Raw == nil {
		c.Raw = map[string]string{}
	}
	switch {
	case ref.Open && c.Request.Values != nil:
		return false, b.resolveForm(c, ref)
	case ref.Open && ref.Person == c.Person.ID: // a form that could not be shown in time is opened again as it was
		c.Before = map[string]string{}
		for name, v := range ref.Values {
			if was, shown := ref.Opened[name]; v != was { // typed, while the rest is shown as it is by now
				c.Raw[name] = v
				if shown {
					c.Before[name] = was
				}
			}
		}
		if ref.Draft {
			c.Drafted = ref.Values
		}
		return true, nil
	case ref.Open || c.Request.Values != nil:
		return false, bot.Errorf(
			bot.Invalid, "This button and this form do not belong together. Please use the newest message.",
		)
	}
	if ref.Choose != "" {
		if c.Choice == "" {
			return false, bot.Errorf(bot.Invalid, "Nothing was chosen. Please pick one.")
		}
		c.Raw[ref.Choose] = c.Choice
	}
	if ref.Form {
		maps.Copy(c.Raw, ref.Values)
	}
	return ref.Form, nil
}

// typedWords repeats what somebody typed into a form that cannot be taken, so that it is not lost.
func typedWords(values map[string]string) string {
	var b strings.Builder
	for name, v := range values {
		if v = strings.TrimSpace(v); v != "" {
			fmt.Fprintf(&b, "\n%s: %s", name, v)
		}
	}
	if b.Len() == 0 {
		return ""
	}
	return " You had written:" + b.String()
}

func (b *Bot) resolveForm(c *bot.Call, ref bot.Ref) error {
	if ref.Person != c.Person.ID {
		return bot.Errorf(bot.Forbidden, "This form was opened by somebody else. Please open your own.")
	}
	c.Opened = ref.Opened
	if c.Opened == nil {
		c.Opened = map[string]string{}
	}
	if c.Draft {
		c.Drafted = maps.Clone(c.Request.Values)
		maps.Copy(c.Drafted, ref.Values)
	}
	for name, v := range c.Request.Values {
		p := c.Command.Param(name)
		if p == nil || (!p.Form && p.Kind != bot.RefParam) {
			return bot.Errorf(
				bot.Invalid, "The form has no field %q. Please open it again.%s", bot.Shown(name),
				typedWords(c.Command.Bare(c.Request.Values)),
			)
		}
		if _, fixed := ref.Args[p.Name]; !fixed {
			c.Raw[p.Name] = v
		}
	}
	for name, was := range ref.Values { // what was not sent with the rest is left as it was, or as an earlier draft had it
		if _, sent := c.Request.Values[name]; !sent {
			if p := c.Command.Param(name); p != nil && (p.Form || ref.Draft && p.Kind == bot.RefParam) {
				c.Raw[name] = was
			}
		}
	}
	return nil
}

// carryOut checks the right, reads the arguments, asks for those that lack and runs the handler.
func (b *Bot) carryOut(ctx context.Context, c *bot.Call, wantForm bool) (bot.Reply, error) {
	if err := b.recheck(ctx, c); err != nil {
		return bot.Reply{}, err
	}
	if !b.grants.Allow(c.Person, c.Command.Permission) {
		return bot.Reply{}, b.forbidden(c)
	}
	if c.Command.InPerson {
		if err := c.InPerson(); err != nil {
			return bot.Reply{}, err
		}
	}
	if c.Scopes != nil && !bot.Covers(c.Scopes, c.Command.Permission) {
		return bot.Reply{}, bot.Errorf(
			bot.Forbidden, "This token may not do %s. Its scopes are: %s.", c.Command.Permission, strings.Join(c.Scopes, ", "),
		)
	}
	if c.Draft {
		return b.openForm(ctx, c, c.Request.Values, nil)
	}
	if c.Request.Check && c.Opened != nil {
		return b.check(ctx, c)
	}
	if err := b.binder.Bind(ctx, c); err != nil {
		if bad := asProblems(err); bad != nil && wantForm && !c.NoForms {
			return b.openForm(ctx, c, nil, bad)
		}
		return b.refuse(ctx, c, err)
	}
	asks := c.Command.Asks && c.Opened == nil && !ask.AnyGiven(c)
	if wantForm || len(ask.Missing(c)) > 0 || asks {
		return b.ask(ctx, c)
	}
	if err := b.hold(c); err != nil {
		return bot.Reply{}, err
	}
	reply, err := c.Command.Handle(ctx, c)
	reply.Shown = err == nil && b.shown(ctx, c, reply)
	if err == nil && reply.Status == bot.Done {
		reply.Object = c.Object
	}
	var e *bot.Error
	switch errors.As(err, &e); {
	case c.Opened != nil && asProblems(err) != nil:
		return b.refuse(ctx, c, err)
	case c.Opened != nil && e != nil:
		lost := *e
		lost.Text += typedWords(c.Command.Bare(c.Request.Values))
		return bot.Reply{}, &lost
	}
	if e != nil && c.Token != "" && !c.NoForms && ask.Lacks(c, e.Field) {
		return b.openForm(ctx, c, nil, bot.Problems{e}) // a button that needs one word more
	}
	return reply, err
}

func (b *Bot) forbidden(c *bot.Call) error {
	if !c.Person.Active {
		return bot.Errorf(bot.Forbidden, "Your account is deactivated, so you cannot do this. Ask an administrator.")
	}
	who := strings.Join(b.grants.Who(c.Command.Permission), ", ")
	return bot.Errorf(
		bot.Forbidden, "You may not do this: %s needs one of the roles %s. Ask an administrator, or somebody who has one.",
		c.Command.Name, who,
	)
}

// ask opens the command's form, or where there are none names what is missing.
func (b *Bot) ask(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	missing := ask.Missing(c)
	if c.NoForms || c.Command.Title == "" {
		if len(missing) == 0 {
			return bot.Reply{}, bot.Errorf(
				bot.Invalid, "Say what to change. The command is: %s. For example: %s", c.Command.Usage(), c.Command.Example,
			)
		}
		var names []string
		for _, p := range missing {
			if p.Kind == bot.FileParam {
				return bot.Reply{}, bot.Errorf(bot.Invalid, "%s is needed. %s", p.Caption(), p.Help)
			}
			names = append(names, p.Name)
		}
		return bot.Reply{}, bot.Errorf(
			bot.Invalid, "Missing: %s. The command is: %s. For example: %s", strings.Join(names, ", "), c.Command.Usage(),
			c.Command.Example,
		).Lack(names)
	}
	if c.Opened != nil {
		var bad bot.Problems
		for _, p := range missing {
			bad = append(bad, bot.Errorf(bot.Invalid, "%s is needed. %s", p.Caption(), p.Help).About(p.Name))
		}
		return b.refuse(ctx, c, bad)
	}
	return b.openForm(ctx, c, nil, nil)
}

// refuse answers a call whose arguments were refused. A form stays open with its errors, and what was typed as a
// command can be corrected in its form.
func (b *Bot) refuse(ctx context.Context, c *bot.Call, err error) (bot.Reply, error) {
	bad := asProblems(err)
	if bad == nil {
		return bot.Reply{}, err
	}
	if c.Opened != nil {
		reply, openErr := b.openForm(ctx, c, c.Request.Values, bad)
		if openErr != nil {
			return bot.Reply{}, err
		}
		reply.Status = bot.Usage
		return reply, nil
	}
	if c.Command.Title == "" || c.NoForms {
		return bot.Reply{}, err
	}
	m := bot.Message{
		Actions: []bot.Action{{Label: "Open the form", Command: c.Command.Name, Args: nil, Values: c.Command.Bare(c.Raw), Form: true}},
	}
	return bot.Reply{Message: &m}, err
}

func asProblems(err error) bot.Problems {
	var bad bot.Problems
	var e *bot.Error
	switch {
	case errors.As(err, &bad):
		return bad
	case errors.As(err, &e) && (e.Kind == bot.Invalid || e.Field != ""):
		return bot.Problems{e}
	}
	return nil
}

// audited writes a refusal for lack of rights to the audit log, equal ones of a minute once and then their number, and
// passes err on.
func (b *Bot) audited(ctx context.Context, c *bot.Call, err error) error {
	var e *bot.Error
	if errors.As(err, &e) && e.Denied {
		action := "unknown"
		if c.Command != nil {
			action = c.Command.Name
		}
		return b.deny(ctx, c.Request, c.Person, action, e)
	}
	return err
}

func (b *Bot) deny(ctx context.Context, req bot.Request, p bot.Person, action string, e *bot.Error) error {
	if action == "" {
		action = "unknown"
	}
	actor := p.ID
	detail := e.Text
	if actor == "" {
		detail = "account " + bot.Shown(req.From.User) + ": " + detail
	}
	detail = bot.Marked(detail, req.Agent, actor)
	b.record(ctx, b.denials.add(bot.Audit{
		Actor: actor, Action: action, Result: bot.ResultDenied, Detail: detail, Source: req.Source(), At: b.clock.Now(),
	}))
	return e
}

// explain turns an error into what people are told. Errors of ours are logged elsewhere, never shown.
func (b *Bot) explain(err error, with *bot.Message) bot.Reply {
	m := bot.Message{Tone: bot.Warning}
	if with != nil {
		m.Actions = with.Actions
	}
	var e *bot.Error
	var bad bot.Problems
	switch {
	case errors.As(err, &e):
		m.Sections = []bot.Section{{Text: e.Words()}}
		status := bot.Refused
		switch e.Kind {
		case bot.Invalid:
			status = bot.Usage
		case bot.Unavailable:
			status = bot.Unready
		}
		return bot.Reply{Status: status, Message: &m, Kind: e.Kind, Errors: bot.ByField(e), After: e.After}
	case errors.As(err, &bad):
		for _, e := range bad {
			m.Sections = append(m.Sections, bot.Section{Text: e.Words()})
		}
		return bot.Reply{Status: bot.Usage, Message: &m, Kind: bot.Invalid, Errors: bot.ByField(bad...)}
	}
	m.Tone = bot.Critical
	m.Sections = []bot.Section{
		bot.Para(
			"This may not have been recorded, because Watchbell cannot reach its database or had an internal error. Please " +
				"repeat it in a moment. The log has the details.",
		),
	}
	return bot.Reply{Status: bot.Unready, Message: &m, Kind: bot.Unavailable}
}
