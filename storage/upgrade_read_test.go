package storage_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/incident"
	"github.com/watchbell/watchbell/commands/incident/response"
	"github.com/watchbell/watchbell/commands/report"
	"github.com/watchbell/watchbell/storage"
)

// readers read everything of one kind through its repository and hold it against the rows there were.
var readers = map[string]func(t *testing.T, s *storage.Store, rows map[string]int){
	"incidents": readIncidents,
	"changes":   readChanges,
	"ledger":    readLedger,
	"on call":   readOnCall,
	"reports":   readReports,
	"chat":      readChat,
	"core":      readCore,
}

// same reports a number that is not what it was.
func same(t *testing.T, what string, got, want int, err error) {
	t.Helper()
	if err != nil || got != want {
		t.Errorf("%s: %d, want %d (%v)", what, got, want, err)
	}
}

func readIncidents(t *testing.T, s *storage.Store, rows map[string]int) {
	ctx := context.Background()
	list, err := s.Incidents().List(ctx, response.Filter{Limit: 1000})
	same(t, "incidents", len(list), rows["incidents"], err)
	states, tasks, entries, responders, judged := map[incident.State]bool{}, 0, 0, 0, 0
	for _, short := range list {
		i, err := s.Incidents().Get(ctx, short.ID())
		if err != nil {
			t.Fatal(err)
		}
		states[i.State] = true
		tasks, responders, judged = tasks+len(i.Tasks), responders+len(i.Responders), judged+len(i.Judged)
		timeline, err := s.Incidents().Timeline(ctx, i.ID(), 0)
		same(t, "timeline of "+i.ID(), len(timeline), i.Entries, err)
		entries += len(timeline)
		audit, err := s.AuditOf(ctx, i.ID())
		same(t, "audit of "+i.ID(), len(notDenied(audit)), i.Version, err)
	}
	same(t, "states", len(states), 8, nil)
	same(t, "tasks", tasks, rows["incident_tasks"], nil)
	same(t, "entries", entries, rows["incident_entries"], nil)
	same(t, "responders", responders, rows["incident_responders"], nil)
	same(t, "judged changes", judged, rows["incident_changes"], nil)
}

// notDenied are the entries that are no denials.
func notDenied(audit []bot.Audit) []bot.Audit {
	return slices.DeleteFunc(audit, func(a bot.Audit) bool { return a.Result != bot.ResultDone })
}

func readChanges(t *testing.T, s *storage.Store, rows map[string]int) {
	ctx := context.Background()
	list, err := s.Changes().List(ctx, change.Filter{Limit: 1000})
	same(t, "changes", len(list), rows["changes"], err)
	states, votes, entries, grants, services, revisions := map[change.State]bool{}, 0, 0, 0, 0, 0
	for _, short := range list {
		c, err := s.Changes().Get(ctx, short.ID())
		if err != nil {
			t.Fatal(err)
		}
		states[c.State] = true
		votes, grants, services, revisions = votes+len(c.Votes), grants+len(c.Grants), services+len(c.Services), revisions+
			c.Revision
		timeline, err := s.Changes().Timeline(ctx, c.ID(), 0)
		same(t, "timeline of "+c.ID(), len(timeline), c.Entries, err)
		entries += len(timeline)
		kept, err := s.Changes().Revisions(ctx, []int64{c.Number})
		same(t, "revisions of "+c.ID(), len(kept[c.Number]), c.Revision, err)
		if _, err := s.Changes().Look(ctx, c, nil, 24*time.Hour); err != nil {
			t.Error(err)
		}
	}
	same(t, "states", len(states), 11, nil)
	same(t, "votes", votes, rows["change_votes"], nil)
	same(t, "grants", grants, rows["change_grants"], nil)
	same(t, "services", services, rows["change_services"], nil)
	same(t, "revisions", revisions, rows["change_revisions"], nil)
	same(t, "entries", entries, rows["change_entries"], nil)
}

func readLedger(t *testing.T, s *storage.Store, rows map[string]int) {
	ctx, r := context.Background(), s.Changes()
	freezes, err := r.Freezes(ctx, schema5At.AddDate(0, -2, 0))
	same(t, "freezes", len(freezes), rows["change_freezes"], err)
	delegations, err := r.Delegations(ctx, schema5At.AddDate(0, -2, 0))
	same(t, "delegations", len(delegations), rows["change_delegations"], err)
	templates, _, err := r.Template(ctx, "restart")
	approvals := 0
	for _, list := range templates {
		approvals += len(list)
	}
	same(t, "approvals of templates", approvals, rows["change_templates"], err)
	deployments, err := r.Deployments(ctx, schema5At.AddDate(0, -2, 0), schema5At)
	same(t, "deployments", len(deployments), rows["deployments"], err)
	if text, err := r.Policy(ctx, ""); err != nil || !strings.Contains(text, "Restart the shop") {
		t.Errorf("the policy is %q %v", text, err)
	}
	members, _, err := r.Members(ctx, "slack:S0OPS")
	same(t, "members of a group", len(members), 2, err)
}

