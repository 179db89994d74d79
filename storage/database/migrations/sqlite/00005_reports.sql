-- +goose Up
-- Reports: who gets which one when, what was posted, and the numbers it said. A slot is a schedule and a local date, so it is posted once whatever the clocks do.
INSERT INTO counters (name, value) VALUES ('schedule', 0), ('run', 0), ('page', 0), ('handover', 0);

ALTER TABLE incidents ADD COLUMN past text NOT NULL DEFAULT '';
CREATE INDEX incidents_declared ON incidents (declared_at);
CREATE INDEX incidents_resolved ON incidents (resolved_at) WHERE resolved_at IS NOT NULL;

ALTER TABLE changes ADD COLUMN caused boolean NOT NULL DEFAULT false;
ALTER TABLE changes ADD COLUMN glass boolean NOT NULL DEFAULT false;
UPDATE changes SET caused = true WHERE data LIKE '%"how":"caused"%';
UPDATE changes SET glass = true WHERE data LIKE '%"glass":{"by"%';
ALTER TABLE changes ADD COLUMN over_at datetime GENERATED ALWAYS AS (coalesce(finished_at, ended_at)) VIRTUAL; -- a column, for PostgreSQL keeps statistics of columns
CREATE INDEX changes_over ON changes (over_at) WHERE started_at IS NOT NULL AND outcome <> '';
CREATE INDEX incident_tasks_open ON incident_tasks (number, n) WHERE follow_up AND done_at IS NULL;
CREATE INDEX incident_tasks_done ON incident_tasks (done_at) WHERE follow_up AND done_at IS NOT NULL;

CREATE TABLE report_schedules (
  number  integer PRIMARY KEY CHECK (number > 0),
  report  text NOT NULL CHECK (report <> ''),
  place   text NOT NULL CHECK (place <> ''),
  ended   boolean NOT NULL,
  data    text NOT NULL,
  version integer NOT NULL CHECK (version > 0)
);
CREATE UNIQUE INDEX report_schedules_place ON report_schedules (report, place) WHERE NOT ended;

CREATE TABLE report_runs (
  number   integer PRIMARY KEY CHECK (number > 0),
  schedule integer REFERENCES report_schedules (number),
  slot     text NOT NULL,
  report   text NOT NULL CHECK (report <> ''),
  scope    text NOT NULL, -- what its numbers may be compared with
  state    text NOT NULL CHECK (state IN ('due', 'built', 'posted', 'quiet', 'failed', 'skipped')),
  due_at   datetime NOT NULL,
  from_at  datetime NOT NULL,
  to_at    datetime NOT NULL,
  data     text NOT NULL,
  version  integer NOT NULL CHECK (version > 0),
  UNIQUE (schedule, slot),
  CHECK ((schedule IS NULL) = (slot = '')),
  CHECK (to_at > from_at)
);
CREATE INDEX report_runs_of ON report_runs (report, scope, to_at);
CREATE INDEX report_runs_open ON report_runs (number) WHERE state IN ('due', 'built');

CREATE TABLE report_acks (
  run    integer NOT NULL REFERENCES report_runs (number),
  person text NOT NULL REFERENCES people (id),
  at     datetime NOT NULL,
  PRIMARY KEY (run, person)
);

-- What people took on when they discussed a report.
CREATE TABLE report_actions (
  run         integer NOT NULL REFERENCES report_runs (number),
  n           integer NOT NULL CHECK (n > 0),
  channel     text NOT NULL, -- where; what is restricted to it is not told elsewhere
  section     text NOT NULL,
  text        text NOT NULL CHECK (text <> ''),
  owner       text REFERENCES people (id),
  made_by     text NOT NULL REFERENCES people (id),
  made_at     datetime NOT NULL,
  due_at      datetime,
  done_at     datetime,
  finished_by text REFERENCES people (id),
  PRIMARY KEY (run, n),
  CHECK ((done_at IS NULL) = (finished_by IS NULL))
);
CREATE INDEX report_actions_open ON report_actions (run, n) WHERE done_at IS NULL;
CREATE INDEX report_actions_done ON report_actions (done_at) WHERE done_at IS NOT NULL;

CREATE TABLE report_calendars (
  name text PRIMARY KEY CHECK (name <> ''),
  data text NOT NULL
);

-- On call: who answers when.
CREATE TABLE oncall_rotas (
  name    text PRIMARY KEY CHECK (name <> ''),
  ended   boolean NOT NULL,
  data    text NOT NULL,
  version integer NOT NULL CHECK (version > 0)
);

CREATE TABLE oncall_overrides (
  rota    text NOT NULL REFERENCES oncall_rotas (name),
  n       integer NOT NULL CHECK (n > 0),
  person  text REFERENCES people (id),
  from_at datetime NOT NULL,
  to_at   datetime NOT NULL,
  data    text NOT NULL,
  PRIMARY KEY (rota, n),
  CHECK (to_at > from_at)
);
CREATE INDEX oncall_overrides_to ON oncall_overrides (rota, to_at);

CREATE TABLE oncall_handovers (
  number   integer PRIMARY KEY CHECK (number > 0),
  rota     text NOT NULL REFERENCES oncall_rotas (name),
  at       datetime NOT NULL,
  accepted boolean NOT NULL,
  data     text NOT NULL,
  version  integer NOT NULL CHECK (version > 0),
  UNIQUE (rota, at)
);
CREATE INDEX oncall_handovers_open ON oncall_handovers (number) WHERE NOT accepted;

CREATE TABLE oncall_pages (
  number  integer PRIMARY KEY CHECK (number > 0),
  rota    text NOT NULL REFERENCES oncall_rotas (name),
  at      datetime NOT NULL,
  open    boolean NOT NULL,
  data    text NOT NULL,
  version integer NOT NULL CHECK (version > 0)
);
CREATE INDEX oncall_pages_at ON oncall_pages (at);
CREATE INDEX oncall_pages_open ON oncall_pages (number) WHERE open;

-- What was uploaded to the web chat.
CREATE TABLE chat_files (
  key   text PRIMARY KEY CHECK (key <> ''),
  type  text NOT NULL CHECK (type <> ''),
  data  blob NOT NULL,
  at    datetime NOT NULL
);
