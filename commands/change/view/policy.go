package view

import (
	"fmt"
	"strings"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/policy"
)

// policyHead begins a message about the policy in force. problem is what is wrong with its file by now.
func policyHead(p *policy.Policy, problem string) bot.Message {
	m := bot.Message{Title: "Change policy " + p.SHA[:12], Tone: bot.Info}
	if problem != "" {
		m.Tone = bot.Critical
		refused := bot.Bold("The changed file is refused, so this policy stays in force. ")
		m.Sections = append(m.Sections, bot.Para(refused, value.Cut(problem, 1000)))
	}
	return m
}

// Rules lists the rules of a policy in words.
func Rules(p *policy.Policy, problem string) bot.Message {
	m := policyHead(p, problem)
	for _, r := range p.Rules {
		q := policy.Requirement{Stages: r.Stages, Start: r.Start}
		if r.Auto {
			q.Auto = r.ID
		}
		if r.Retro != nil {
			q.Retro = []policy.Stage{*r.Retro}
		}
		line := r.When.Label()
		if r.Cond != "" {
			line += " and " + r.Cond
		}
		if r.Fallback {
			line = "when no other rule asks for anything"
		}
		m.Sections = append(m.Sections, bot.Para(bot.Bold(r.ID+" "), line+": "+q.Summary()))
	}
	m.Context = []bot.Text{bot.T("Test a file with: watchbell change policy test FILE")}
	return m
}

// CaseResults runs the cases of a policy.
func CaseResults(p *policy.Policy, problem string, cases []policy.Case, k policy.Catalog) bot.Message {
	m := policyHead(p, problem)
	failed := 0
	for _, x := range cases {
		mark, text := "✔ ", ""
		if bad := p.Check(x, k); len(bad) > 0 {
			mark, text, failed = "✖ ", ": "+strings.Join(bad, "; "), failed+1
		}
		m.Sections = append(m.Sections, bot.Para(mark+x.Name+text))
	}
	m.Sections = append(m.Sections, bot.Para(fmt.Sprintf("%s, %d failed.", value.Counted(len(cases), "case"), failed)))
	return m
}

// Reasons says why a change needs what it needs, and whether it can start.
func Reasons(x *change.Change, w change.World, at time.Time) bot.Message {
	m := bot.Message{Title: "Why " + x.ID() + " needs what it needs", Tone: bot.Info}
	if x.Needs.SHA != "" {
		by := " (policy " + x.Needs.SHA[:12] + ", rules " + value.Listed(x.Needs.Rules) + ")"
		m.Sections = append(m.Sections, bot.Para(bot.Bold("Asked for "), x.Needs.Summary()+by))
	}
	probe := *x
	if x.Risk.Level == "" {
		probe.Risk = probe.Assess(w, at)
	}
	score := bot.T(bot.Bold(fmt.Sprintf("Score %d of 100 (%s). ", probe.Risk.Score, probe.Risk.Level)))
	m.Sections = append(m.Sections, bot.Section{Text: append(score, RiskText(&probe, 20)...)})
	if w.Policy != nil {
		q, results := w.Policy.Evaluate(probe.Facts(w, at))
		var lines []bot.Text
		for _, r := range results {
			mark := "✖ "
			if r.Matched {
				mark = "✔ "
			}
			lines = append(lines, bot.T(mark, bot.Bold(r.Rule.ID), ": "+r.Why))
		}
		now := bot.T(bot.Bold("By the policy in force ("+w.Policy.SHA[:12]+"): "), q.Summary()+"\n")
		m.Sections = append(m.Sections, bot.Section{Text: append(now, Joined(lines, "\n")...)})
		if why, missing := x.Outdated(w, at); x.State == change.Approved && len(missing) > 0 {
			m.Sections = append(m.Sections, bot.Para("⛔ Not enough any more, because "+why+": "+strings.Join(missing, "; ")))
		}
	}
	if x.State.Open() {
		var lines []string
		for _, b := range x.Blockers(w, at) {
			lines = append(lines, b.Text)
		}
		if len(lines) > 0 {
			m.Sections = append(m.Sections, bot.Para(bot.Bold("It cannot start now: "), strings.Join(lines, "; ")))
		} else {
			m.Sections = append(m.Sections, bot.Para(bot.Bold("It can start now.")))
		}
	}
	return m
}

// Templates lists those of standard changes, each with how it did by now.
func Templates(list []policy.Template, records map[string]policy.TemplateRecord, now time.Time) bot.Message {
	m := bot.Message{Title: "Templates of standard changes", Tone: bot.Info}
	for _, t := range list {
		record := records[t.Name]
		state := "active: may be used without asking"
		if why := t.Active(record, now); why != "" {
			state = "asks people, because " + why
		}
		about := " " + value.Isolate(t.Title) + " · " + value.Listed(t.Services) + " in " + value.Listed(t.Envs) +
			" · at most " + value.FormatDuration(t.Longest) + " · owner "
		runs := fmt.Sprintf(" · %d runs\n", len(record.Runs))
		m.Sections = append(m.Sections, bot.Para(bot.Bold(t.At()), about, t.Owner, runs+state))
		if len(m.Actions) < 5 {
			m.Actions = append(m.Actions, bot.Action{
				Label:   "Approve " + t.Name,
				Command: "change.template",
				Args:    map[string]string{"what": "approve", "name": t.Name},
				Confirm: value.Cut("Approve this template for use without asking? Plan: "+t.Plan, 280),
			})
		}
	}
	if len(list) == 0 {
		none := "The policy has no templates. Add them to the policy file under templates."
		m.Sections = []bot.Section{bot.Para(none)}
	}
	return m
}
