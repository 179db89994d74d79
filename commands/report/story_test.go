package report_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/watchbell/watchbell/bot/engine"

	"github.com/watchbell/watchbell/bot"
	"github.com/watchbell/watchbell/bot/bottest"
	"github.com/watchbell/watchbell/commands/change/control"
	"github.com/watchbell/watchbell/commands/incident/response"
	"github.com/watchbell/watchbell/commands/report"
	"github.com/watchbell/watchbell/commands/report/figures"
	"github.com/watchbell/watchbell/storage/storagetest"
)

// world is an installation with incidents, changes and reports. People act in #it-ops.
type world struct{ *storagetest.Installation }

func services() []bot.Service {
	return []bot.Service{
		{ID: "portal", Name: "Portal", Tier: 1, Owners: []bot.PersonID{"ben"}, Teams: []string{"shop"}, Target: 0.999},
		{ID: "mail", Name: "Mail", Tier: 2, Owners: []bot.PersonID{"dan"}, Target: 0.99},
		{ID: "payroll", Name: "Payroll", Tier: 1, Owners: []bot.PersonID{"mia"}, RestrictedTo: []string{"hr"}},
	}
}

func each(t *testing.T, f func(w *world)) {
	t.Helper()
	storagetest.Each(t, func(t *testing.T, url string) {
		w := &world{storagetest.Install(t, url, engine.Options{})}
		w.Place = bot.Conversation{Platform: "test", Channel: "it-ops"}
		w.use(w.Bot)
		f(w)
	})
}

// instance is one more bot on the same database.
func (w *world) instance() *engine.Bot {
	w.T.Helper()
	b := w.NewBot()
	w.use(b)
	return b
}

// use gives a bot its capabilities.
func (w *world) use(b *engine.Bot) {
	w.T.Helper()
	b.Use(
		response.New(w.Store.Incidents(), b, response.Options{
			Clock: w.Clock,
			Services: bot.ServicesOf(
				bot.Service{ID: "portal", Name: "Portal"}, bot.Service{ID: "mail", Name: "Mail"},
				bot.Service{ID: "payroll", Name: "Payroll"},
			),
		}).Capability(),
	)
	desk := control.New(w.Store.Changes(), b, control.Options{
		Clock: w.Clock, People: w.Store.People,
		Services: bot.ServicesOf(
			bot.Service{ID: "portal", Name: "Portal", Owners: []bot.PersonID{"ben"}, Tier: 1},
			bot.Service{ID: "mail", Name: "Mail", Owners: []bot.PersonID{"dan"}, Tier: 2},
		),
	})
	if err := desk.LoadPolicy(context.Background()); err != nil {
		w.T.Fatal(err)
	}
	b.Use(desk.Capability())
	b.Use(
		report.New(w.Store.Reports(), b, report.Options{
			Clock: w.Clock, Services: bot.ServicesOf(services()...), Teams: []string{"shop"},
			Targets: figures.Targets{"sev2": 5 * time.Minute}, Address: "https://watchbell.example.com",
		}).Capability(),
	)
}

// done carries a command out that has to succeed, and returns the answer with its buttons.
func (w *world) done(who, text string) string {
	w.T.Helper()
	return bottest.Rendered(w.Do(who, text))
}

// until moves the clock to a time of Berlin and does what comes due.
func (w *world) until(s string) {
	w.T.Helper()
	berlin, _ := time.LoadLocation("Europe/Berlin")
	to, err := time.ParseInLocation("2006-01-02 15:04", s, berlin)
	if err != nil {
		w.T.Fatal(err)
	}
	w.WaitUntil(to)
}

// digests are the reports that stand in a channel, threads left out.
func (w *world) digests(channel string) []bottest.Recorded {
	var list []bottest.Recorded
	for _, m := range w.Chat.In(channel) {
		if strings.HasPrefix(m.Key, "report.part") && m.Ref.Thread == "" {
			list = append(list, m)
		}
	}
	return list
}

