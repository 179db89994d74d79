-- +goose Up
PRAGMA application_id = 0x57424c4c;
CREATE TABLE settings (
  name  text PRIMARY KEY,
  value text NOT NULL
);

CREATE TABLE counters (
  name  text PRIMARY KEY,
  value integer NOT NULL CHECK (value >= 0)
);
INSERT INTO counters (name, value) VALUES ('incident', 0);

CREATE TABLE people (
  id     text PRIMARY KEY CHECK (id <> ''),
  name   text NOT NULL CHECK (name <> ''),
  email  text NOT NULL DEFAULT '',
  zone   text NOT NULL DEFAULT '',
  roles  text NOT NULL DEFAULT '',
  active boolean NOT NULL
);
CREATE INDEX people_name ON people (lower(name));

CREATE TABLE accounts (
  platform  text NOT NULL,
  workspace text NOT NULL,
  user_id   text NOT NULL CHECK (user_id <> ''),
  person    text NOT NULL REFERENCES people (id),
  PRIMARY KEY (platform, workspace, user_id)
);
CREATE INDEX accounts_person ON accounts (person);

CREATE TABLE person_groups (
  name   text NOT NULL,
  person text NOT NULL REFERENCES people (id),
  PRIMARY KEY (name, person)
);

-- One row for each action that changed something: its key can never take effect twice.
CREATE TABLE actions (
  key    text PRIMARY KEY CHECK (key <> ''),
  answer text NOT NULL,
  at     datetime NOT NULL
);
CREATE INDEX actions_at ON actions (at);

CREATE TABLE audit (
  seq     integer PRIMARY KEY CHECK (seq > 0),
  at      datetime NOT NULL,
  actor   text NOT NULL,
  action  text NOT NULL CHECK (action <> ''),
  object  text NOT NULL,
  version integer NOT NULL,
  result  text NOT NULL CHECK (result IN ('done', 'denied')),
  detail  text NOT NULL,
  source  text NOT NULL,
  key     text NOT NULL,
  prev    text NOT NULL UNIQUE CHECK (length(prev) = 64),
  hash    text NOT NULL UNIQUE CHECK (length(hash) = 64)
);
CREATE INDEX audit_object ON audit (object, seq);
CREATE TABLE audit_head (
  id   integer PRIMARY KEY CHECK (id = 1),
  seq  integer NOT NULL,
  hash text NOT NULL
);
INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, '0000000000000000000000000000000000000000000000000000000000000000');

