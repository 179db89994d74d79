package storage_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/watchbell/watchbell/commands/change/plan"

	"github.com/watchbell/watchbell/adapters/web"
	"github.com/watchbell/watchbell/adapters/web/login"
	"github.com/watchbell/watchbell/adapters/web/login/passkey"
	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/access"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/bot/value"
	"github.com/watchbell/watchbell/commands/account"
	"github.com/watchbell/watchbell/commands/change"
	"github.com/watchbell/watchbell/commands/change/policy"
	"github.com/watchbell/watchbell/commands/due"
	"github.com/watchbell/watchbell/commands/incident"
	"github.com/watchbell/watchbell/commands/incident/response"
	"github.com/watchbell/watchbell/commands/oncall"
	"github.com/watchbell/watchbell/commands/report"
	"github.com/watchbell/watchbell/commands/report/digest"
	"github.com/watchbell/watchbell/commands/report/figures"
	"github.com/watchbell/watchbell/commands/report/timetable"
	"github.com/watchbell/watchbell/storage"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// costing is what a statement cost.
type costing struct {
	sql        string
	cost, most int
	unit       string
}

// mayWalk are the statements that may read a table from end to end, each with its reason.
var mayWalk = map[string]string{
	"SELECT * FROM audit WHERE seq > ":          "the whole log is checked",
	"c.created_at >= ? AND c.created_at < ? OR": "evidence of a period is an export, read once in the order of the numbers",
	"c.created_at >= $":                         "the same on PostgreSQL, and what measures read of half a year",
	"SELECT (SELECT count(*) FROM jobs WHERE":   "for monitoring: what waits is no history",
	"SELECT * FROM posted WHERE object = ":      "for tests only",
	"\"open\" FROM \"dues\" ORDER BY day": "at a start and every night all that is due is compared with the " +
		"things it is of",
	"`open` FROM `dues` ORDER BY day":            "the same on SQLite",
	"SELECT id FROM people WHERE active AND NOT": "people do not grow with work",
	"words LIKE":                             "a search through all registers reads what an organisation keeps, which is no history",
	"SELECT id FROM people WHERE NOT active": "the same for what nobody owns",
	"`login_subjects` WHERE member_of":       "accounts do not grow with work, and this is once a start",
	"\"login_subjects\" WHERE member_of":     "the same on PostgreSQL",
}

// Every method of every repository that reads or writes a table, called on one that has thousands of everything: no
// statement may do more than what it returns asks for. A method that is missing here fails the test.
func TestNoStatementCostsMoreInALongHistory(t *testing.T) {
	storagetest.Each(t, func(t *testing.T, url string) {
		const n = 20_000 // of few rows PostgreSQL rightly reads all
		storagetest.WithPeople(t, url, "test")
		grown(t, url, n)
		var watch func(func(context.Context)) []costing
		var s *storage.Store
		if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
			s = storagetest.Open(t, url)
			watch = sqliteWorkOf(t, s, path)
		} else {
			s = storagetest.Open(t, planned(t, url))
			watch = postgresWorkOf(t, s)
		}
		calls := allCalls(s, n)
		for _, r := range []any{
			s, s.Accounts(), s.Incidents(), s.Changes(), s.Reports(), s.OnCall(), s.Chat(), s.Reminders(), s.Registers(),
			s.Login(), s.Notify(),
		} {
			of := reflect.TypeOf(r)
			for k := range of.NumMethod() {
				name := strings.TrimPrefix(of.String(), "*") + "." + of.Method(k).Name
				do, known := calls[name]
				if !known && noStatements[of.Method(k).Name] == "" {
					t.Errorf("%s is not called by this test: add it to allCalls", name)
				}
				for k, call := range do {
					holds(t, strings.HasPrefix(url, "postgres"), name, k, watch, call)
				}
			}
		}
	})
}

func holds(
	t *testing.T, holdsAll bool, name string, k int, watch func(func(context.Context)) []costing,
	call func(context.Context) error,
) {
	t.Helper()
	var err error
	all := watch(func(ctx context.Context) { err = call(ctx) })
	var known *bot.Error
	if err != nil && !errors.Is(err, bot.ErrNoSuch) && !errors.Is(err, bot.ErrRepeated) && !errors.As(err, &known) &&
		!errors.Is(err, bot.ErrLeaseLost) {
		t.Errorf("%s, call %d: %v", name, k, err)
	}
	if len(all) == 0 && holdsAll { // what a commit writes on SQLite does not go through GORM
		t.Errorf("%s, call %d: no statement was seen", name, k)
	}
	for _, w := range all {
		if w.cost > w.most && !walks(w.sql) {
			t.Errorf("%s, call %d: %s, at most %d: %s", name, k, w.unit, w.most, w.sql)
		}
	}
}

func walks(sql string) bool {
	for part, why := range mayWalk {
		if why != "" && strings.Contains(sql, part) {
			return true
		}
	}
	return false
}

// noStatements are methods that read nothing that grows.
var noStatements = map[string]string{
	"Close": "ends", "Kind": "a word", "SQL": "the pool", "Wake": "a channel", "Statements": "of this test",
	"Sorted": "a key", "Incidents": "a repository", "Changes": "a repository", "Chat": "a repository",
	"OnCall": "a repository", "Reports": "a repository", "Accounts": "a repository", "Reminders": "a repository",
	"Registers": "a repository", "Login": "a repository", "Notify": "a repository", "Ping": "no table", "Listen": "no table", "Clock": "no table",
	"Migrations": "its own table", "Secret": "settings", "Check": "reads the whole file, when an operator asks",
	"SetPlatforms": "settings", "Platforms": "settings",
}

type call = []func(context.Context) error