func TestTheMorningDigest(t *testing.T) {
	each(t, func(w *world) {
		w.Contains(
			w.done("mia", "/report subscribe daily at=09:00 days=mon-fri tz=Europe/Berlin"),
			"Daily ops digest → #it-ops, Mon–Fri 09:00 Europe/Berlin (now CET, UTC+1). Next: Thu 26 Nov 09:00, Fri 27 Nov "+
				"09:00, Mon 30 Nov 09:00.",
		)
		w.Refused("ben", "/report subscribe daily", "gets the Daily ops digest already")
		w.done("ana", "/incident declare VPN logins failing sev2 service=portal")
		w.done(
			"dan",
			`/change new title="Core switch firmware" service=mail env=prod why="CVE" plan="Flash it" backout="Old image" start="2026-11-26 22:00" end=1h`,
		)
		w.until("2026-11-26 08:59")
		if n := len(w.digests("it-ops")); n != 0 {
			t.Fatalf("%d posted before the time", n)
		}
		w.until("2026-11-26 09:00")
		w.until("2026-11-26 09:01")
		list := w.digests("it-ops")
		if len(list) != 1 {
			t.Fatalf("%d digests", len(list))
		}
		text := bottest.Render(list[0].Message)
		w.Contains(
			text, "SEV2 open", "INC-1", "CHG-1", "VPN logins failing", "Next: Fri 27 Nov 09:00",
			"https://watchbell.example.com/report/R-1", "Why red?",
		)
		// Who read it, and when.
		w.Clock.Move(3 * time.Minute)
		w.Contains(w.done("mia", "/report ack R-1"), "you have read")
		w.Contains(w.done("mia", "/report ack R-1"), "already")
		w.Contains(bottest.Render(w.digests("it-ops")[0].Message), "Read by", "09:04")
		w.Contains(w.done("mia", "/report why R-1"), "An open SEV1 or SEV2 is red.")
		w.Contains(w.done("mia", "/report runs daily"), "R-1", "posted", "read by 1")
		w.Contains(w.done("mia", "/report details R-1"), "Needs you", "open the page of R-1")
		// The change is decided from the digest.
		actions := list[0].Message.Actions
		k := slices.IndexFunc(actions, func(a bot.Action) bool { return strings.HasSuffix(a.Label, "CHG-1") })
		if k < 0 {
			t.Fatalf("no button decides CHG-1: %v", actions)
		}
		reply := w.Send("chloe", bot.Request{Place: list[0].Ref.Conversation, Token: actions[k].Token})
		w.Contains(bottest.Rendered(reply), "CHG-1")
		if !slices.ContainsFunc(reply.Message.Actions, func(a bot.Action) bool { return a.Command == "change.approve" }) &&
			actions[k].Command != "change.approve" {
			t.Errorf("it cannot be approved from there: %s", bottest.Rendered(reply))
		}
		// The next one covers from the last to itself.
		w.until("2026-11-27 09:00")
		w.Contains(bottest.Render(w.digests("it-ops")[1].Message), "Thu 26 Nov 09:00 – Fri 27 Nov 09:00")
	})
}

func TestMondayCoversTheWeekendAndQuietDaysAreOneLine(t *testing.T) {
	each(t, func(w *world) {
		w.done("mia", "/report subscribe daily at=09:00 days=mon-fri tz=Europe/Berlin")
		w.until("2026-11-27 09:00")
		w.until("2026-11-30 09:00")
		list := w.digests("it-ops")
		text := bottest.Render(list[len(list)-1].Message)
		w.Contains(
			text, "Fri 27 Nov 09:00 – Mon 30 Nov 09:00",
			"All quiet since Fri 09:00: no incidents, 0 changes done, nothing due in the next week.",
		)
		w.done("mia", "/report settings SCH-1 empty=skip")
		w.until("2026-12-01 09:00")
		if n := len(w.digests("it-ops")); n != len(list) {
			t.Errorf("a quiet day was posted")
		}
		w.Contains(w.done("mia", "/report runs daily"), "quiet")
	})
}

