package storage_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/watchbell/watchbell/bot/bottest"
)

// grown fills a database with people as years of work leave it behind: n of everything that grows, one an hour, of
// which 50 are not over. Nobody answers these: severity sev1, service "none", environment "dev", type emergency,
// requester chloe. Tables are those to fill; without any, all are.
func grown(t testing.TB, url string, n int, tables ...string) {
	t.Helper()
	g := grower{postgres: strings.HasPrefix(url, "postgres"), n: n}
	db := connect(t, url)
	for _, sql := range g.statements() {
		if rest, inserts := strings.CutPrefix(sql, "INSERT INTO "); inserts && len(tables) > 0 &&
			!slices.Contains(tables, strings.Fields(rest)[0]) {
			continue
		}
		if _, err := db.Exec(sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

type grower struct {
	postgres bool
	n        int
}

// ago is a time so many minutes before now, and hours(x) before that.
func (g grower) ago(minutes string) string {
	base := bottest.Start.Format("'2006-01-02 15:04:05+00:00'")
	if g.postgres {
		return fmt.Sprintf("(%s::timestamptz - (%s) * interval '1 minute')", base, minutes)
	}
	return fmt.Sprintf("strftime('%%Y-%%m-%%d %%H:%%M:%%S+00:00', %s, (-(%s)) || ' minutes')", base, minutes)
}

func (g grower) statements() []string {
	numbers := fmt.Sprintf(
		"(WITH RECURSIVE all_n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM all_n WHERE n < %d) SELECT n, (%d - n) * 60 "+
			"AS age, n %% %d = 0 AS live FROM all_n) s",
		g.n, g.n, max(1, g.n/open),
	)
	at := g.ago("age")
	later := g.ago("age - 30")
	insert := func(table, columns, values string) string {
		return "INSERT INTO " + table + " (" + columns + ") SELECT " + values + " FROM " + numbers
	}
	hash := "substr('0000000000000000000000000000000000000000000000000000000000000000' || n, length('' || n) + 1)"
	all := []string{
		insert(
			"incidents",
			`number, title, impact, severity, state, reporter, leadless_since, started_at, detected_at, declared_at, resolved_at, closed_at, resume_state, muted, last_human_at, updates,
  update_text, update_by, resolution, end_reason, reopened, happened, contributing, went_well, was_hard, source, origin, version, entries`,
			`n, 'Checkout of shop ' || n || ' returns 502', '', CASE n % 3 WHEN 0 THEN 'sev2' WHEN 1 THEN 'sev3' ELSE 'sev4' END, CASE WHEN live THEN 'investigating' ELSE 'closed' END, 'dan', `+at+", "+at+", "+at+", "+at+
				", CASE WHEN live THEN NULL ELSE "+later+" END, CASE WHEN live THEN NULL ELSE "+later+" END, '', false, "+at+
				", 3, '', '', 'Rolled back', '', 0, '', '', '', '', 'test', '', 9, 1",
		),
		insert(
			"incident_services", "number, service, severity",
			"n, 'service-' || (n % 100), CASE n % 3 WHEN 0 THEN 'sev2' WHEN 1 THEN 'sev3' ELSE 'sev4' END",
		),
		insert(
			"sessions", "id, person, made_at, seen_at, way, factor, address, agent",
			hash+", 'mia', "+g.ago("1")+", "+g.ago("0")+", 'passkey', 'passkey', '127.0.0.1', 'test'",
		),
		insert(
			"login_links", "hash, purpose, person, made_by, next, made_at, expires_at",
			hash+", 'chat-link', 'mia', 'mia', '', "+g.ago("1")+", "+g.ago("0"),
		),
		insert("recovery_codes", "hash, person, made_at", hash+", 'mia', "+at),
		insert("login_spent", "id, until_at", hash+", "+g.ago("0")),
		insert(
			"passkeys", "id, person, handle, name, public_key, counter, synced, transports, made_at",
			hash+", 'mia', '1234567890123456789012', 'Laptop', '1', 1, false, '', "+at,
		),
		insert(
			"login_subjects", "id, person, issuer, subject, email, member_of, roles, made_at, used_at",
			hash+", 'mia', 'https://login.example.com', "+hash+", '', '', '', "+at+", "+at,
		),
		insert("incident_responders", "number, person", "n, 'dan'"),
		insert(
			"incident_entries", "number, seq, at, recorded_at, person, kind, text, link",
			"n, 1, "+at+", "+at+", 'dan', 'note', 'Something happened', ''",
		),
		insert(
			"incident_tasks", "number, n, text, owner, follow_up, created_by, created_at, done_at, done_by",
			"n, 1, 'Do it', 'dan', true, 'dan', "+at+", CASE WHEN live THEN NULL ELSE "+later+
				" END, CASE WHEN live THEN NULL ELSE 'dan' END",
		),
		insert("dues", "object, what, day, name, text, owner, team, audience, urgent, done, reassign",
			"'LMP-' || n, 'look', '2027-01-01', '', 'Look at it', 'dan', '', '{}', false, 'null', 'null'"),
		insert("nudges", "object, what, due, step, sent_to, message, sent_at, why",
			"'LMP-' || n, 'look', '2027-01-01', 30, 'dan', 'day ' || (n / 10), "+at+", ''"),
		insert("notify_places", "number, owner, service, label, sealed, mark, by_person, made_at, fault",
			"n, 'person/' || (n / 5), 'ntfy', 'ntfy.sh/x', 'x', '"+strings.Repeat("0", 57)+"' || (1000000 + n), 'dan', "+
				at+", ''"),
		insert("notify_deliveries", "object, round, place, person, owner, name, state, at, tries, fault",
			"'PAGE-' || n, 0, n, 'dan', 'person/dan', 'ntfy', 'sent', "+at+", 1, ''"),
		insert("incident_changes", "number, change, verdict, person, at", "n, 'CHG-' || n, 'suspect', 'dan', "+at),
		insert(
			"changes",
			`number, requester, beneficiary, type, state, held, revision, digest, title, env, template, risk_level, risk_score, start_at, end_at, created_at, submitted_at, started_at, finished_at, ended_at, outcome, data, version, entries`,
			`n, 'dan', CASE n % 5 WHEN 0 THEN 'mia' ELSE 'dan' END, CASE n % 2 WHEN 0 THEN 'normal' ELSE 'standard' END, CASE WHEN live THEN 'pending' ELSE 'closed' END, false, 1, '`+digestA+`', 'Change ' || n, CASE n % 4 WHEN 0 THEN 'staging' ELSE 'prod' END,
  CASE n % 2 WHEN 0 THEN '' ELSE 'deploy@1' END, CASE n % 3 WHEN 0 THEN 'low' WHEN 1 THEN 'medium' ELSE 'high' END, 10, `+at+", "+later+", "+at+", "+at+", CASE WHEN live THEN NULL ELSE "+at+" END, CASE WHEN live THEN NULL ELSE "+later+
				" END, CASE WHEN live THEN NULL ELSE "+later+
				" END, CASE WHEN live THEN '' ELSE 'success' END, '{\"created\":\"2026-11-25T14:00:00Z\"}', 1, 0",
		),
		insert("change_services", "number, service", "n, 'service-' || (n % 100)"),
		insert(
			"change_touches", "number, what, env, start_at, end_at",
			"n, CASE n % 10 WHEN 0 THEN 'service/service-1' ELSE 'service/service-' || n END, 'prod', "+at+", "+
				g.ago("age - 30"),
		) + " WHERE live",
		insert(
			"change_revisions", "number, revision, digest, requester, beneficiary, made_by, made_at, content",
			"n, 1, '"+digestA+"', 'dan', CASE n % 5 WHEN 0 THEN 'mia' ELSE 'dan' END, 'dan', "+at+
				", '{\"title\":\"Change\",\"type\":\"normal\",\"env\":\"prod\",\"services\":[\"service-1\"]}'",
		),
		insert(
			"change_votes",
			"number, n, revision, digest, requester, beneficiary, stage, person, seat, decision, state, at, data",
			"n, 1, 1, '"+digestA+
				"', 'dan', CASE n % 5 WHEN 0 THEN 'mia' ELSE 'dan' END, 'peer', 'ana', 'ana', 'approve', 'counted', "+at+", '{}'",
		),
		insert("change_entries", "number, seq, at, person, kind, text", "n, 1, "+at+", 'dan', 'note', 'Something happened'"),
		insert(
			"change_grants", "id, number, revision, digest, env, service, use_n, artifact, run, person, at",
			"'GRT-' || n, n, 1, '"+digestA+"', 'prod', 'service-1', 1, '', 'run', 'dan', "+at,
		),
		insert("change_freezes", "id, data, from_at, to_at, ended_at", "'FRZ-' || n, '{}', "+at+", "+later+", NULL"),
		insert("change_delegations", "id, giver, taker, since, until, scope", "'D-' || n, 'dan', 'ana', "+at+", "+later+
			", ''"),
		insert("change_templates", "digest, person, name, at", hash+", 'ana', 'template-' || n, "+at),
		insert("change_policies", "sha, text, at", hash+", 'rules: []', "+at),
		insert(
			"deployments", "id, service, env, artifact, change, person, at, note",
			"'DEP-' || n, 'service-1', 'prod', '', 'CHG-' || n, 'dan', "+at+", ''",
		),
		insert(
			"audit", "seq, at, actor, action, object, version, result, detail, source, key, prev, hash, digest",
			"n + 1, "+at+", 'dan', 'incident.update', 'INC-' || n, 1, 'done', '', 'test', '', "+hash+", "+hash+", '-'",
		),
		insert("actions", "key, answer, at", "'key-' || n, '{}', "+at),
		insert(
			"refs", "token, data, expires", "'token-' || n, '{}', CASE WHEN n % 2 = 0 THEN "+g.ago("age - 100000000")+" END",
		),
		insert(
			"posted", "key, object, round, platform, workspace, channel, thread, message, digest",
			"'card/' || n, 'INC-' || n, 0, 'test', '', 'incidents', CASE WHEN n % 2 = 0 THEN 'thread-' || n ELSE '' END, "+
				"CASE WHEN n % 2 = 0 THEN '' ELSE 'message-' || n END, ''",
		),
		insert(
			"jobs", "kind, object, arg, lane, run_at, state, enqueued_at",
			"'test.do', 'INC-' || n, '', CASE WHEN n % 2 = 0 THEN '' ELSE 'INC-' || n END, "+g.ago("age - 100000000")+", 0, "+at,
		),
		insert("slots", "schedule, slot, at", "'old.tick', '2020-' || n, "+at),
		"INSERT INTO report_schedules (number, report, place, ended, data, version) VALUES (1, 'daily', 'test//ops', " +
			"false, '{\"report\":\"daily\",\"place\":{\"platform\":\"test\",\"channel\":\"ops\"}}', 1)",
		insert(
			"report_runs", "number, schedule, slot, report, scope, state, due_at, from_at, to_at, data, version",
			"n, 1, 'slot-' || n, 'daily', 'all', CASE WHEN live THEN 'posted' ELSE 'skipped' END, "+at+", "+at+", "+later+
				", '{}', 1",
		),
		insert(
			"report_actions", "run, n, channel, section, text, owner, made_by, made_at, done_at, finished_by",
			"n, 1, '', '', 'Do it', 'dan', 'dan', "+at+", CASE WHEN live THEN NULL ELSE "+at+
				" END, CASE WHEN live THEN NULL ELSE 'dan' END",
		) + " WHERE n % 50 = 0",
		"INSERT INTO oncall_rotas (name, ended, data, version) VALUES ('primary', false, '{}', 1), ('secondary', false, " +
			"'{}', 1)",
		insert("oncall_overrides", "rota, n, person, from_at, to_at, data", "'primary', n, 'dan', "+at+", "+later+", '{}'"),
		insert("oncall_handovers", "number, rota, at, accepted, data, version", "n, 'primary', "+at+", NOT live, '{}', 1"),
		insert("oncall_pages", "number, rota, at, open, data, version", "n, 'primary', "+at+", live, '{}', 1"),
		insert(
			"chat_channels", "id, key, name, person, topic, archived, posts, made_at, revision",
			"n, 'incident/' || n, 'inc-' || n, '', '', NOT live, 1, "+at+", n",
		),
		insert(
			"chat_posts",
			"id, channel, thread, key, n, author, only_for, asked, message, form, pinned, gone, replies, made_at, revision",
			"n, "+fmt.Sprint(max(1, g.n/open))+
				", 0, 'post-' || n, n, '', CASE n % 3 WHEN 0 THEN 'ben' ELSE '' END, '', '{}', '', n % 7 = 0, n % 5 = 0, 0, "+at+
				", n",
		),
		insert("chat_members", "channel, person, read, member, revision", "n, 'dan', 0, true, n"),
		insert("chat_files", "key, type, data, at", "'file-' || n, 'image/png', '', "+at),
		// twenty registers
		insert(
			"records",
			`kind, number, id, alias, version, name, sort_name, owner, team, seen, readers, state, wakes, archived_at, added_at, changed_at, fields, words, data, trail`,
			`'kind-' || (n % 20), (n + 19) / 20, 'REC-' || n, 'REC-' || n, 1, 'Record ' || n, 'record ' || n, CASE n % 200 WHEN 0 THEN NULL WHEN 1 THEN 'ben' ELSE 'dan' END, 'platform',
  CASE n % 10 WHEN 0 THEN 'restricted' WHEN 1 THEN 'team' ELSE 'all' END, '["ana","ben"]', 'active', CASE WHEN live THEN '2020-01-01' ELSE '2027-01-01' END, CASE n % 4 WHEN 0 THEN `+at+" END, "+
				at+", "+at+`, '{"tier":"' || (n % 7) || '","vendor":"VEN-' || n || '"}', 'record ' || n, '{}', ''`,
		),
		insert("record_links", "from_id, name, to_id", "'REC-' || n, 'covers', 'service-' || n"),
		insert(
			"record_history", "record, version, n, kind, at, person, what, was, became",
			"'REC-' || n, 1, 1, 'kind-' || (n % 20), "+at+", 'dan', CASE n % 9 WHEN 0 THEN 'renewed' ELSE 'name' END, '', 'Record'",
		),
		insert(
			"imports",
			"number, kind, person, at, file, sum, created, changed, undoes, undone, first, relies, bumps, jobs, digest, applied_at",
			"n, 'kind-' || (n % 20), 'dan', "+at+", 'a.csv', 'x', 0, 1, 0, 0, 1, '[]', '[]', '[]', '', CASE WHEN n % 1000 > 0 THEN "+at+" END",
		),
		insert(
			"import_rows",
			`import, n, was_version, before, told, history, digest, kind, number, id, alias, version, name, sort_name, owner, team, seen, readers, state, wakes, archived_at, added_at, changed_at, fields,
  words, data, trail, import_id`,
			`n, 1, 1, '', n % 9 = 0, '[]', '', 'kind-' || (n % 20), n, 'OLD-' || n, 'OLD-' || n, 2, '', '', 'dan', '', 'all', '', '', '', NULL, `+at+", "+at+", '{}', '', '{}', '', n",
		),
		insert("import_links", "import, gone, from_id, name, to_id", "n, false, 'OLD-' || n, 'covers', 'x'"),
		insert(
			"import_dues", "import, gone, object, what, day, name, text, team, audience, urgent, done, reassign, ladder, open, look_at",
			"n, false, 'OLD-' || n, 'end', '2027-01-01', '', '', '', '{}', false, '', '', 'null', 'null', "+at,
		),
		"INSERT INTO counters (name, value) SELECT DISTINCT 'record/' || kind, 0 FROM records",
		fmt.Sprintf("UPDATE audit_head SET seq = %d", g.n+1),
		fmt.Sprintf("UPDATE counters SET value = %d", g.n),
		fmt.Sprintf("UPDATE chat_head SET revision = %d", g.n),
	}
	if g.postgres {
		return append(all, "ANALYZE")
	}
	return all
}