// on makes a call of a method that returns a value too.
func on[T any](f func(context.Context) (T, error)) func(context.Context) error {
	return func(ctx context.Context) error { _, err := f(ctx); return err }
}

func effects(object string) bot.Effects {
	return bot.Effects{
		Audit: bot.Audit{Action: "test.do", Object: object, Result: bot.ResultDone, At: bottest.Start, Source: "test"},
		Jobs:  []bot.Job{{Kind: "test.more", Object: object}},
	}
}

func allCalls(s *storage.Store, n int64) map[string]call {
	all := map[string]call{}
	for _, some := range []map[string]call{
		storeCalls(s), accountCalls(s), dueCalls(s, n), incidentCalls(s), changeCalls(s, n), reportCalls(s, n), onCallCalls(s, n),
		chatCalls(s, n), registerCalls(s), loginCalls(s), notifyCalls(s, n),
	} {
		for name, c := range some {
			all[name] = c
		}
	}
	return all
}

func storeCalls(s *storage.Store) map[string]call {
	at := bottest.Start
	claim := bot.Claim{Owner: "me", Now: at, Lease: time.Minute, Limit: 4}
	job := bot.Job{ID: 1, Kind: "test.do", Object: "INC-1", Owner: "me", Attempt: 1}
	place := bot.Conversation{Platform: "test", Channel: "incidents", Thread: "nowhere"}
	account := bot.Account{Platform: "test", User: "dan"}
	return map[string]call{
		"storage.Store.Identify": {on(func(ctx context.Context) (bot.Person, error) { return s.Identify(ctx, account) })},
		"storage.Store.Settle": {on(func(ctx context.Context) (*bot.Reply, error) {
			return s.Settle(ctx, "settled", bot.Reply{Status: bot.Refused})
		})},
		"storage.Store.Answered": {on(func(ctx context.Context) (*bot.Reply, error) { return s.Answered(ctx, "none") })},
		"storage.Store.AuditEnd": {on(s.AuditEnd)},
		"storage.Store.ChangeVersions": {
			on(func(ctx context.Context) (map[int64]int, error) { return s.ChangeVersions(ctx, []int64{1}) }),
		},
		"storage.Store.Ready": {s.Ready},
		"storage.Store.Keep": {func(ctx context.Context) error {
			_, err := s.Keep(ctx, claim, bot.Kept{Key: "new", Platform: "test"})
			return err
		}},
		"storage.Store.ClaimKept": {on(func(ctx context.Context) ([]bot.Kept, error) { return s.ClaimKept(ctx, claim) })},
		"storage.Store.ExtendKept": {
			on(func(ctx context.Context) ([]string, error) { return s.ExtendKept(ctx, claim, []string{"new"}) }),
		},
		"storage.Store.DropKept":   {func(ctx context.Context) error { return s.DropKept(ctx, "me", "new") }},
		"storage.Store.Checkpoint": {func(ctx context.Context) error { _, _ = s.Checkpoint(ctx); return nil }},
		"storage.Store.SaveCheckpoint": {func(ctx context.Context) error {
			return s.SaveCheckpoint(ctx, bot.Checkpoint{Seal: bot.Seal{Seq: 1, Hash: digestA}, At: at, Signature: "x"})
		}},
		"storage.Store.PeopleNamed": {
			on(func(ctx context.Context) ([]bot.Person, error) { return s.PeopleNamed(ctx, "dan") }),
		},
		"storage.Store.People": {on(s.People)},
		"storage.Store.SyncPeople": {
			func(ctx context.Context) error { return s.SyncPeople(ctx, bottest.People("test"), at) },
		},
		"storage.Store.Enroll": {on(func(ctx context.Context) (bot.Person, error) {
			return s.Enroll(ctx, bot.Profile{
				Account: bot.Account{Platform: "test", User: "new"}, Name: "New", Email: "new@example.com", Standing: bot.Member,
			}, nil, at)
		})},
		"storage.Store.SaveProfiles": {func(ctx context.Context) error {
			return s.SaveProfiles(ctx, []bot.KeptProfile{
				{Profile: bot.Profile{Account: account, Name: "Dan", Standing: bot.Member}, At: at},
			})
		}},
		"storage.Store.KeptProfile": {
			on(func(ctx context.Context) (bot.KeptProfile, error) { return s.KeptProfile(ctx, account) }),
		},
		"storage.Store.Hold": {
			func(ctx context.Context) error { _, err := s.Hold(ctx, "gateway", "one", time.Minute); return err },
		},
		"storage.Store.Release": {func(ctx context.Context) error { return s.Release(ctx, "gateway", "one") }},
		"storage.Store.KeepIdentity": {
			func(ctx context.Context) error { return s.KeepIdentity(ctx, "test", "one", "data", at) },
		},
		"storage.Store.KeptIdentity": {
			on(func(ctx context.Context) (string, error) { return s.KeptIdentity(ctx, "test", "none") }),
		},
		"storage.Store.Posted":    {on(func(ctx context.Context) (bot.Posted, error) { return s.Posted(ctx, "none") })},
		"storage.Store.PostedFor": {on(func(ctx context.Context) ([]bot.Posted, error) { return s.PostedFor(ctx, "none") })},
		"storage.Store.SavePosted": {
			func(ctx context.Context) error { return s.SavePosted(ctx, bot.Posted{Key: "new", Object: "INC-1"}) },
		},
		"storage.Store.Conflicts": {on(func(ctx context.Context) ([]bot.PersonID, error) {
			return s.Conflicts(ctx, []bot.Person{{ID: "nobody"}})
		})},
		"storage.Store.ObjectOf": {on(func(ctx context.Context) (string, error) {
			return s.ObjectOf(ctx, bot.MessageRef{Conversation: place, ID: "none"})
		})},
		"storage.Store.PostedIn": {on(func(ctx context.Context) (bool, error) { return s.PostedIn(ctx, place) })},
		"storage.Store.ObjectAt": {
			on(func(ctx context.Context) (string, error) { return s.ObjectAt(ctx, place) }),
			on(func(ctx context.Context) (string, error) { place.Thread = ""; return s.ObjectAt(ctx, place) }),
		},
		"storage.Store.SaveRefs": {func(ctx context.Context) error { return s.SaveRefs(ctx, []bot.Ref{{Token: "new"}}) }},
		"storage.Store.Ref":      {on(func(ctx context.Context) (bot.Ref, error) { return s.Ref(ctx, "none") })},
		"storage.Store.AddJobs": {func(ctx context.Context) error {
			return s.AddJobs(ctx, []bot.Job{{Kind: "test.new", Object: "INC-1", Lane: "INC-1"}})
		}},
		"storage.Store.AddSlot": {func(ctx context.Context) error {
			return s.AddSlot(ctx, "test.tick", "2026-11-25T14:00", bot.Job{Kind: "test.tick"})
		}},
		"storage.Store.ClaimJobs": {
			on(func(ctx context.Context) ([]bot.Job, error) { return s.ClaimJobs(ctx, claim) }),
		},
		"storage.Store.NextJob":    {on(s.NextJob)},
		"storage.Store.ExtendJobs": {func(ctx context.Context) error { return s.ExtendJobs(ctx, claim, []int64{1, 2}) }},
		"storage.Store.FinishJob": {
			func(ctx context.Context) error {
				_, err := s.FinishJob(ctx, job, bot.Outcome{Done: true}, claim)
				return err
			},
			func(ctx context.Context) error {
				_, err := s.FinishJob(ctx, job, bot.Outcome{Dead: true}, claim)
				return err
			},
			func(ctx context.Context) error {
				_, err := s.FinishJob(ctx, job, bot.Outcome{At: at}, claim)
				return err
			},
		},
		"storage.Store.QueueState": {on(func(ctx context.Context) (bot.QueueState, error) { return s.QueueState(ctx, at) })},
		"storage.Store.DeadJobs":   {on(func(ctx context.Context) ([]bot.Job, error) { return s.DeadJobs(ctx, 20) })},
		"storage.Store.ReviveJob":  {func(ctx context.Context) error { return s.ReviveJob(ctx, 1, at) }},
		"storage.Store.DuesUntil": {
			on(func(ctx context.Context) ([]bot.Due, error) { return s.DuesUntil(ctx, value.DayOf(at), 100) }),
		},
		"storage.Store.RebuildDues": {func(ctx context.Context) error {
			err := s.RebuildDues(ctx, func(context.Context) ([]bot.Due, error) {
				return nil, errors.New("only its reading is looked at")
			})
			return errors.Join(err, bot.ErrNoSuch)
		}},
		"storage.Store.Record": {func(ctx context.Context) error { return s.Record(ctx, effects("INC-1")) }},
		"storage.Store.VerifyAudit": {
			func(ctx context.Context) error { _, _ = s.VerifyAudit(ctx, bot.Seal{}); return nil },
		},
		"storage.Store.Verify": {func(ctx context.Context) error { _, _ = s.Verify(ctx); return nil }},
		"storage.Store.AuditOf": {
			on(func(ctx context.Context) ([]bot.Audit, error) { return s.AuditOf(ctx, "none") }),
		},
		"storage.Store.CountIncidents": {on(s.CountIncidents)},
		"storage.Store.Forget": {
			func(ctx context.Context) error { return s.Forget(ctx, at, at.AddDate(-200, 0, 0)) },
		},
		"storage.Store.AddToken": {func(ctx context.Context) error {
			return s.AddToken(ctx, access.Token{
				ID: "t1", Hash: digestA, Name: "t", Person: "dan", Scopes: []string{"*"}, Created: at,
				Expires: at.AddDate(0, 1, 0),
			}, effects("token/t1"))
		}},
		"storage.Store.TokenOf":   {on(func(ctx context.Context) (access.Token, error) { return s.TokenOf(ctx, digestA) })},
		"storage.Store.TokenUsed": {func(ctx context.Context) error { return s.TokenUsed(ctx, "t1", at) }},
		"storage.Store.Tokens": {
			on(func(ctx context.Context) ([]access.Token, error) { return s.Tokens(ctx, "") }),
			on(func(ctx context.Context) ([]access.Token, error) { return s.Tokens(ctx, "dan") }),
		},
		"storage.Store.RevokeToken": {
			func(ctx context.Context) error {
				_, err := s.RevokeToken(ctx, "t1", at, allowed(effects("token/t1")))
				return err
			},
		},
	}
}