// Down for three days: one late post, the others are listed as skipped, and it covers all the time.
func TestAfterThreeDaysOneLateDigestComes(t *testing.T) {
	each(t, func(w *world) {
		w.done("mia", "/report subscribe daily at=09:00 days=daily tz=Europe/Berlin")
		w.until("2026-11-26 09:00")
		w.until("2026-11-30 11:30")
		list := w.digests("it-ops")
		if len(list) != 2 {
			t.Fatalf("%d digests, want 2", len(list))
		}
		w.Contains(
			bottest.Render(list[1].Message), "Late by 2 h 30 min",
			"Skipped, because only the newest is posted: Fri 27 Nov 09:00, Sat 28 Nov 09:00, Sun 29 Nov 09:00",
			"Thu 26 Nov 09:00 – Mon 30 Nov 09:00",
		)
		w.Contains(w.done("mia", "/report runs daily"), "skipped", "late by")
		// Later than the late window none comes, and its owner is told.
		w.until("2026-12-01 18:30")
		if n := len(w.digests("it-ops")); n != 2 {
			t.Errorf("%d digests after the late window", n)
		}
		w.Contains(w.done("mia", "/report runs daily"), "failed")
		if !slices.ContainsFunc(w.Chat.Messages(), func(m bottest.Recorded) bool {
			return strings.HasPrefix(m.Key, "report.failed")
		}) {
			t.Error("its owner was not told")
		}
	})
}

func TestAPlatformThatIsDownIsTriedUntilTheLateWindowEnds(t *testing.T) {
	each(t, func(w *world) {
		w.done("mia", "/report subscribe daily at=09:00 days=daily tz=Europe/Berlin late=2h")
		w.Chat.Fail = func(op string) error {
			if op == "post" {
				return &bot.RetryAfterError{After: time.Minute, Err: errors.New("down")}
			}
			return nil
		}
		w.until("2026-11-26 09:00")
		w.until("2026-11-26 10:00")
		w.Chat.Fail = nil
		w.until("2026-11-26 10:30")
		if n := len(w.digests("it-ops")); n != 1 {
			t.Fatalf("%d digests once it is back", n)
		}
		w.Contains(w.done("mia", "/report runs"), "late by 1 h 30 min")
	})
}

// What stands in the channel is finished, however late: the platform goes down between the report and its thread.
func TestAReportThatStandsThereIsFinished(t *testing.T) {
	each(t, func(w *world) {
		w.done("mia", "/report subscribe daily at=09:00 days=daily tz=Europe/Berlin late=2h")
		for _, title := range []string{
			"Apples rot", "Bread burns", "Cheese melts", "Dates stick", "Eggs break", "Figs dry", "Grapes sour",
		} {
			w.done("ana", "/incident declare "+title+" sev3 service=mail anyway=yes")
		}
		w.Chat.Fail = func(op string) error {
			if _, err := w.Store.Posted(context.Background(), "report.part/R-1/0"); op == "post" && err == nil {
				return &bot.RetryAfterError{After: time.Minute, Err: errors.New("down")}
			}
			return nil
		}
		w.until("2026-11-26 09:00")
		w.until("2026-11-26 12:00")
		w.Chat.Fail = nil
		w.until("2026-11-26 12:30")
		w.Contains(w.done("mia", "/report runs daily"), "R-1", "posted", "late by 3 h 30 min")
		thread := 0
		for _, m := range w.Chat.In("it-ops") {
			if strings.HasPrefix(m.Key, "report.part/R-1/") && m.Ref.Thread != "" {
				thread++
			}
		}
		if len(w.digests("it-ops")) != 1 || thread == 0 {
			t.Errorf("%d digests, %d messages in the thread", len(w.digests("it-ops")), thread)
		}
	})
}

// Several instances tick and work at once, time and again; some answers are lost after the platform did its work.
func TestSeveralInstancesPostEachSlotOnce(t *testing.T) {
	each(t, func(w *world) {
		w.done("mia", "/report subscribe daily at=09:00 days=daily tz=Europe/Berlin")
		bots := []*engine.Bot{w.Bot, w.instance(), w.instance()}
		berlin, _ := time.LoadLocation("Europe/Berlin")
		const days = 12
		for day := range days {
			at := time.Date(2026, 11, 26+day, 9, 0, 0, 0, berlin)
			w.Clock.Move(at.Sub(w.Clock.Now()))
			var wg sync.WaitGroup
			for _, b := range bots {
				wg.Go(func() {
					for range 3 {
						if err := b.Tick(context.Background()); err != nil {
							t.Error(err)
						}
						if _, err := b.RunDue(context.Background()); err != nil {
							t.Error(err)
						}
					}
				})
			}
			wg.Wait()
			w.RunDue()
		}
		if n := len(w.digests("it-ops")); n != days {
			t.Errorf("%d digests in %d days", n, days)
		}
	})
}

