package register

import (
	"fmt"
	"slices"

	"github.com/watchbell/watchbell/bot"
)

// Approvable is a record that embeds an Approval.
type Approvable[T any] interface {
	Record[T]
	Approving() *Approval
}

// Approvals are the verbs by which people approve and refuse. approved does what was asked for, and says so like Do.
func Approvals[T any, P Approvable[T]](approved func(c *bot.Call, x *T) (string, error)) []Verb[T] {
	seen := bot.Param{Name: "seen", Kind: bot.TextParam, Max: 16, Hidden: true}
	why := bot.Param{
		Name: "why", Label: "Why", Kind: bot.TextParam, Bare: true, Form: true, Required: true, Max: 500,
		Help: "What would have to be different.",
	}
	return []Verb[T]{
		{
			Command: bot.Command{
				Name: "approve", Summary: "approve what somebody asks for", InPerson: true, Params: []bot.Param{seen},
			},
			Anybody: true,
			Do: func(c *bot.Call, x *T) (string, error) {
				a, of := P(x).Approving(), P(x).Base().Row()
				enough, err := a.Approve(of, c.Command.Noun(), c.Person.ID, c.Text("seen"))
				if err != nil {
					return "", err
				}
				if !enough {
					return fmt.Sprintf("approved, %d of %d", len(a.Pending.Yes), a.Pending.Quorum), nil
				}
				said, err := approved(c, x)
				a.Pending = nil
				return said, err
			},
		},
		{
			Command: bot.Command{
				Name: "refuse", Title: "Refuse", Submit: "Refuse", Summary: "refuse what somebody asks for, or withdraw it",
				Example: "\"mitigate it first\"", InPerson: true, Params: []bot.Param{why, seen},
			},
			Anybody: true,
			Do: func(c *bot.Call, x *T) (string, error) {
				a, of := P(x).Approving(), P(x).Base().Row()
				q, err := a.Open(of, c.Command.Noun(), c.Text("seen"))
				if err != nil {
					return "", err
				}
				said := "refused to "
				switch {
				case c.Person.ID == q.By:
					said = "withdrew the request to "
				case !slices.Contains(q.From, c.Person.ID):
					return "", q.Others(of)
				}
				a.Pending = nil
				return said + q.What + ": " + c.Text("why"), nil
			},
		},
	}
}