func incidentCalls(s *storage.Store) map[string]call {
	r := s.Incidents()
	at := bottest.Start
	var lists call
	for _, f := range []response.Filter{
		{}, {Before: 5}, {Open: true}, {Open: true, Severities: []string{"sev1"}}, {Open: true, Service: "none"},
		{Open: true, Service: "service-1"}, {Open: true, Person: "chloe"}, {Person: "dan"}, {Person: "chloe"},
		{Origin: "none"},
		{Severities: []string{"sev1"}}, {Severities: []string{"sev2", "sev1"}},
		{Severities: []string{"sev1"}, Before: 10_000}, {Service: "none"}, {Service: "service-1"},
		{Service: "service-1", Severities: []string{"sev1"}},
		{Since: at}, {Since: at.AddDate(-1, 0, 0)}, {Since: at, Severities: []string{"sev1"}},
		{Since: at.AddDate(-1, 0, 0), Service: "service-1"},
		{Since: at, Service: "service-1", Severities: []string{"sev1"}, Before: 19_000}, {Since: at.AddDate(0, 0, 1)},
	} {
		f.Limit = 11
		lists = append(lists, on(func(ctx context.Context) ([]*incident.Incident, error) { return r.List(ctx, f) }))
	}
	return map[string]call{
		"incident.Repository.Dues":  {on(r.Dues)},
		"incident.Repository.Owned": {on(func(ctx context.Context) ([]string, error) { return r.Owned(ctx, "chloe") })},
		"incident.Repository.List":  lists,
		"incident.Repository.Declare": {on(func(ctx context.Context) (*incident.Incident, error) {
			return r.Declare(ctx, func(n int64) (*incident.Incident, bot.Effects, error) {
				i := incident.Declare(n, incident.Declaration{
					Title: "New", By: "dan", Services: []string{"service-1"}, Source: "test",
				}, at, incident.DefaultPolicy())
				return i, effects(i.ID()), nil
			})
		})},
		"incident.Repository.Update": {on(func(ctx context.Context) (*incident.Incident, error) {
			return r.Update(ctx, "INC-400", func(i *incident.Incident) (bot.Effects, error) {
				i.Severity, i.Services = "sev1", []string{"service-2"}
				return effects(i.ID()), nil
			})
		})},
		"incident.Repository.Get": {
			on(func(ctx context.Context) (*incident.Incident, error) { return r.Get(ctx, "INC-1") }),
		},
		"incident.Repository.Recent": {
			on(func(ctx context.Context) ([]response.Recent, error) { return r.Recent(ctx, at.Add(-time.Hour)) }),
		},
		"incident.Repository.Timeline": {
			on(func(ctx context.Context) ([]incident.Entry, error) { return r.Timeline(ctx, "INC-1", 0) }),
		},
	}
}