func TestPauseResumeAndWhoMayChangeIt(t *testing.T) {
	each(t, func(w *world) {
		w.done("mia", "/report subscribe daily at=09:00 days=daily tz=Europe/Berlin")
		w.Refused("dan", "/report pause daily", "belongs to @Mia Tanaka")
		w.Refused("gus", "/report subscribe weekly", "may not")
		w.done("mia", "/report pause daily until=2026-11-28")
		w.until("2026-11-26 09:00")
		w.until("2026-11-27 09:00")
		if n := len(w.digests("it-ops")); n != 0 {
			t.Fatalf("%d posted in the pause", n)
		}
		w.until("2026-11-29 09:00")
		if n := len(w.digests("it-ops")); n != 1 {
			t.Fatalf("%d posted after it", n)
		}
		w.Contains(w.done("mia", "/report schedules"), "SCH-1", "Mon 30 Nov 09:00")
		w.done("mia", "/report unsubscribe daily")
		w.until("2026-11-30 09:00")
		if n := len(w.digests("it-ops")); n != 1 {
			t.Errorf("%d posted after the end", n)
		}
	})
}

// What is restricted to a channel is a count everywhere else.
func TestRestrictedThingsAreOnlyCountedElsewhere(t *testing.T) {
	each(t, func(w *world) {
		w.done("ana", "/incident declare Salary figures leaked sev1 service=payroll")
		public := w.done("mia", "/report preview daily")
		w.Contains(public, "1 restricted incident")
		for _, secret := range []string{"Salary", "INC-1", "payroll"} {
			if strings.Contains(public, secret) {
				t.Errorf("%q is told to everybody:\n%s", secret, public)
			}
		}
		w.Contains(bottest.Rendered(w.In("hr").Type("mia", "/report preview daily")), "Salary figures leaked")
		// What was posted there is not shown elsewhere.
		w.In("hr").Type("mia", "/report run daily")
		w.Refused("dan", "/report details R-1", "only shown where it was posted")
	})
}

func TestTheMonthlyReviewIsADraftUntilSomebodyPublishesIt(t *testing.T) {
	each(t, func(w *world) {
		w.done("mia", "/report subscribe monthly tz=Europe/Berlin")
		w.until("2026-12-03 09:00") // the third workday
		if n := len(w.digests("it-ops")); n != 0 {
			t.Fatal("the draft was posted")
		}
		w.Refused("dan", "/report publish R-1", "belongs to @Mia Tanaka")
		w.Contains(w.done("mia", `/report edit R-1 "A calm month, one outage."`), "saved")
		w.Contains(w.done("mia", "/report publish R-1"), "Published")
		list := w.digests("it-ops")
		if len(list) != 1 {
			t.Fatalf("%d posted", len(list))
		}
		text := bottest.Render(list[0].Message)
		w.Contains(text, "IT service review · November 2026", "A calm month, one outage.")
		if strings.Contains(text, "DRAFT") {
			t.Error("it says that it is a draft")
		}
		w.Refused("mia", "/report edit R-1 too late", "was published")
	})
}

// Whoever owns a draft is reminded of it, once a day, until it is published.
func TestADraftIsNotForgotten(t *testing.T) {
	each(t, func(w *world) {
		w.done("mia", "/report subscribe monthly at=09:00 on=1 tz=Europe/Berlin")
		w.until("2026-12-01 09:00")
		told := func() (n int) {
			for _, m := range w.Chat.In("@mia") {
				if strings.Contains(bottest.Render(m.Message), "is still a draft") {
					n++
				}
			}
			return n
		}
		w.until("2026-12-02 09:00")
		w.until("2026-12-03 09:01")
		if told() != 2 {
			t.Errorf("reminded %d times in two days", told())
		}
		w.done("mia", "/report publish R-1")
		w.until("2026-12-04 09:02")
		if told() != 2 {
			t.Error("reminded of one that was published")
		}
	})
}

