package matrix

import (
	"fmt"

	"github.com/watchbell/watchbell/bot"
)

// Scores are the assessments of a risk.
type Scores struct {
	Inherent Assessment // without anything that is done about it
	Residual Assessment // with all that is done
	// Held is what both were when their rules last looked, however they are changed.
	Held [2]Assessment
}

// Now is the assessment that counts: the residual one where it is known.
func (s *Scores) Now() Assessment { return counting(s.Inherent, s.Residual) }

func counting(inherent, residual Assessment) Assessment {
	if residual.Score() > 0 {
		return residual
	}
	return inherent
}

// Level is the level that counts, "" where nothing is known.
func (s *Scores) Level() Level {
	if s.Now().Score() == 0 {
		return ""
	}
	return LevelOf(s.Now().Score())
}

// Settle holds the scores of a risk of that id to their rules, and says how they changed since they were last held to
// them, "" for not at all. controlled reports whether something that is finished lowers the risk.
func (s *Scores) Settle(id string, controlled func() bool) (changed string, err error) {
	invalid := func(field, format string, args ...any) (string, error) {
		return "", bot.Errorf(bot.Invalid, format, args...).About(field)
	}
	was, is := counting(s.Held[0], s.Held[1]), s.Residual.Score()
	switch {
	case s.Inherent.half():
		return invalid("impact", "Give likelihood and impact together, like likelihood=3 impact=5.")
	case s.Residual.half():
		return invalid("residual-impact", "Give both of them, like residual-likelihood=2 residual-impact=4.")
	case is > 0 && s.Inherent.Score() == 0:
		return invalid("likelihood", "Score the inherent risk first, without any treatment, like likelihood=3 impact=5.")
	case is > s.Inherent.Score():
		return invalid("residual-impact", "The residual score, %d, is higher than the inherent score, %d. Raise likelihood "+
			"or impact first.", is, s.Inherent.Score())
	case is > 0 && s.Residual != s.Held[1] && is < was.Score() && !controlled():
		return invalid("residual-impact", "Nothing that is finished lowers the score from %d to %d. Link a control or a "+
			"finished change first: /ops link %s mitigated by CHG-1", was.Score(), is, id)
	}
	if held := [2]Assessment{s.Inherent, s.Residual}; held != s.Held {
		if s.Now() != was {
			changed = fmt.Sprintf("%s, was %s", s.Now(), was)
		}
		s.Held = held
	}
	return changed, nil
}