func changeCalls(s *storage.Store, n int64) map[string]call {
	r := s.Changes()
	at := bottest.Start
	var lists call
	open := []change.State{
		change.Draft, change.Pending, change.Approved, change.Implementing, change.Verifying, change.RollingBack,
		change.Review,
	}
	for _, f := range []change.Filter{
		{}, {Before: 5}, {After: 1}, {States: open}, {States: open, Service: "none"}, {States: open, Env: "dev"},
		{States: open, Requester: "chloe"}, {States: open, Involves: "chloe"}, {States: open, Involves: "dan"},
		{States: []change.State{change.Approved}},
		{States: []change.State{change.Rejected}},
		{States: []change.State{change.Closed, change.Pending}}, {Type: policy.Emergency},
		{Level: policy.High, Env: "staging", Type: policy.Standard}, {Env: "dev"}, {Env: "dev", Before: 10_000},
		{Level: policy.Low, Env: "dev"},
		{Requester: "dan"}, {Requester: "mia"}, {Requester: "chloe"}, {Requester: "dan", Env: "dev"},
		{Requester: "mia", States: []change.State{change.Rejected}}, {Service: "none"}, {Service: "service-1"},
		{From: at, To: at.AddDate(0, 0, 1)}, {From: at.AddDate(-1, 0, 0), To: at.AddDate(-1, 0, 7)},
		{From: at.AddDate(0, 0, 2), To: at.AddDate(0, 0, 3), Service: "none"},
		{States: []change.State{change.Closed}, From: at.AddDate(-1, 0, 0), To: at.AddDate(-1, 0, 7)},
		{Created: [2]time.Time{at.AddDate(0, 0, -1), at}, After: 1},
		{Touched: [2]time.Time{at.AddDate(0, 0, -1), at}, After: 1},
	} {
		f.Limit = 11
		lists = append(lists, on(func(ctx context.Context) ([]*change.Change, error) { return r.List(ctx, f) }))
	}
	request := func(number int64) *change.Change {
		return change.Request(number, plan.Content{
			Type: policy.Normal, Title: "New", Services: []string{"service-1"}, Env: "prod",
			Window: plan.NewWindow(at.Add(time.Hour), at.Add(2*time.Hour), time.UTC),
		}, "dan", "", "test", at)
	}
	return map[string]call{
		"change.Repository.List": lists,
		"change.Repository.Create": {on(func(ctx context.Context) (*change.Change, error) {
			return r.Create(ctx, func(number int64, look change.Look) (*change.Change, bot.Effects, error) {
				c := request(number)
				_, err := look(c, c.Services, 0)
				return c, effects(c.ID()), err
			})
		})},
		"change.Repository.Update": {on(func(ctx context.Context) (*change.Change, error) {
			return r.Update(ctx, change.FormatID(n), nil, func(c *change.Change, look change.Look) (bot.Effects, error) {
				_, err := look(c, c.Services, 0)
				return effects(c.ID()), err
			})
		})},
		"change.Repository.Dues":  {on(r.Dues)},
		"change.Repository.Owned": {on(func(ctx context.Context) ([]string, error) { return r.Owned(ctx, "chloe") })},
		"change.Repository.Get":   {on(func(ctx context.Context) (*change.Change, error) { return r.Get(ctx, "CHG-1") })},
		"change.Repository.Timeline": {
			on(func(ctx context.Context) ([]change.Entry, error) { return r.Timeline(ctx, "CHG-1", 0) }),
		},
		"change.Repository.Revisions": {
			on(func(ctx context.Context) (map[int64][]change.Revision, error) { return r.Revisions(ctx, []int64{1, 2}) }),
		},
		"change.Repository.Entries": {
			on(func(ctx context.Context) (map[int64][]change.Entry, error) { return r.Entries(ctx, []int64{1, 2}) }),
		},
		"change.Repository.Look": {on(func(ctx context.Context) (change.Around, error) {
			return r.Look(ctx, request(1), []string{"service-1", "service-2"}, 0)
		})},
		"change.Repository.Seen": {on(func(ctx context.Context) (time.Time, error) { return r.Seen(ctx, at) })},
		"change.Repository.SavePolicy": {
			func(ctx context.Context) error { return r.SavePolicy(ctx, digestA, "rules: []", at) },
		},
		"change.Repository.Policy": {
			on(func(ctx context.Context) (string, error) { return r.Policy(ctx, "") }),
			on(func(ctx context.Context) (string, error) { return r.Policy(ctx, digestB) }),
		},
		"change.Repository.SaveMembers": {
			func(ctx context.Context) error { return r.SaveMembers(ctx, "team", []bot.PersonID{"dan"}, at) },
		},
		"change.Repository.Members": {func(ctx context.Context) error { _, _, err := r.Members(ctx, "none"); return err }},
		"change.Repository.AddFreeze": {on(func(ctx context.Context) (policy.Freeze, error) {
			return r.AddFreeze(ctx, func(id string) (policy.Freeze, bot.Effects, error) {
				return policy.Freeze{ID: id +
					"x", Span: policy.Span{From: at, To: at.Add(time.Hour), Zone: time.UTC}}, effects(id), nil
			})
		})},
		"change.Repository.EndFreeze": {func(ctx context.Context) error {
			return r.EndFreeze(ctx, "FRZ-1", func(f *policy.Freeze) (bot.Effects, error) {
				f.Ended = at
				return effects(f.ID), nil
			})
		}},
		"change.Repository.Freezes": {on(func(ctx context.Context) ([]policy.Freeze, error) { return r.Freezes(ctx, at) })},
		"change.Repository.Delegate": {func(ctx context.Context) error {
			return r.Delegate(ctx, change.Delegation{From: "dan", To: "ana", Since: at, Until: at}, effects("dan"))
		}},
		"change.Repository.Undelegate": {
			on(func(ctx context.Context) (int, error) { return r.Undelegate(ctx, "dan", at, effects("dan")) }),
		},
		"change.Repository.Delegations": {
			on(func(ctx context.Context) ([]change.Delegation, error) { return r.Delegations(ctx, at) }),
		},
		"change.Repository.ApproveTemplate": {func(ctx context.Context) error {
			return r.ApproveTemplate(ctx, "x", digestA, policy.TemplateApproval{Person: "dan", At: at}, effects("template/x"))
		}},
		"change.Repository.ApprovedBy": {
			on(func(ctx context.Context) (string, error) { return r.ApprovedBy(ctx, "chloe") }),
			on(func(ctx context.Context) (string, error) { return r.ApprovedBy(ctx, "ana") }),
		},
		"change.Repository.Versions": {
			on(func(ctx context.Context) (map[int64]int, error) { return r.Versions(ctx, []int64{1}) }),
		},
		"change.Repository.Template": {
			func(ctx context.Context) error { _, _, err := r.Template(ctx, "none"); return err },
			func(ctx context.Context) error { _, _, err := r.Template(ctx, "deploy@1"); return err },
		},
		"change.Repository.Deployed": {func(ctx context.Context) error {
			return r.Deployed(
				ctx, change.Deployment{ID: "new", Service: "service-1", Person: "dan", At: at}, effects("service-1"),
			)
		}},
		"change.Repository.Deployments": {on(func(ctx context.Context) ([]change.Deployment, error) {
			return r.Deployments(ctx, at.AddDate(0, 0, -7), at)
		})},
	}
}

