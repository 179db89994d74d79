package policy

import "github.com/watchbell/watchbell/bot/yamlfile"

// Short for the words of the schema.
type (
	node   = yamlfile.Node
	fields = yamlfile.Fields
)

// reader reads the file as it is written. Every key is in this source file; an unknown one is refused.
type reader struct{ *yamlfile.Reader }

// readFile reads the texts, numbers and lists of a policy; whether they make sense is for the checker.
func readFile(text []byte) (*policyFile, yamlfile.Problems) {
	in, root, problems := form.Parse("", text)
	switch {
	case problems != nil:
		return nil, problems
	case root.Kind == yamlfile.Nothing: // all lines are comments
		return nil, yamlfile.Problems{{Text: "the file is empty. " + form.Empty}}
	}
	r := &reader{in}
	f := r.file(root)
	if problems := r.Done(); problems != nil {
		return nil, problems
	}
	return f, nil
}

func (r *reader) file(n node) *policyFile {
	f := &policyFile{}
	r.Fields(n, fields{
		"version":      into(&f.Version, r.Number),
		"environments": into(&f.Environments, r.texts),
		"defaults":     into(&f.Defaults, r.defaults),
		"groups": func(n node) {
			r.Entries(n, func(n node) { f.Groups = append(f.Groups, r.group(n)) })
		},
		"managers": into(&f.Managers, r.text),
		"emergency": func(n node) {
			r.Fields(n, fields{"submitters": into(&f.Emergency.Submitters, r.text)})
		},
		"break_glass": func(n node) {
			r.Fields(n, fields{"who": into(&f.BreakGlass.Who, r.text)})
		},
		"rules":       each(r, &f.Rules, r.rule),
		"freezes":     each(r, &f.Freezes, r.freeze),
		"maintenance": each(r, &f.Maintenance, r.maintenance),
		"templates":   each(r, &f.Templates, r.template),
		"cases":       each(r, &f.Cases, r.testCase),
	})
	return f
}

func (r *reader) defaults(n node) fileDefaults {
	var f fileDefaults
	r.Fields(n, fields{
		"timezone":         into(&f.Timezone, r.text),
		"pending_ttl":      into(&f.PendingTTL, r.text),
		"approved_ttl":     into(&f.ApprovedTTL, r.text),
		"reject":           optional(&f.Reject, r.reject),
		"on_edit":          into(&f.OnEdit, r.text),
		"on_policy_change": into(&f.OnPolicyChange, r.text),
		"on_eval_error":    into(&f.OnEvalError, r.text),
		"sod":              into(&f.SoD, r.duties),
		"externals":        into(&f.Externals, r.text),
		"assurance": func(n node) {
			f.Assurance = map[string]string{}
			r.Entries(n, func(n node) { f.Assurance[n.Key] = r.text(n) })
		},
		"max_per_service_and_day": into(&f.MaxPerDay, r.Number),
		"lead_time":               into(&f.LeadTime, r.text),
	})
	return f
}

func (r *reader) reject(n node) (f fileReject) {
	r.Fields(n, fields{"quorum": into(&f.Quorum, r.Number), "min_reason": into(&f.MinReason, r.Number)})
	return f
}

func (r *reader) duties(n node) (f fileSoD) {
	r.Fields(n, fields{
		"requester":              into(&f.Requester, r.text),
		"implementer":            into(&f.Implementer, r.text),
		"author":                 into(&f.Author, r.text),
		"distinct_across_stages": optional(&f.Distinct, r.Yes),
	})
	return f
}

func (r *reader) group(n node) fileGroup {
	f := fileGroup{Name: n.Key}
	r.Fields(n, fields{
		"static":             into(&f.Static, r.texts),
		"roles":              into(&f.Roles, r.texts),
		"groups":             into(&f.Groups, r.texts),
		"slack_usergroup":    into(&f.Usergroup, r.text),
		"discord_role":       into(&f.Role, r.text),
		"service_owner_team": into(&f.Owners, r.Yes),
		"fallback":           into(&f.Fallback, r.text),
	})
	return f
}

func (r *reader) rule(n node) fileRule {
	var f fileRule
	r.Fields(n, fields{
		"id":                    into(&f.ID, r.text),
		"when":                  into(&f.When, r.when),
		"expr":                  into(&f.Expr, r.text),
		"auto_approve":          into(&f.Auto, r.Yes),
		"start_before_approval": into(&f.Start, r.Yes),
		"stages":                each(r, &f.Stages, r.stage),
		"retro":                 optional(&f.Retro, r.stage),
		"require":               into(&f.Require, r.require),
		"risk":                  into(&f.Risk, r.text),
		"fallback":              into(&f.Fallback, r.Yes),
	})
	return f
}

func (r *reader) when(n node) (f fileWhen) {
	r.Fields(n, fields{
		"type":           into(&f.Type, r.words),
		"risk":           into(&f.Risk, r.words),
		"env":            into(&f.Env, r.words),
		"service":        into(&f.Service, r.words),
		"service_tag":    into(&f.ServiceTag, r.words),
		"tier":           into(&f.Tier, r.words),
		"template":       into(&f.Template, r.words),
		"template_state": into(&f.TemplateState, r.text),
	})
	return f
}

func (r *reader) stage(n node) (f fileStage) {
	r.Fields(n, fields{
		"name":   into(&f.Name, r.text),
		"from":   into(&f.From, r.text),
		"quorum": into(&f.Quorum, r.Number),
		"after":  into(&f.After, r.words),
		"due":    into(&f.Due, r.text),
	})
	return f
}

