-- +goose Up
-- Changes and their approvals. What separates the duties stands here too: whatever the program does, these rows cannot say that somebody decided
-- their own change, that a vote was for other content than it was, or that a change was carried out twice.
INSERT INTO counters (name, value) VALUES ('change', 0), ('freeze', 0);

CREATE TABLE changes (
  number       integer PRIMARY KEY CHECK (number > 0),
  requester    text NOT NULL REFERENCES people (id),
  beneficiary  text NOT NULL REFERENCES people (id), -- on whose behalf; the requester if nobody else's
  type         text NOT NULL CHECK (type IN ('normal', 'standard', 'emergency')),
  state        text NOT NULL CHECK (state IN ('draft', 'pending', 'approved', 'implementing', 'verifying', 'rolling_back', 'review', 'closed', 'rejected', 'expired', 'cancelled')),
  held         boolean NOT NULL,
  revision     integer NOT NULL CHECK (revision > 0),
  digest       text NOT NULL CHECK (length(digest) = 64),
  title        text NOT NULL CHECK (title <> ''),
  env          text NOT NULL,
  template     text NOT NULL,
  risk_level   text NOT NULL CHECK (risk_level IN ('', 'low', 'medium', 'high')),
  risk_score   integer NOT NULL CHECK (risk_score BETWEEN 0 AND 100),
  start_at     datetime,
  end_at       datetime,
  created_at   datetime NOT NULL,
  submitted_at datetime,
  decided_at   datetime,
  started_at   datetime,
  finished_at  datetime,
  ended_at     datetime,
  outcome      text NOT NULL CHECK (outcome IN ('', 'success', 'success_with_issues', 'rolled_back', 'failed', 'not_implemented')),
  data         text NOT NULL,
  version      integer NOT NULL CHECK (version > 0),
  entries      integer NOT NULL,
  UNIQUE (number, requester, beneficiary),
  CHECK (start_at IS NULL OR end_at IS NULL OR end_at > start_at OR state IN ('draft', 'rejected', 'expired', 'cancelled')),
  CHECK (state NOT IN ('implementing', 'verifying', 'rolling_back', 'review', 'closed') OR started_at IS NOT NULL),
  CHECK (state <> 'closed' OR outcome <> '')
);
CREATE INDEX changes_state ON changes (state, number);
CREATE INDEX changes_window ON changes (start_at, end_at);
CREATE INDEX changes_created ON changes (created_at);
CREATE INDEX changes_requester ON changes (requester, number);
CREATE INDEX changes_template ON changes (template, ended_at) WHERE template <> '';

CREATE TABLE change_services (
  number  integer NOT NULL REFERENCES changes (number),
  service text NOT NULL CHECK (service <> ''),
  PRIMARY KEY (number, service)
);
CREATE INDEX change_services_service ON change_services (service, number);

-- Whoever edits a change counts as its requester, so only those may whose vote is refused anyway.
CREATE TABLE change_revisions (
  number      integer NOT NULL,
  revision    integer NOT NULL CHECK (revision > 0),
  digest      text NOT NULL CHECK (length(digest) = 64),
  requester   text NOT NULL,
  beneficiary text NOT NULL,
  made_by     text NOT NULL,
  made_at     datetime NOT NULL,
  content     text NOT NULL CHECK (content <> ''),
  PRIMARY KEY (number, revision),
  UNIQUE (number, revision, digest),
  FOREIGN KEY (number, requester, beneficiary) REFERENCES changes (number, requester, beneficiary),
  CHECK (made_by IN (requester, beneficiary))
);

CREATE TABLE change_votes (
  number      integer NOT NULL,
  n           integer NOT NULL CHECK (n > 0),
  revision    integer NOT NULL,
  digest      text NOT NULL,
  requester   text NOT NULL,
  beneficiary text NOT NULL,
  stage       text NOT NULL CHECK (stage <> ''),
  person      text NOT NULL REFERENCES people (id),
  seat        text NOT NULL REFERENCES people (id),
  decision    text NOT NULL CHECK (decision IN ('approve', 'reject')),
  state       text NOT NULL CHECK (state IN ('counted', 'ineligible', 'withdrawn')),
  at          datetime NOT NULL,
  data        text NOT NULL,
  PRIMARY KEY (number, n),
  FOREIGN KEY (number, requester, beneficiary) REFERENCES changes (number, requester, beneficiary),
  FOREIGN KEY (number, revision, digest) REFERENCES change_revisions (number, revision, digest),
  CHECK (person <> requester AND person <> beneficiary AND seat <> requester AND seat <> beneficiary)
);
CREATE UNIQUE INDEX change_votes_person ON change_votes (number, revision, stage, person) WHERE state = 'counted';
CREATE UNIQUE INDEX change_votes_seat ON change_votes (number, revision, stage, seat) WHERE state = 'counted';
CREATE INDEX change_votes_of ON change_votes (person, at);