func reportCalls(s *storage.Store, n int64) map[string]call {
	r := s.Reports()
	at := bottest.Start
	told := []report.State{report.Built, report.Posted, report.Quiet}
	var lists call
	for _, f := range []report.RunFilter{
		{States: told}, {States: []report.State{report.Built}}, {Report: digest.Daily}, {Report: digest.Weekly},
		{Schedule: 1}, {Schedule: 2}, {Schedule: 1, States: []report.State{report.Quiet}}, {Schedule: 1, States: told},
		{Report: digest.Daily, Scope: "all", States: told, Before: at}, {Report: digest.Daily, Scope: "none", Bare: true},
		{Report: digest.Daily, Scope: "all", Before: at.AddDate(-1, 0, 0)}, {},
	} {
		f.Limit = 11
		lists = append(lists, on(func(ctx context.Context) ([]*report.Run, error) { return r.Runs(ctx, f) }))
	}
	run := func() *report.Run {
		return &report.Run{
			Schedule: 1, Slot: "new", Report: digest.Daily, State: report.Due, DueAt: at,
			Period: value.Span{From: at.Add(-time.Hour), To: at},
		}
	}
	return map[string]call{
		"report.Repository.Runs":  lists,
		"report.Repository.Dues":  {on(r.Dues)},
		"report.Repository.Owned": {on(func(ctx context.Context) ([]string, error) { return r.Owned(ctx, "chloe") })},
		"report.Repository.Facts": {
			on(func(ctx context.Context) (*figures.Facts, error) { return r.Facts(ctx, at.AddDate(0, 0, -30), at, nil) }),
		},
		"report.Repository.AddSchedule": {on(func(ctx context.Context) (*timetable.Schedule, error) {
			return r.AddSchedule(ctx, func(int64) (*timetable.Schedule, bot.Effects, error) {
				return &timetable.Schedule{Report: digest.Weekly, Place: bot.Conversation{Platform: "test", Channel: "new"}},
					effects("S-2"), nil
			})
		})},
		"report.Repository.UpdateSchedule": {on(func(ctx context.Context) (*timetable.Schedule, error) {
			return r.UpdateSchedule(ctx, 1, func(*timetable.Schedule) (bot.Effects, error) { return effects("S-1"), nil })
		})},
		"report.Repository.Schedules": {on(r.Schedules)},
		"report.Repository.AddRun": {func(ctx context.Context) error {
			return r.AddRun(ctx, run(), func(x *report.Run) bot.Effects { return effects(x.ID()) })
		}},
		"report.Repository.UpdateRun": {on(func(ctx context.Context) (*report.Run, error) {
			return r.UpdateRun(ctx, n, func(x *report.Run) (bot.Effects, error) { return effects(x.ID()), nil })
		})},
		"report.Repository.Run": {on(func(ctx context.Context) (*report.Run, error) { return r.Run(ctx, 1) })},
		"report.Repository.Acknowledge": {func(ctx context.Context) error {
			return r.Acknowledge(ctx, 1, report.Ack{Person: "dan", At: at}, effects("R-1"))
		}},
		"report.Repository.Acks": {on(func(ctx context.Context) ([]report.Ack, error) { return r.Acks(ctx, 1) })},
		"report.Repository.SaveFreeDays": {func(ctx context.Context) error {
			return r.SaveFreeDays(ctx, timetable.FreeDays{Name: "new"}, effects("calendar/new"))
		}},
		"report.Repository.FreeDays": {on(r.FreeDays)},
	}
}