func (r *reader) require(n node) (f fileRequire) {
	r.Fields(n, fields{
		"maintenance_window": into(&f.Maintenance, r.Yes),
		"no_freeze":          into(&f.NoFreeze, r.Yes),
		"backout_plan":       into(&f.Backout, r.Yes),
		"test_evidence":      into(&f.Test, r.Yes),
		"lead_time":          into(&f.LeadTime, r.text),
		"artifact":           into(&f.Artifact, r.Yes),
	})
	return f
}

func (r *reader) freeze(n node) (f fileFreeze) {
	r.Fields(n, fields{
		"id":     into(&f.ID, r.text),
		"mode":   into(&f.Mode, r.text),
		"from":   into(&f.From, r.text),
		"to":     into(&f.To, r.text),
		"weekly": each(r, &f.Weekly, r.span),
		"tz":     into(&f.TZ, r.text),
		"reason": into(&f.Reason, r.text),
		"owner":  into(&f.Owner, r.text),
		"scope":  into(&f.Scope, r.scope),
		"allow": func(n node) {
			r.Fields(n, fields{"types": into(&f.Allow.Types, r.words)})
		},
		"exemption": optional(&f.Exemption, r.stage),
	})
	return f
}

func (r *reader) maintenance(n node) (f fileMaintenance) {
	r.Fields(n, fields{
		"id":     into(&f.ID, r.text),
		"from":   into(&f.From, r.text),
		"to":     into(&f.To, r.text),
		"weekly": each(r, &f.Weekly, r.span),
		"tz":     into(&f.TZ, r.text),
		"scope":  into(&f.Scope, r.scope),
	})
	return f
}

func (r *reader) span(n node) (f fileSpan) {
	r.Fields(n, fields{"from": into(&f.From, r.text), "to": into(&f.To, r.text)})
	return f
}

func (r *reader) scope(n node) (f fileScope) {
	r.Fields(n, fields{
		"env":     into(&f.Env, r.words),
		"service": into(&f.Service, r.words),
		"tag":     into(&f.Tag, r.words),
		"not_tag": into(&f.NotTag, r.words),
	})
	return f
}

func (r *reader) template(n node) (f fileTemplate) {
	r.Fields(n, fields{
		"name":         into(&f.Name, r.text),
		"title":        into(&f.Title, r.text),
		"why":          into(&f.Why, r.text),
		"plan":         into(&f.Plan, r.text),
		"test":         into(&f.Test, r.text),
		"backout":      into(&f.Backout, r.text),
		"services":     into(&f.Services, r.words),
		"env":          into(&f.Env, r.words),
		"max_duration": into(&f.MaxDuration, r.text),
		"owner":        into(&f.Owner, r.text),
		"review_by":    into(&f.ReviewBy, r.text),
	})
	return f
}

func (r *reader) testCase(n node) (f Case) {
	r.Fields(n, fields{
		"name": into(&f.Name, r.text),
		"change": func(n node) {
			r.Fields(n, fields{
				"type":            into(&f.Change.Type, r.text),
				"env":             into(&f.Change.Env, r.text),
				"risk":            into(&f.Change.Risk, r.text),
				"services":        into(&f.Change.Services, r.texts),
				"template":        into(&f.Change.Template, r.text),
				"template_active": into(&f.Change.Active, r.Yes),
				"requester":       into(&f.Change.Requester, r.text),
				"start":           into(&f.Change.Start, r.text),
				"lead":            into(&f.Change.Lead, r.text),
				"backout_plan":    optional(&f.Change.Backout, r.Yes),
				"test_evidence":   optional(&f.Change.Test, r.Yes),
			})
		},
		"expect": func(n node) {
			r.Fields(n, fields{
				"stages": into(&f.Expect.Stages, r.texts),
				"quorums": func(n node) {
					f.Expect.Quorums = map[string]int{}
					r.Entries(n, func(n node) { f.Expect.Quorums[n.Key] = r.Number(n) })
				},
				"retro":                 into(&f.Expect.Retro, r.texts),
				"rules":                 into(&f.Expect.Rules, r.texts),
				"auto_approve":          optional(&f.Expect.Auto, r.Yes),
				"start_before_approval": optional(&f.Expect.Start, r.Yes),
			})
		},
	})
	return f
}

func (r *reader) text(n node) string {
	text, _ := r.Text(n)
	return text
}

// texts is a list of texts. An empty one is not nil: a case may expect that nobody is asked.
func (r *reader) texts(n node) []string {
	if !r.Is(n, yamlfile.List) {
		return nil
	}
	list := []string{}
	r.Items(n, func(n node) { list = append(list, r.text(n)) })
	return list
}

func (r *reader) words(n node) words {
	switch n.Kind {
	case yamlfile.Scalar, yamlfile.Nothing:
		return words{r.text(n)}
	case yamlfile.List:
		if len(n.Children) == 0 {
			r.Problem(n.At, "this list is empty, so nothing could ever match it: leave the key out, or name something.")
		}
		return r.texts(n)
	}
	r.Problem(n.At, "this has to be a text or a list of texts, like prod or [prod, staging].")
	return nil
}

// into reads a value and keeps it in to.
func into[T any](to *T, read func(node) T) func(node) {
	return func(n node) { *to = read(n) }
}

// optional is into for what makes a difference when it is left out.
func optional[T any](to **T, read func(node) T) func(node) {
	return func(n node) {
		if value := read(n); n.Kind != yamlfile.Nothing {
			*to = &value
		}
	}
}

// each reads the items of a list and appends them to to.
func each[T any](r *reader, to *[]T, read func(node) T) func(node) {
	return func(n node) {
		r.Items(n, func(n node) { *to = append(*to, read(n)) })
	}
}
