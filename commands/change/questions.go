package change

import (
	"time"

	"github.com/watchbell/watchbell/bot"
)

// Ask stops the clock until somebody answers.
func (c *Change) Ask(b Ballot, text string, r Roster, d []Delegation, at time.Time) error {
	if c.State != Pending {
		return c.Over()
	}
	if b.Revision != 0 && b.Revision != c.Revision {
		return ChangedError{b.Revision}
	}
	if err := c.barred(b.Person); err != nil {
		return err
	}
	s, err := c.chooseStage(b, r, d, at)
	if err != nil {
		return err
	}
	c.Questions = append(c.Questions, Question{N: len(c.Questions) + 1, Stage: s.Name, By: b.Person, At: at, Text: text})
	c.stopClock(at)
	c.Log(AskedEntry, b.Person, at, "Asks: "+text)
	return nil
}

// OpenQuestion is the first that waits for an answer, of anybody but the given person.
func (c *Change) OpenQuestion(but bot.PersonID) *Question {
	for i := range c.Questions {
		if q := &c.Questions[i]; q.Answered.IsZero() && (but == "" || q.By != but) {
			return q
		}
	}
	return nil
}

// Answer answers the oldest open question.
func (c *Change) Answer(by bot.PersonID, text string, at time.Time) error {
	if c.State != Pending {
		return c.Over()
	}
	if !c.Owns(by) && !c.Implements(by) {
		return bot.Errorf(
			bot.Forbidden, "%s requested %s and is asked. You can add what you know in the thread.", c.Requester, c.ID(),
		)
	}
	q := c.OpenQuestion("")
	if q == nil {
		return bot.Errorf(bot.Conflict, "No question about %s waits for an answer.", c.ID())
	}
	q.Answer, q.AnsweredBy, q.Answered = text, by, at
	c.Log(AnsweredEntry, by, at, "Answers: "+text)
	c.runClock(at)
	return nil
}
