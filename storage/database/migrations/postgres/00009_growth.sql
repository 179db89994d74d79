-- +goose Up
-- Every list costs the same with a thousand rows as with a million, also when nothing matches. Each index says which statement needs it: one that
-- nothing reads is paid for with every write.

-- Incidents by severity, newest first: /incident list all severity=…
CREATE INDEX incidents_severity ON incidents (severity, number);
-- Nothing looks for a lead.
DROP INDEX incidents_lead;
-- Nothing looks for the owner of a task.
DROP INDEX incident_tasks_owner;

-- Incidents of a service, of all severities or of some: /incident list all service=… severity=…. The severity is the incident's own, kept in step by
-- the trigger, for no index spans two tables.
ALTER TABLE incident_services ADD COLUMN severity text NOT NULL DEFAULT 'unknown';
UPDATE incident_services SET severity = i.severity FROM incidents i WHERE i.number = incident_services.number;
DROP INDEX incident_services_service;
CREATE INDEX incident_services_service ON incident_services (service, severity, number);
-- +goose StatementBegin
CREATE FUNCTION incident_services_follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE incident_services SET severity = NEW.severity WHERE number = NEW.number;
  RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER incidents_severity_changed AFTER UPDATE OF severity ON incidents
  FOR EACH ROW WHEN (OLD.severity IS DISTINCT FROM NEW.severity) EXECUTE FUNCTION incident_services_follow();

-- What /change list tells changes apart by, in one column: its few different values are found by stepping through the index from one to the next, and
-- each of those that match is read from its newest number down, whatever was asked for together.
ALTER TABLE changes ADD COLUMN facet text NOT NULL GENERATED ALWAYS AS (state || ' ' || type || ' ' || risk_level || ' ' || env) STORED;
CREATE INDEX changes_facet ON changes (facet, number);
DROP INDEX changes_state;
-- The same for the changes of one person.
CREATE INDEX changes_requested ON changes (requester, facet, number);
DROP INDEX changes_requester;
CREATE INDEX changes_on_behalf ON changes (beneficiary, facet, number) WHERE beneficiary <> requester;
-- Open changes are few, however many are over: lists of open ones, what is near, reports.
CREATE INDEX changes_live ON changes (number) WHERE state IN ('draft', 'pending', 'approved', 'implementing', 'verifying', 'rolling_back', 'review');
-- The calendar: what touches a day began at most 31 days before, the longest window. What lasted longer is rare and has an index of its own.
CREATE INDEX changes_begin ON changes (coalesce(started_at, start_at));
ALTER TABLE changes ADD COLUMN lasts boolean GENERATED ALWAYS AS (coalesce(finished_at, end_at, started_at) - coalesce(started_at, start_at) > interval '31 days') STORED;
CREATE INDEX changes_lasting ON changes (number) WHERE lasts;
-- What a change that is not over lays hands on in its window: others that touch the same are found by it, and nothing else has to be read.
CREATE TABLE change_touches (
  number   bigint NOT NULL REFERENCES changes (number),
  what     text NOT NULL, -- service/…, person/… (who carries it out) or artifact/…
  env      text NOT NULL,
  start_at timestamptz NOT NULL,
  end_at   timestamptz NOT NULL,
  PRIMARY KEY (number, what)
);
CREATE INDEX change_touches_at ON change_touches (env, what, start_at);
INSERT INTO change_touches (number, what, env, start_at, end_at)
  SELECT c.number, 'service/' || s.service, c.env, c.start_at, c.end_at FROM changes c JOIN change_services s ON s.number = c.number
  WHERE c.state IN ('pending', 'approved', 'implementing', 'verifying', 'rolling_back') AND c.start_at IS NOT NULL AND c.end_at IS NOT NULL;
INSERT INTO change_touches (number, what, env, start_at, end_at)
  SELECT DISTINCT c.number, 'person/' || x.value, c.env, c.start_at, c.end_at FROM changes c JOIN change_revisions r ON r.number = c.number AND r.revision = c.revision, jsonb_array_elements_text(r.content::jsonb -> 'implementers') AS x (value)
  WHERE c.state IN ('pending', 'approved', 'implementing', 'verifying', 'rolling_back') AND c.start_at IS NOT NULL AND c.end_at IS NOT NULL;
