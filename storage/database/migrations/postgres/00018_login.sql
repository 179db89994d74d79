-- +goose Up
-- People whom a page of this server made, not the configuration and not a platform: the first administrator.
ALTER TABLE people ADD COLUMN made_here boolean NOT NULL DEFAULT false;

-- Browsers in which somebody is signed in. What the browser keeps is a secret of which this is the hash.
CREATE TABLE sessions (
  id      text PRIMARY KEY CHECK (length(id) = 64),
  person  text NOT NULL REFERENCES people (id),
  made_at timestamptz NOT NULL,
  seen_at timestamptz NOT NULL,
  way     text NOT NULL CHECK (way <> ''),
  factor  text NOT NULL CHECK (factor <> ''),
  address text NOT NULL,
  agent   text NOT NULL,
  CHECK (seen_at >= made_at)
);
CREATE INDEX sessions_person ON sessions (person, seen_at);
CREATE INDEX sessions_seen ON sessions (seen_at);

-- Links that sign somebody in once, each by the hash of its secret. A link of nobody makes the first administrator.
CREATE TABLE login_links (
  hash       text PRIMARY KEY CHECK (length(hash) = 64),
  purpose    text NOT NULL CHECK (purpose IN ('first-administrator', 'chat-link', 'host-link')),
  person     text REFERENCES people (id),
  made_by    text NOT NULL,
  next       text NOT NULL,
  made_at    timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  used_at    timestamptz,
  CHECK (expires_at > made_at),
  CHECK (used_at IS NULL OR used_at < expires_at),
  CHECK ((person IS NULL) = (purpose = 'first-administrator'))
);
CREATE INDEX login_links_person ON login_links (person, purpose);
CREATE INDEX login_links_expires ON login_links (expires_at);

-- Codes by which people sign in when nothing else works.
CREATE TABLE recovery_codes (
  hash    text PRIMARY KEY CHECK (length(hash) = 64),
  person  text NOT NULL REFERENCES people (id),
  made_at timestamptz NOT NULL,
  used_at timestamptz
);
CREATE INDEX recovery_codes_person ON recovery_codes (person);