CREATE TABLE change_executions (
  number     integer PRIMARY KEY,
  revision   integer NOT NULL,
  digest     text NOT NULL,
  started_at datetime NOT NULL,
  FOREIGN KEY (number, revision, digest) REFERENCES change_revisions (number, revision, digest)
);

CREATE TABLE change_entries (
  number integer NOT NULL REFERENCES changes (number),
  seq    integer NOT NULL CHECK (seq > 0),
  at     datetime NOT NULL,
  person text REFERENCES people (id),
  kind   text NOT NULL CHECK (kind <> ''),
  text   text NOT NULL,
  PRIMARY KEY (number, seq)
);

-- What a pipeline was let through for. One use of an approval for each environment and service, unless the policy says more.
CREATE TABLE change_grants (
  id       text PRIMARY KEY CHECK (id <> ''),
  number   integer NOT NULL,
  revision integer NOT NULL,
  digest   text NOT NULL,
  env      text NOT NULL,
  service  text NOT NULL,
  use_n    integer NOT NULL CHECK (use_n > 0),
  artifact text NOT NULL,
  run      text NOT NULL,
  person   text NOT NULL REFERENCES people (id),
  at       datetime NOT NULL,
  UNIQUE (number, env, service, use_n),
  FOREIGN KEY (number, revision, digest) REFERENCES change_revisions (number, revision, digest)
);

CREATE TABLE change_freezes (
  id         text PRIMARY KEY CHECK (id <> ''),
  data       text NOT NULL,
  from_at    datetime NOT NULL,
  to_at      datetime NOT NULL,
  ended_at   datetime,
  CHECK (to_at > from_at)
);

CREATE TABLE change_delegations (
  id      text PRIMARY KEY CHECK (id <> ''),
  giver   text NOT NULL REFERENCES people (id),
  taker   text NOT NULL REFERENCES people (id),
  since   datetime NOT NULL,
  until   datetime NOT NULL,
  scope   text NOT NULL,
  CHECK (giver <> taker),
  CHECK (until >= since)
);
CREATE INDEX change_delegations_until ON change_delegations (until);

CREATE TABLE change_templates (
  digest text NOT NULL CHECK (length(digest) = 64),
  person text NOT NULL REFERENCES people (id),
  name   text NOT NULL,
  at     datetime NOT NULL,
  PRIMARY KEY (digest, person)
);

-- Every policy that was ever in force, by its hash.
CREATE TABLE change_policies (
  sha text PRIMARY KEY CHECK (length(sha) = 64),
  text text NOT NULL,
  at   datetime NOT NULL
);

-- What pipelines tell that they deployed, with or without a change.
CREATE TABLE deployments (
  id       text PRIMARY KEY CHECK (id <> ''),
  service  text NOT NULL,
  env      text NOT NULL,
  artifact text NOT NULL,
  change   text NOT NULL,
  person   text NOT NULL REFERENCES people (id),
  at       datetime NOT NULL,
  note     text NOT NULL
);
CREATE INDEX deployments_at ON deployments (at);

-- Who was last known to be in a user group of a chat platform, for what must not wait for one.
CREATE TABLE group_members (
  name    text PRIMARY KEY CHECK (name <> ''),
  members text NOT NULL,
  at      datetime NOT NULL
);

CREATE TABLE tokens (
  id         text PRIMARY KEY CHECK (id <> ''),
  hash       text NOT NULL UNIQUE CHECK (length(hash) = 64),
  name       text NOT NULL CHECK (name <> ''),
  person     text NOT NULL REFERENCES people (id),
  scopes     text NOT NULL CHECK (scopes <> ''),
  created_at datetime NOT NULL,
  expires_at datetime NOT NULL,
  revoked_at datetime,
  used_at    datetime,
  CHECK (expires_at > created_at)
);
CREATE INDEX tokens_person ON tokens (person);

-- Changes that were suspected of an incident, or ruled out.
CREATE TABLE incident_changes (
  number  integer NOT NULL REFERENCES incidents (number),
  change  text NOT NULL CHECK (change <> ''),
  verdict text NOT NULL CHECK (verdict IN ('suspect', 'not-related')),
  person  text NOT NULL REFERENCES people (id),
  at      datetime NOT NULL,
  PRIMARY KEY (number, change)
);