func loginCalls(s *storage.Store) map[string]call {
	r := s.Login()
	at := bottest.Start
	hash := strings.Repeat("b", 64)
	link, _ := login.NewLink(login.FromChat, "dan", "dan", "", at)
	session := login.Session{ID: hash, Person: "dan", Made: at, Seen: at, Way: "chat-link", Factor: "link"}
	byKey, byAccount := session, session
	byKey.ID, byAccount.ID = strings.Repeat("d", 64), strings.Repeat("e", 64)
	key := passkey.Passkey{
		ID: []byte("an id"), Person: "dan", Handle: []byte("1234567890123456"), Name: "x", Key: []byte("x"), Made: at,
	}
	account := login.Subject{Issuer: "https://login.example.com", Subject: "dan", Person: "dan", Made: at, Used: at}
	return map[string]call{
		"login.Repository.SessionOf": {func(ctx context.Context) error { _, _, err := r.SessionOf(ctx, hash); return err }},
		"login.Repository.SessionsOf": {
			on(func(ctx context.Context) ([]login.Session, error) { return r.SessionsOf(ctx, "dan") }),
		},
		"login.Repository.SessionSeen": {func(ctx context.Context) error { return r.SessionSeen(ctx, hash, at) }},
		"login.Repository.EndSessions": {func(ctx context.Context) error {
			return r.EndSessions(ctx, "dan", []string{hash}, effects("people/dan"))
		}},
		"login.Repository.Record":         {func(ctx context.Context) error { return r.Record(ctx, effects("people/dan")) }},
		"login.Repository.ForgetSessions": {func(ctx context.Context) error { return r.ForgetSessions(ctx, at.Add(-login.Life)) }},
		"login.Repository.SaveLink":       {func(ctx context.Context) error { return r.SaveLink(ctx, link, effects("people/dan")) }},
		"login.Repository.LinkOf": {
			on(func(ctx context.Context) (login.Link, error) { return r.LinkOf(ctx, hash) }),
		},
		"login.Repository.SaveRecovery": {func(ctx context.Context) error {
			return r.SaveRecovery(ctx, "dan", []string{hash}, effects("people/dan"))
		}},
		"login.Repository.RecoveryOf": {
			on(func(ctx context.Context) (bot.PersonID, error) { return r.RecoveryOf(ctx, hash) }),
		},
		"login.Repository.RecoveryLeft":     {on(func(ctx context.Context) (int, error) { return r.RecoveryLeft(ctx, "dan") })},
		"login.Repository.HasAdministrator": {on(r.HasAdministrator)},
		"login.Repository.Enter": {func(ctx context.Context) error {
			return r.Enter(ctx, login.Entry{
				Session: session, Link: link.Hash, Recovery: hash, Replaces: strings.Repeat("c", 64),
				Effects: effects("people/dan"),
			})
		}, func(ctx context.Context) error {
			return r.Enter(ctx, login.Entry{Session: byKey, Passkey: &key, Effects: effects("people/dan")})
		}, func(ctx context.Context) error {
			return r.Enter(ctx, login.Entry{Session: byAccount, Subject: &account, Effects: effects("people/dan")})
		}},
		"login.Repository.Spend": {
			on(func(ctx context.Context) (bool, error) { return r.Spend(ctx, "an attempt that came back", at) }),
		},
		"login.Repository.PasskeyOf": {
			on(func(ctx context.Context) (passkey.Passkey, error) { return r.PasskeyOf(ctx, key.ID) }),
		},
		"login.Repository.PasskeysOf": {
			on(func(ctx context.Context) ([]passkey.Passkey, error) { return r.PasskeysOf(ctx, "dan") }),
		},
		"login.Repository.AddPasskey": {func(ctx context.Context) error { return r.AddPasskey(ctx, key, effects("people/dan")) }},
		"login.Repository.RemovePasskeys": {func(ctx context.Context) error {
			return r.RemovePasskeys(ctx, "dan", [][]byte{key.ID}, effects("people/dan"))
		}},
		"login.Repository.SubjectOf": {
			on(func(ctx context.Context) (login.Subject, error) {
				return r.SubjectOf(ctx, account.Issuer, account.Subject)
			}),
		},
		"login.Repository.SubjectsOf": {
			on(func(ctx context.Context) ([]login.Subject, error) { return r.SubjectsOf(ctx, "dan") }),
		},
		"login.Repository.Configured": {
			on(func(ctx context.Context) ([]bot.Person, error) { return r.Configured(ctx, "dan@example.com") }),
		},
		"login.Repository.AddSubject": {func(ctx context.Context) error { return r.AddSubject(ctx, account, effects("people/dan")) }},
		"login.Repository.RemoveSubjects": {func(ctx context.Context) error {
			return r.RemoveSubjects(ctx, "dan", []string{account.ID()}, effects("people/dan"))
		}},
		"login.Repository.RegrantRoles": {func(ctx context.Context) error {
			return r.RegrantRoles(ctx, func(string, []string) []string { return nil }, at)
		}},
	}
}