func readOnCall(t *testing.T, s *storage.Store, rows map[string]int) {
	ctx, o := context.Background(), s.OnCall()
	rotas, err := o.Rotas(ctx)
	same(t, "rotas", len(rotas), rows["oncall_rotas"], err)
	overrides, handovers, pages := 0, 0, 0
	for _, rota := range rotas {
		a, err := o.Stands(ctx, rota.Name, schema5At.AddDate(0, -2, 0))
		if err != nil {
			t.Error(err)
		}
		b, err := o.Handovers(ctx, rota.Name, false, 100)
		if err != nil {
			t.Error(err)
		}
		c, err := o.Pages(ctx, rota.Name, schema5At.AddDate(0, -2, 0))
		if err != nil {
			t.Error(err)
		}
		overrides, handovers, pages = overrides+len(a), handovers+len(b), pages+len(c)
	}
	same(t, "overrides", overrides, rows["oncall_overrides"], nil)
	same(t, "hand-overs", handovers, rows["oncall_handovers"], nil)
	same(t, "pages", pages, rows["oncall_pages"], nil)
}

func readReports(t *testing.T, s *storage.Store, rows map[string]int) {
	ctx, r := context.Background(), s.Reports()
	schedules, err := r.Schedules(ctx)
	if ended := 1; err != nil || len(schedules) != rows["report_schedules"]-ended {
		t.Errorf("schedules: %d of %d rows (%v)", len(schedules), rows["report_schedules"], err)
	}
	runs, err := r.Runs(ctx, report.RunFilter{Limit: 1000})
	same(t, "runs", len(runs), rows["report_runs"], err)
	acks, actions := 0, 0
	for _, short := range runs {
		run, err := r.Run(ctx, short.Number)
		if err != nil {
			t.Fatal(err)
		}
		list, err := r.Acks(ctx, run.Number)
		if err != nil {
			t.Error(err)
		}
		acks += len(list)
		if run.Review != nil {
			actions += len(run.Review.Actions)
		}
	}
	same(t, "acks", acks, rows["report_acks"], nil)
	same(t, "actions", actions, rows["report_actions"], nil)
	calendars, err := r.FreeDays(ctx)
	same(t, "calendars", len(calendars), rows["report_calendars"], err)
	facts, err := r.Facts(ctx, schema5At.AddDate(0, -2, 0), schema5At, nil)
	if err != nil || len(facts.Incidents) == 0 || len(facts.Changes) == 0 {
		t.Errorf("facts: %+v %v", facts, err)
	}
}

func readChat(t *testing.T, s *storage.Store, rows map[string]int) {
	ctx := context.Background()
	everything, err := s.Chat().Changes(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "channels", len(everything.Channels), rows["chat_channels"], nil)
	same(t, "posts", len(everything.Posts), rows["chat_posts"], nil)
}

func readCore(t *testing.T, s *storage.Store, rows map[string]int) {
	ctx := context.Background()
	people, err := s.People(ctx)
	accounts := 0
	for _, p := range people {
		accounts += len(p.Accounts)
	}
	same(t, "people", len(people), rows["people"], err)
	same(t, "accounts", accounts, rows["accounts"], nil)
	tokens, err := s.Tokens(ctx, "")
	same(t, "tokens", len(tokens), rows["tokens"], err)
	dead, err := s.DeadJobs(ctx, 10)
	same(t, "dead jobs", len(dead), 1, err)
	queue, err := s.QueueState(ctx, schema5At.AddDate(1, 0, 0))
	same(t, "waiting jobs", int(queue.Waiting), rows["jobs"]-1, err)
	if secret, err := s.Secret(ctx); err != nil || len(secret) == 0 {
		t.Errorf("the secret: %d bytes %v", len(secret), err)
	}
	refs, err := s.SQL().Query("SELECT token FROM refs")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for refs.Next() {
		var name string
		if err := refs.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	_ = refs.Close()
	same(t, "refs", len(names), rows["refs"], refs.Err())
	for _, name := range names {
		if _, err := s.Ref(ctx, name); err != nil {
			t.Errorf("ref %s: %v", name, err)
		}
	}
}