INSERT INTO change_touches (number, what, env, start_at, end_at)
  SELECT DISTINCT c.number, 'artifact/' || x.value, c.env, c.start_at, c.end_at FROM changes c JOIN change_revisions r ON r.number = c.number AND r.revision = c.revision, jsonb_array_elements_text(r.content::jsonb -> 'artifacts') AS x (value)
  WHERE c.state IN ('pending', 'approved', 'implementing', 'verifying', 'rolling_back') AND c.start_at IS NOT NULL AND c.end_at IS NOT NULL;
INSERT INTO change_touches (number, what, env, start_at, end_at)
  SELECT c.number, 'person/' || c.requester, c.env, c.start_at, c.end_at FROM changes c
  WHERE c.state IN ('pending', 'approved', 'implementing', 'verifying', 'rolling_back') AND c.start_at IS NOT NULL AND c.end_at IS NOT NULL
    AND NOT EXISTS (SELECT 1 FROM change_touches t WHERE t.number = c.number AND t.what LIKE 'person/%');
-- How often changes failed lately.
CREATE INDEX changes_failed ON changes (ended_at) WHERE outcome IN ('failed', 'rolled_back');
-- The record of a template: its last runs.
DROP INDEX changes_template;
CREATE INDEX changes_template ON changes (template, number) WHERE type = 'standard' AND started_at IS NOT NULL AND outcome <> '';
CREATE INDEX change_templates_name ON change_templates (name);
-- Nothing looks for what somebody voted on.
DROP INDEX change_votes_of;
-- Freezes that are not over.
CREATE INDEX change_freezes_over ON change_freezes (coalesce(ended_at, to_at));
-- The policy that was last in force.
CREATE INDEX change_policies_at ON change_policies (at);
-- Deployments without a change, for reports.
CREATE INDEX deployments_stray ON deployments (at) WHERE note <> '';

-- Runs of a schedule, of a kind of report, of a series, and all, in any states.
CREATE INDEX report_runs_schedule ON report_runs (schedule, state, number);
CREATE INDEX report_runs_report ON report_runs (report, state, number);
CREATE INDEX report_runs_state ON report_runs (state, number);
DROP INDEX report_runs_of;
CREATE INDEX report_runs_of ON report_runs (report, scope, state, to_at, number);
DROP INDEX report_runs_open;
-- Hand-overs that nobody accepted, newest first.
DROP INDEX oncall_handovers_open;
CREATE INDEX oncall_handovers_open ON oncall_handovers (at, number) WHERE NOT accepted;
CREATE INDEX oncall_handovers_at ON oncall_handovers (at, number);
DROP INDEX oncall_pages_at;
CREATE INDEX oncall_pages_at ON oncall_pages (at, number);
CREATE INDEX oncall_pages_rota ON oncall_pages (rota, at, number);
DROP INDEX oncall_pages_open;

-- A page of a channel for one person: what all see, and what only they see, each from the newest down.
DROP INDEX chat_posts_page;
CREATE INDEX chat_posts_page ON chat_posts (channel, thread, only_for, id) WHERE NOT gone;
DROP INDEX chat_posts_pinned;
CREATE INDEX chat_posts_pinned ON chat_posts (channel, only_for, id) WHERE pinned;
-- Channels that are not archived, which is how those of incidents end.
CREATE INDEX chat_channels_listed ON chat_channels (person, id) WHERE NOT archived;
-- Members are looked for by channel and person together.
DROP INDEX chat_members_person;

-- What a message or a room belongs to, also where all incidents are threads of one channel. The key is there for its order only, without which
-- PostgreSQL would guess that it finds a room at once wherever it begins to read.
DROP INDEX posted_place;
CREATE INDEX posted_place ON posted (platform, workspace, channel, message) WHERE message <> '';
CREATE INDEX posted_rooms ON posted (platform, workspace, channel, key) WHERE message = '' AND thread = '';
-- Nothing looks for all that was posted for an object.
DROP INDEX posted_object;
-- Jobs that were given up, which stay.
CREATE INDEX jobs_dead ON jobs (id) WHERE state = 2;
-- Old answers are deleted in the order in which they lie, without an index.
DROP INDEX actions_at;
-- That no entry follows another twice (prev) keeps the log in one line. Nothing looks for a hash.
ALTER TABLE audit DROP CONSTRAINT audit_hash_key;
