package engine

import (
	"context"
	"fmt"
	"strings"

	"github.com/watchbell/watchbell/bot"
)

// SetGroup makes a user group of a platform, like slack:@oncall, consist of these people alone. It is a PermanentError
// when the platform cannot, or nobody of them has an account there.
func (b *Bot) SetGroup(ctx context.Context, group string, people []bot.PersonID) error {
	name, group, _ := strings.Cut(group, ":")
	p, err := b.platform(name)
	if err != nil {
		return &bot.PermanentError{Err: fmt.Errorf("%s is not connected", name)}
	}
	setter, can := p.(bot.GroupSetter)
	if !can {
		return &bot.PermanentError{Err: fmt.Errorf("%s has no user groups that can be changed", name)}
	}
	var members []bot.Account
	for _, who := range people {
		a, ok, err := b.account(ctx, who, name)
		if err != nil {
			return err
		}
		if ok {
			members = append(members, a)
		}
	}
	if len(members) == 0 {
		return &bot.PermanentError{Err: fmt.Errorf("nobody of them has an account on %s", name)}
	}
	return setter.SetGroup(ctx, group, members)
}