func accountCalls(s *storage.Store) map[string]call {
	r := s.Accounts()
	at := bottest.Start
	there := bot.Account{Platform: "discord", Workspace: "1", User: "2"}
	hash := strings.Repeat("a", 64)
	decide := func(q account.Question, d account.Decision) func(context.Context) error {
		d.Effects = effects("people/dan")
		return func(ctx context.Context) error {
			return r.Decide(ctx, q, func(context.Context, account.Situation) (account.Decision, error) { return d, nil })
		}
	}
	return map[string]call{
		"people.Accounts.Owner": {on(func(ctx context.Context) (*account.Owner, error) { return r.Owner(ctx, "dan") })},
		"people.Accounts.SaveCode": {func(ctx context.Context) error {
			return r.SaveCode(ctx, account.Code{
				Person: "dan", By: bot.Account{Platform: "test", User: "dan"}, Hash: hash, Made: at, Expires: at.Add(time.Minute),
			}, effects("people/dan"))
		}},
		"people.Accounts.Decide": {
			decide(account.Question{Account: there, Hash: hash}, account.Decision{Wrong: []time.Time{at}}),
			decide(account.Question{Account: there, To: "dan"}, account.Decision{
				Move: &account.Move{Account: there, N: 1, Linked: true, To: "dan", By: "mia", At: at},
			}),
			decide(account.Question{Account: there}, account.Decision{
				Move: &account.Move{Account: there, N: 2, From: "dan", By: "mia", At: at},
			}),
		},
		"people.Accounts.LastMove": {on(func(ctx context.Context) (account.Move, error) { return r.LastMove(ctx, there) })},
		"people.Accounts.Record":   {func(ctx context.Context) error { return r.Record(ctx, effects("people/dan")) }},
	}
}

func dueCalls(s *storage.Store, n int64) map[string]call {
	r := s.Reminders()
	at := bottest.Start
	on := value.Day{Year: 2027, Month: 1, Day: 1}
	d := bot.Due{Object: fmt.Sprintf("LMP-%d", n), What: "look", On: on}
	var lists call
	for _, f := range []due.Filter{
		{Until: on}, {Until: on, Owner: "dan"}, {Until: on, Owner: "ana"}, {Until: on, Team: "network"},
		{Until: on, After: due.CursorAt(d)}, {Until: on, Owner: "dan", After: due.CursorAt(d)}, {Until: on.Add(-1)},
		{Until: on, Bare: true},
	} {
		f.Limit = 25
		lists = append(lists, func(ctx context.Context) error { _, err := r.List(ctx, f); return err })
	}
	look := func(ctx context.Context) error {
		_, err := r.Look(ctx, at, 100, func(
			list []due.Entry, sent func(bot.PersonID, string) (time.Time, error),
		) ([]due.Outcome, error) {
			_, err := sent("dan", "2026-11-25")
			outcomes := make([]due.Outcome, len(list))
			for k := range list {
				to := []due.Message{{Who: "dan", Name: "2026-11-25", At: at}}
				outcomes[k] = due.Outcome{Step: 30, To: to, Look: at.AddDate(0, 0, 1)}
			}
			return outcomes, err
		})
		return err
	}
	return map[string]call{
		"due.Repository.NextLook": {func(ctx context.Context) error { _, err := r.NextLook(ctx); return err }},
		"due.Repository.Look":     {look, look},
		"due.Repository.Of": {
			func(ctx context.Context) error { _, err := r.Of(ctx, "dan", "2026-11-25"); return err },
			func(ctx context.Context) error { _, err := r.Of(ctx, "dan", "none"); return err },
		},
		"due.Repository.List": lists,
		"due.Repository.Find": {func(ctx context.Context) error { _, err := r.Find(ctx, d.Object); return err }},
		"due.Repository.Snooze": {func(ctx context.Context) error {
			return r.Snooze(ctx, due.Snooze{Due: d, Step: 30, By: "dan", At: at, Until: at.AddDate(0, 0, 3)}, effects(d.Object))
		}},
	}
}