func TestReportsOfAnyPeriodAndTheirFiles(t *testing.T) {
	each(t, func(w *world) {
		w.done("ana", "/incident declare VPN logins failing sev2 service=portal")
		w.Clock.Move(40 * time.Minute)
		w.done("ana", `/incident resolve INC-1 summary="Certificate renewed"`)
		w.Contains(w.done("mia", "/report run weekly this-week"), "R-1")
		w.Contains(bottest.Render(w.digests("it-ops")[0].Message), "1 incident opened", "INC-1", "40 min")
		w.Contains(w.done("mia", "/report export R-1 csv"), "weekly-2026-11-25-R-1.csv")
		w.done("mia", "/report export R-1 html")
		var files, charts int
		for _, m := range w.Chat.Messages() {
			switch a := m.Message.Attachment; {
			case a == nil:
			case a.Type == "image/png":
				charts++
			default:
				files++
			}
		}
		if files != 2 || charts == 0 {
			t.Errorf("%d files, %d charts", files, charts)
		}
		for text, want := range map[string]string{
			"/report run weekly 2026-W60":                        "Write last-week",
			"/report subscribe daily at=25:00":                   "09:00",
			"/report subscribe daily days=someday":               "mon-fri",
			"/report subscribe daily tz=Berlin":                  "Europe/Berlin",
			"/report subscribe daily holidays=de-xx":             "de-by",
			"/report subscribe daily holidays=de-by:maybe":       "shift",
			`/report subscribe daily cron="*/5 * * * *"`:         "once a day",
			"/report subscribe daily sections=attention,weather": "weather",
			"/report subscribe daily team=nobody":                "shop",
			"/report subscribe daily late=1m":                    "10m",
			"/report subscribe daily on=workday-3 days=mon":      "not both",
			"/report details R-99":                               "/report runs",
			"/report pause weekly":                               "/report schedules",
			"/report holidays works dates=24.12.2026":            "2026-12-24",
		} {
			w.Run(strings.TrimPrefix(text, "/report "), func(t *testing.T) {
				r := w.Type("mia", text)
				if r.Status == bot.Done || !strings.Contains(bottest.Rendered(r), want) {
					t.Errorf("%s: %s: %s", text, r.Status, bottest.Rendered(r))
				}
			})
		}
	})
}

// A channel that is archived cannot get its report: the run says so, and its owner is told.
func TestAReportForAnArchivedChannelFailsAndItsOwnerIsTold(t *testing.T) {
	each(t, func(w *world) {
		w.done("mia", "/report subscribe daily at=09:00 days=daily tz=Europe/Berlin")
		if err := w.Chat.Archive(context.Background(), bot.Conversation{Platform: "test", Channel: "it-ops"}); err != nil {
			t.Fatal(err)
		}
		w.until("2026-11-26 09:00")
		w.Contains(w.done("mia", "/report runs daily"), "failed", "is gone or archived")
		if !slices.ContainsFunc(w.Chat.In("@mia"), func(m bottest.Recorded) bool {
			return strings.Contains(bottest.Render(m.Message), "was not posted")
		}) {
			t.Error("its owner was not told")
		}
	})
}

