package change

import (
	"maps"
	"slices"
)

// Clone is a copy that shares nothing with the change that can be altered. It has no timeline entries that are not
// saved yet, as if it had just been read.
func (c *Change) Clone() *Change {
	x := *c
	x.fresh, x.revised = nil, false
	x.Services, x.Implementers = slices.Clone(c.Services), slices.Clone(c.Implementers)
	x.Answers, x.Artifacts = maps.Clone(c.Answers), slices.Clone(c.Artifacts)
	x.Risk.Factors = slices.Clone(c.Risk.Factors)
	x.Needs = c.Needs.Clone()
	x.Votes, x.Questions, x.Conditions = slices.Clone(c.Votes), slices.Clone(c.Questions), slices.Clone(c.Conditions)
	x.Acks, x.Exemptions, x.Duties = slices.Clone(c.Acks), slices.Clone(c.Exemptions), slices.Clone(c.Duties)
	x.Incidents, x.Grants, x.Asked = slices.Clone(c.Incidents), slices.Clone(c.Grants), slices.Clone(c.Asked)
	x.Labels = slices.Clone(c.Labels)
	return &x
}