func onCallCalls(s *storage.Store, n int64) map[string]call {
	o := s.OnCall()
	at := bottest.Start
	var handovers, pages call
	for _, rota := range []string{"", "primary", "secondary"} {
		for _, openOnly := range []bool{true, false} {
			handovers = append(handovers, on(func(ctx context.Context) ([]*oncall.Handover, error) {
				return o.Handovers(ctx, rota, openOnly, 25)
			}))
		}
		pages = append(pages, on(func(ctx context.Context) ([]*oncall.Page, error) {
			return o.Pages(ctx, rota, at.AddDate(0, 0, -1))
		}))
	}
	return map[string]call{
		"oncall.Repository.Handovers": handovers,
		"oncall.Repository.Pages":     pages,
		"oncall.Repository.AddRota": {
			func(ctx context.Context) error { return o.AddRota(ctx, &oncall.Rota{Name: "new"}, effects("rota/new")) },
		},
		"oncall.Repository.UpdateRota": {func(ctx context.Context) error {
			return o.UpdateRota(ctx, "primary", at, func(*oncall.Rota, []oncall.Stand) ([]oncall.Stand, bot.Effects, error) {
				return nil, effects("rota/primary"), nil
			})
		}},
		"oncall.Repository.Rotas": {on(o.Rotas)},
		"oncall.Repository.Stands": {on(func(ctx context.Context) ([]oncall.Stand, error) {
			return o.Stands(ctx, "primary", at.AddDate(0, 0, -1))
		})},
		"oncall.Repository.AddHandover": {func(ctx context.Context) error {
			return o.AddHandover(
				ctx, &oncall.Handover{Rota: "secondary", At: at.Add(time.Hour)},
				func(h *oncall.Handover) bot.Effects { return effects(h.ID()) },
			)
		}},
		"oncall.Repository.UpdateHandover": {on(func(ctx context.Context) (*oncall.Handover, error) {
			return o.UpdateHandover(ctx, n, func(h *oncall.Handover) (bot.Effects, error) { return effects(h.ID()), nil })
		})},
		"oncall.Repository.Dues":     {on(o.Dues)},
		"oncall.Repository.Handover": {on(func(ctx context.Context) (*oncall.Handover, error) { return o.Handover(ctx, 1) })},
		"oncall.Repository.AddPage": {func(ctx context.Context) error {
			return o.AddPage(ctx, &oncall.Page{Rota: "primary", At: at}, func(p *oncall.Page) bot.Effects {
				return effects(p.ID())
			})
		}},
		"oncall.Repository.UpdatePage": {on(func(ctx context.Context) (*oncall.Page, error) {
			return o.UpdatePage(ctx, n, func(p *oncall.Page) (bot.Effects, error) { return effects(p.ID()), nil })
		})},
		"oncall.Repository.Page": {on(func(ctx context.Context) (*oncall.Page, error) { return o.Page(ctx, 1) })},
	}
}

func chatCalls(s *storage.Store, n int64) map[string]call {
	c := s.Chat()
	at := bottest.Start
	channel := n / open // the first that is not archived, in which all posts are
	var pages call
	for _, q := range []web.PageQuery{
		{Channel: channel, Viewer: "dan"}, {Channel: channel, Viewer: "chloe", Before: n / 2},
		{Channel: channel, Viewer: "ben", After: n / 2}, {Channel: channel, Viewer: "dan", Thread: 7},
		{Channel: channel, Viewer: "dan", Pinned: true},
		{Channel: channel, Viewer: "dan", ID: 1}, {ID: 2, Viewer: "dan"}, {Channel: 1, Viewer: "dan"},
	} {
		q.Limit = 50
		pages = append(pages, on(func(ctx context.Context) ([]web.Post, error) { return c.Page(ctx, q) }))
	}
	return map[string]call{
		"chat.Repository.Page": pages,
		"chat.Repository.OpenChannel": {on(func(ctx context.Context) (web.Channel, error) {
			return c.OpenChannel(ctx, web.Channel{Key: "new", Name: "new", Made: at})
		})},
		"chat.Repository.Channel": {on(func(ctx context.Context) (web.Channel, error) { return c.Channel(ctx, 1) })},
		"chat.Repository.ChannelNamed": {
			on(func(ctx context.Context) (web.Channel, error) { return c.ChannelNamed(ctx, "inc-1") }),
		},
		"chat.Repository.SetTopic": {func(ctx context.Context) error { return c.SetTopic(ctx, channel, "new") }},
		"chat.Repository.Archive":  {func(ctx context.Context) error { return gone(c.Archive(ctx, 2*channel)) }},
		"chat.Repository.AddPost": {
			on(func(ctx context.Context) (web.Post, error) {
				return c.AddPost(ctx, web.Post{Channel: channel, Key: "new", Author: "dan", Made: at})
			}),
			on(func(ctx context.Context) (web.Post, error) {
				return c.AddPost(ctx, web.Post{Channel: channel, Key: "reply", Author: "dan", Thread: n + 1, Made: at})
			}),
		},
		"chat.Repository.EditPost": {
			func(ctx context.Context) error { return gone(c.EditPost(ctx, channel, 1, bot.Say("x"), at)) },
		},
		"chat.Repository.PinPost":    {func(ctx context.Context) error { return gone(c.PinPost(ctx, channel, 1)) }},
		"chat.Repository.DeletePost": {func(ctx context.Context) error { return gone(c.DeletePost(ctx, channel, 1)) }},
		"chat.Repository.SaveFile": {func(ctx context.Context) error {
			return c.SaveFile(ctx, "new", web.StoredFile{Type: "image/png", Data: []byte("x")})
		}},
		"chat.Repository.File":      {on(func(ctx context.Context) (web.StoredFile, error) { return c.File(ctx, "none") })},
		"chat.Repository.SetMember": {func(ctx context.Context) error { return c.SetMember(ctx, channel, "ana", true) }},
		"chat.Repository.Welcome":   {func(ctx context.Context) error { return c.Welcome(ctx, "mia", []int64{channel}) }},
		"chat.Repository.MarkRead":  {func(ctx context.Context) error { return c.MarkRead(ctx, channel, "dan", 1) }},
		"chat.Repository.MembersOf": {
			on(func(ctx context.Context) ([]bot.PersonID, error) { return c.MembersOf(ctx, channel) }),
		},
		"chat.Repository.ChannelsOf": {
			on(func(ctx context.Context) ([]web.Listed, error) { return c.ChannelsOf(ctx, "dan") }),
		},
		"chat.Repository.Revision": {on(c.Revision)},
		"chat.Repository.Changes":  {on(func(ctx context.Context) (web.Changes, error) { return c.Changes(ctx, n-1) })},
		"chat.Repository.Forget":   {func(ctx context.Context) error { return c.Forget(ctx, at.AddDate(-200, 0, 0)) }},
	}
}

// gone takes that there is nothing to change as an answer.
func gone(err error) error {
	if errors.Is(err, bot.ErrGone) {
		return nil
	}
	return err
}