// A meeting goes through the weekly report, section by section; what somebody takes on is followed up by later reports
// until it is done.
func TestAReviewLeavesMinutesAndActions(t *testing.T) {
	each(t, func(w *world) {
		w.done("ana", "/incident declare VPN logins failing sev2 service=portal")
		w.Contains(w.done("mia", "/report run weekly this-week"), "R-1")
		root := w.digests("it-ops")[0]
		w.Contains(bottest.Render(root.Message), "Start review", "Add action")
		w.Refused("mia", "/report discussed R-1 incidents", "No review of R-1 is in progress")
		w.Contains(w.done("mia", "/report review R-1"), "The review has started")
		w.Refused("ben", "/report review R-1", "@Mia Tanaka started it")
		thread := func() string {
			var all []string
			for _, m := range w.Chat.In("it-ops") {
				if m.Ref.Thread == root.Ref.ID {
					all = append(all, bottest.Render(m.Message))
				}
			}
			return strings.Join(all, "\n---\n")
		}
		w.Contains(thread(), "1 of ", "· Incidents", "✓ Discussed", "Review in progress", "End review")
		w.done("ben", "/report discussed R-1 incidents")
		w.Contains(w.done("ben", "/report discussed R-1 incidents"), "already")
		w.Refused("ben", "/report discussed R-1 incident", `no section "incident"`, "incidents")
		w.Contains(
			w.done("mia", `/report action R-1 Alert on the pool owner=@dan due="2026-11-27 17:00"`), "R-1 action 1", "@Dan",
		)
		w.Refused("mia", "/report action R-1 ab", "at least 3")
		w.done("chloe", "/report decide R-1 No releases of the portal until Friday")
		w.Contains(w.done("mia", "/report end R-1 present=@eve"), "1 decision, 1 action")
		minutes := thread()
		w.Contains(
			minutes, "Minutes · Weekly ops review", "@Mia", "@Ben", "@Chloe", "@Eve", "Incidents", "not discussed:",
			"No releases of the portal", "R-1 action 1 Alert on the pool",
		)
		if strings.Contains(minutes, "✓ Discussed]") || strings.Contains(minutes, "End review") {
			t.Errorf("it has buttons after its end:\n%s", minutes)
		}
		w.Refused("mia", "/report end R-1", "No review of R-1 is in progress")
		r, err := w.Store.Reports().Run(context.Background(), 1)
		if err != nil {
			w.T.Fatal(err)
		}
		page, err := r.Document(map[bot.PersonID]string{"mia": "Mia Tanaka"})
		if err != nil {
			w.T.Fatal(err)
		}
		w.Contains(
			string(page), "<h2>Review</h2>", "Present: Mia Tanaka", "No releases of the portal",
			"R-1 action 1 Alert on the pool",
		)
		// Followed up: due soon, overdue, done.
		w.Contains(w.done("mia", "/report preview daily"), "R-1 action 1: Alert on the pool")
		w.until("2026-11-30 09:00")
		w.Contains(w.done("mia", "/report preview weekly this-week"), "R-1 action 1", "overdue")
		w.Contains(w.done("dan", "/report done R-1 1"), "is done")
		w.Refused("dan", "/report done R-1 1", "said so already")
		w.Refused("dan", "/report done R-1 7", "no action 7")
		w.Clock.Move(time.Minute)
		w.Contains(w.done("mia", "/report preview weekly this-week"), "1 done in this week")
		w.Contains(thread(), "Minutes · Weekly", "✓ done")
	})
}

func TestWhoGetsAnActionOfAReviewIsTold(t *testing.T) {
	each(t, func(w *world) {
		w.done("mia", "/report run weekly last-week")
		w.done("mia", `/report action R-1 Alert on the pool owner=@dan due="2026-12-04 17:00"`)
		w.done("mia", "/report action R-1 Ask the vendor owner=@mia")
		var dan, mia, below []string
		for _, m := range w.Chat.Messages() {
			text := m.Message.Plain(time.UTC)
			switch {
			case m.Ref.Channel == "@dan":
				dan = append(dan, text)
			case m.Ref.Channel == "@mia":
				mia = append(mia, text)
			case m.Ref.Thread != "" && strings.Contains(text, "➕"):
				below = append(below, text)
			}
		}
		if len(dan) != 1 || !strings.Contains(dan[0], "@Mia Tanaka gave you an action of Weekly") ||
			!strings.Contains(dan[0], "Alert on the pool") || !strings.Contains(dan[0], "due ") {
			t.Errorf("dan was told %q", dan)
		}
		if len(mia) != 0 {
			t.Errorf("mia was told what she took herself: %q", mia)
		}
		if len(below) != 1 || !strings.Contains(below[0], "Alert on the pool – @Dan Weber") {
			t.Errorf("below the report: %q", below)
		}
	})
}
