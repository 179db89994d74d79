-- +goose Up
-- The one-time code by which somebody links another account: one a person, and of it only a keyed hash.
CREATE TABLE link_codes (
  person     text PRIMARY KEY REFERENCES people (id),
  hash       text NOT NULL UNIQUE CHECK (length(hash) = 64),
  platform   text NOT NULL,
  workspace  text NOT NULL,
  user_id    text NOT NULL CHECK (user_id <> ''),
  made_at    datetime NOT NULL,
  expires_at datetime NOT NULL,
  used_at    datetime,
  CHECK (expires_at > made_at),
  CHECK (used_at IS NULL OR used_at < expires_at)
);

-- When wrong codes were typed with an account, as long as they count against it.
CREATE TABLE link_tries (
  platform  text NOT NULL,
  workspace text NOT NULL,
  user_id   text NOT NULL CHECK (user_id <> ''),
  times     text NOT NULL CHECK (times <> ''),
  PRIMARY KEY (platform, workspace, user_id)
);

-- How each account changed hands last.
CREATE TABLE account_moves (
  platform    text NOT NULL,
  workspace   text NOT NULL,
  user_id     text NOT NULL CHECK (user_id <> ''),
  n           bigint NOT NULL CHECK (n > 0),
  linked      boolean NOT NULL,
  from_person text REFERENCES people (id),
  to_person   text NOT NULL REFERENCES people (id),
  by_person   text NOT NULL REFERENCES people (id),
  at          datetime NOT NULL,
  PRIMARY KEY (platform, workspace, user_id),
  CHECK (linked OR from_person IS NOT NULL),
  CHECK (from_person IS NULL OR from_person <> to_person)
);

-- To find what somebody approved who is to become one with somebody else.
CREATE INDEX change_templates_person ON change_templates (person);