-- state: 0 waiting, 1 running, 2 given up. A finished job is deleted.
CREATE TABLE jobs (
  id          integer PRIMARY KEY AUTOINCREMENT,
  kind        text NOT NULL CHECK (kind <> ''),
  object      text NOT NULL,
  arg         text NOT NULL,
  lane        text NOT NULL,
  run_at      datetime NOT NULL,
  state       integer NOT NULL DEFAULT 0 CHECK (state IN (0, 1, 2)),
  attempt     integer NOT NULL DEFAULT 0,
  owner       text NOT NULL DEFAULT '',
  lease_until datetime,
  enqueued_at datetime NOT NULL,
  last_error  text NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX jobs_waiting ON jobs (kind, object, arg) WHERE state = 0;
CREATE INDEX jobs_due ON jobs (run_at, id) WHERE state = 0;
CREATE INDEX jobs_leased ON jobs (lease_until) WHERE state = 1;
CREATE INDEX jobs_lane ON jobs (lane, id) WHERE state < 2;

CREATE TABLE slots (
  schedule text NOT NULL,
  slot     text NOT NULL,
  at       datetime NOT NULL,
  PRIMARY KEY (schedule, slot)
);

CREATE TABLE posted (
  key       text PRIMARY KEY CHECK (key <> ''),
  object    text NOT NULL,
  round     integer NOT NULL,
  platform  text NOT NULL,
  workspace text NOT NULL,
  channel   text NOT NULL,
  thread    text NOT NULL,
  message   text NOT NULL,
  digest    text NOT NULL
);
CREATE INDEX posted_place ON posted (platform, workspace, channel, message);
CREATE INDEX posted_object ON posted (object);

CREATE TABLE refs (
  token   text PRIMARY KEY CHECK (token <> ''),
  data    text NOT NULL,
  expires datetime
);
CREATE INDEX refs_expires ON refs (expires) WHERE expires IS NOT NULL;

CREATE TABLE incidents (
  number          integer PRIMARY KEY CHECK (number > 0),
  title           text NOT NULL CHECK (title <> ''),
  impact          text NOT NULL,
  severity        text NOT NULL CHECK (severity IN ('sev1', 'sev2', 'sev3', 'sev4', 'unknown')),
  state           text NOT NULL CHECK (state IN ('investigating', 'identified', 'monitoring', 'paused', 'resolved', 'review', 'closed', 'cancelled')),
  reporter        text NOT NULL REFERENCES people (id),
  lead            text REFERENCES people (id),
  deputy          text REFERENCES people (id),
  comms           text REFERENCES people (id),
  scribe          text REFERENCES people (id),
  handover_to     text REFERENCES people (id),
  leadless_since  datetime,
  started_at      datetime NOT NULL,
  detected_at     datetime NOT NULL,
  declared_at     datetime NOT NULL,
  acknowledged_at datetime,
  mitigated_at    datetime,
  resolved_at     datetime,
  closed_at       datetime,
  resume_state    text NOT NULL,
  resume_at       datetime,
  next_update_at  datetime,
  snoozed_until   datetime,
  muted           boolean NOT NULL,
  last_human_at   datetime NOT NULL,
  updates         integer NOT NULL,
  update_text     text NOT NULL,
  update_by       text NOT NULL,
  update_at       datetime,
  resolution      text NOT NULL,
  end_reason      text NOT NULL,
  reopened        integer NOT NULL,
  review_owner    text REFERENCES people (id),
  review_due      datetime,
  published_at    datetime,
  happened        text NOT NULL,
  contributing    text NOT NULL,
  went_well       text NOT NULL,
  was_hard        text NOT NULL,
  source          text NOT NULL,
  origin          text NOT NULL,
  version         integer NOT NULL CHECK (version > 0),
  entries         integer NOT NULL,
  CHECK (state NOT IN ('resolved', 'review', 'closed') OR (resolved_at IS NOT NULL AND resolution <> '')),
  CHECK (state <> 'cancelled' OR end_reason <> ''),
  CHECK (state <> 'paused' OR (resume_at IS NOT NULL AND resume_state <> '')),
  CHECK (detected_at >= started_at),
  CHECK (mitigated_at IS NULL OR mitigated_at >= started_at),
  CHECK (resolved_at IS NULL OR resolved_at >= started_at),
  CHECK (lead IS NOT NULL OR leadless_since IS NOT NULL)
);
CREATE UNIQUE INDEX incidents_origin ON incidents (origin) WHERE origin <> '' AND state IN ('investigating', 'identified', 'monitoring', 'paused');
CREATE INDEX incidents_open ON incidents (number) WHERE state IN ('investigating', 'identified', 'monitoring', 'paused');
CREATE INDEX incidents_lead ON incidents (lead, number);

CREATE TABLE incident_services (
  number  integer NOT NULL REFERENCES incidents (number),
  service text NOT NULL CHECK (service <> ''),
  PRIMARY KEY (number, service)
);
CREATE INDEX incident_services_service ON incident_services (service, number);

CREATE TABLE incident_responders (
  number integer NOT NULL REFERENCES incidents (number),
  person text NOT NULL REFERENCES people (id),
  PRIMARY KEY (number, person)
);
CREATE INDEX incident_responders_person ON incident_responders (person, number);

CREATE TABLE incident_tasks (
  number     integer NOT NULL REFERENCES incidents (number),
  n          integer NOT NULL CHECK (n > 0),
  text       text NOT NULL CHECK (text <> ''),
  owner      text REFERENCES people (id),
  due_at     datetime,
  follow_up  boolean NOT NULL,
  created_by text NOT NULL REFERENCES people (id),
  created_at datetime NOT NULL,
  done_at    datetime,
  done_by    text REFERENCES people (id),
  PRIMARY KEY (number, n),
  CHECK ((done_at IS NULL) = (done_by IS NULL))
);
CREATE INDEX incident_tasks_owner ON incident_tasks (owner) WHERE done_at IS NULL;

CREATE TABLE incident_entries (
  number      integer NOT NULL REFERENCES incidents (number),
  seq         integer NOT NULL CHECK (seq > 0),
  at          datetime NOT NULL,
  recorded_at datetime NOT NULL,
  person      text REFERENCES people (id),
  kind        text NOT NULL CHECK (kind <> ''),
  text        text NOT NULL,
  link        text NOT NULL,
  PRIMARY KEY (number, seq)
);
