package desk

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/register/record"
)

// Chat reaches people, and knows what they own elsewhere.
type Chat interface {
	Platforms() []string
	AccountOf(ctx context.Context, who bot.PersonID, platform string) (bot.Account, bool, error)
	Direct(ctx context.Context, key, object string, who bot.PersonID, m bot.Message) error
	DirectUpload(ctx context.Context, key, object string, who bot.Account, f bot.File) error
	DirectShow(ctx context.Context, key, object string, who bot.PersonID, m bot.Message) error
	AddJobs(ctx context.Context, jobs []bot.Job) error
	Estates() []*bot.Estate
}

// Reaches is the platform on which a file reaches whoever asks for it: the one they ask on, or for somebody at a
// terminal any other that they have an account on; "" if none.
func (d *Desk) Reaches(ctx context.Context, c *bot.Call) (string, error) {
	if d.chat == nil || c.Scopes != nil { // programs come by tokens
		return "", nil
	}
	platforms := d.chat.Platforms()
	if slices.Contains(platforms, c.From.Platform) {
		return c.From.Platform, nil
	}
	for _, platform := range platforms {
		if _, ok, err := d.chat.AccountOf(ctx, c.Person.ID, platform); ok || err != nil {
			return platform, err
		}
	}
	return "", nil
}

// SendBy makes files go to people by a chat. Without one they are only given to programs.
func (d *Desk) SendBy(chat Chat) { d.chat = chat }

// Chat is what sends files. It is nil where there is none.
func (d *Desk) Chat() Chat { return d.chat }

// Remembering is the desk as it reads by a memory, for decisions on thousands of records of a kind.
func (d *Desk) Remembering(kind string) (*Desk, *record.Memory) {
	with, m := *d, record.Remember(d.store, kind)
	var people []bot.Person
	with.store, with.o.People = m, func(ctx context.Context) ([]bot.Person, error) {
		if people != nil {
			return people, nil
		}
		var err error
		people, err = d.o.People(ctx)
		return people, err
	}
	return &with, m
}

// importCommands apply what was tried, and take back what was applied.
func (d *Desk) importCommands() []bot.Command {
	which := bot.Param{
		Name: "import", Kind: bot.RefParam, Prefix: record.ImportPrefix, Bare: true, Required: true,
		Help: "Its id, like IMP-1.",
	}
	sum := bot.Param{Name: "sum", Kind: bot.TextParam, Max: 64, Hidden: true} // of the file that the button is about
	return []bot.Command{
		{
			Name: "ops.apply", Summary: "apply an import that was tried", Example: "/ops apply IMP-1",
			Params: []bot.Param{which, sum}, Handle: d.apply,
		},
		{
			Name: "ops.undo", Summary: "take back an import, if nothing of it was changed since", Example: "/ops undo IMP-1",
			Params: []bot.Param{which}, Handle: d.undo,
		},
	}
}

// imported is the import that a call names, to somebody who may import what it is of.
func (d *Desk) imported(ctx context.Context, c *bot.Call) (record.Import, Register, error) {
	id := c.Text("import")
	_, digits, _ := strings.Cut(id, "-")
	number, err := strconv.ParseInt(digits, 10, 64)
	if err != nil {
		return record.Import{}, nil, fmt.Errorf("import %q: %w", id, err)
	}
	i, err := d.store.Import(ctx, number)
	b := d.Register(i.Kind)
	if errors.Is(err, bot.ErrNoSuch) || err == nil && (b == nil || !c.May(i.Kind+".import")) {
		return i, nil, bot.Errorf(
			bot.NotFound, "There is no import %s. One that is not applied within a day is forgotten: import the file again.", id,
		)
	}
	return i, b, err
}

// apply applies exactly what a trial showed.
func (d *Desk) apply(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	i, _, err := d.imported(ctx, c)
	if err != nil {
		return bot.Reply{}, err
	}
	again := fmt.Sprintf("Import the file again to see what it does now: /ops %s import", i.Kind)
	switch {
	case !i.Applied.IsZero():
		return bot.Reply{}, bot.Errorf(bot.Conflict, "%s was applied already.", i.ID())
	case c.Given("sum") && c.Text("sum") != i.Sum:
		return bot.Reply{}, bot.Errorf(bot.Conflict, "%s is another file by now. %s", i.ID(), again)
	case i.By != c.Person.ID:
		return bot.Reply{}, bot.Errorf(
			bot.Conflict, "@%s tried %s, so only they apply it. Import the file yourself.", string(i.By), i.ID(),
		)
	case c.Now.Sub(i.At) > record.StagedFor:
		return bot.Reply{}, bot.Errorf(bot.Conflict, "%s was tried more than a day ago. %s", i.ID(), again)
	}
	reply, err := d.commit(ctx, c, i, fmt.Sprintf("%s of %s, SHA-256 %s", said(&i), i.File, i.Sum))
	var moved *record.MovedError
	if errors.As(err, &moved) {
		return bot.Reply{}, bot.Errorf(bot.Conflict, "%s since it was tried, so nothing was applied. %s", what(moved), again)
	}
	return reply, err
}

// commit makes an import visible.
func (d *Desk) commit(ctx context.Context, c *bot.Call, i record.Import, detail string) (bot.Reply, error) {
	m := bot.Say(bot.Bold(i.ID()), ": "+said(&i)+".")
	m.Actions = []bot.Action{{
		Label: "Undo", Command: "ops.undo", Args: map[string]string{"import": i.ID()}, Style: bot.Danger,
		Confirm: "Take back all of " + i.ID() + "?",
	}}
	e := c.Effects(i.ID(), 1, detail)
	e.Answer = bot.Answer(m)
	return e.Answer, d.store.Apply(ctx, i.Number, e)
}

// said is what an import did.
func said(i *record.Import) string {
	noun := i.Kind
	s := fmt.Sprintf("%s added, %d changed", value.Counted(i.Created, noun), i.Changed)
	if i.Undoes > 0 {
		s = fmt.Sprintf("%s undone: %s as before", record.ImportID(i.Undoes), value.Counted(i.Changed, noun))
	}
	return s
}

// what says what is no longer as it was.
func what(e *record.MovedError) string {
	switch {
	case len(e.Records) == 0:
		return "Records were added, or people or what is linked were changed"
	case len(e.Records) == 1:
		return e.Records[0] + " was changed"
	case len(e.Records) > FirstMoved:
		return strings.Join(e.Records[:FirstMoved], ", ") + " and more were changed"
	}
	return value.Listed(e.Records) + " were changed"
}

// FirstMoved is how many of the records that changed meanwhile are named.
const FirstMoved = 5

// undo takes back an import.
func (d *Desk) undo(ctx context.Context, c *bot.Call) (bot.Reply, error) {
	i, b, err := d.imported(ctx, c)
	if err != nil {
		return bot.Reply{}, err
	}
	switch {
	case i.Applied.IsZero():
		return bot.Reply{}, bot.Errorf(bot.Conflict, "%s was tried and not applied, so there is nothing to undo.", i.ID())
	case i.Undone > 0:
		return bot.Reply{}, bot.Errorf(bot.Conflict, "%s was undone already, by %s.", i.ID(), record.ImportID(i.Undone))
	}
	back, err := b.Undo(ctx, c, i)
	var reply bot.Reply
	if err == nil {
		reply, err = d.commit(ctx, c, back, "takes back "+i.ID())
	}
	var moved *record.MovedError
	if errors.As(err, &moved) {
		return bot.Reply{}, bot.Errorf(bot.Conflict, "%s since, so %s cannot be undone as a whole.", what(moved), i.ID())
	}
	return reply, err
}
