-- +goose Up
-- The records of all registers. sort_name is the name in lower case; fields are what filters and orders look at, as JSON of texts; data is the
-- record, as JSON that only its register reads; trail is the running digest of its history. Texts are in the order of their bytes, as on SQLite.
CREATE TABLE records (
  kind        text COLLATE "C" NOT NULL CHECK (kind <> ''),
  number      bigint NOT NULL CHECK (number > 0),
  id          text COLLATE "C" NOT NULL UNIQUE CHECK (id <> ''),
  alias       text COLLATE "C" NOT NULL CHECK (alias <> ''),
  version     bigint NOT NULL CHECK (version > 0),
  name        text NOT NULL,
  sort_name   text COLLATE "C" NOT NULL,
  owner       text REFERENCES people (id),
  team        text NOT NULL,
  seen        text NOT NULL CHECK (seen IN ('all', 'team', 'restricted')),
  readers     text NOT NULL,
  state       text NOT NULL,
  wakes       text COLLATE "C" NOT NULL CHECK (wakes = '' OR length(wakes) = 10),
  archived_at timestamptz,
  added_at    timestamptz NOT NULL,
  changed_at  timestamptz NOT NULL,
  fields      text NOT NULL CHECK (CAST(fields AS jsonb) IS NOT NULL),
  words       text NOT NULL,
  data        text NOT NULL,
  trail       text NOT NULL,
  PRIMARY KEY (kind, number)
);
-- No two are called the same in any case.
CREATE UNIQUE INDEX records_id ON records (lower(id));
CREATE UNIQUE INDEX records_alias ON records (lower(alias));
-- Lists are in the order of the names, of one register or of all.
CREATE INDEX records_live ON records (kind, sort_name, number) WHERE archived_at IS NULL;
CREATE INDEX records_archived ON records (kind, sort_name, number) WHERE archived_at IS NOT NULL;
CREATE INDEX records_all_live ON records (sort_name, kind, number) WHERE archived_at IS NULL;
CREATE INDEX records_owner ON records (owner, kind) WHERE archived_at IS NULL;
-- What time changes is few at any time.
CREATE INDEX records_wakes ON records (kind, wakes) WHERE wakes > '';

-- How things are linked: by a relation, or by a field that names another thing.
CREATE TABLE record_links (
  from_id text COLLATE "C" NOT NULL REFERENCES records (id),
  name    text COLLATE "C" NOT NULL CHECK (name <> ''),
  to_id   text COLLATE "C" NOT NULL CHECK (to_id <> ''),
  PRIMARY KEY (from_id, name, to_id)
);
CREATE INDEX record_links_to ON record_links (to_id);

-- What became of records, by the version that they had after it.
CREATE TABLE record_history (
  record  text COLLATE "C" NOT NULL REFERENCES records (id),
  version bigint NOT NULL CHECK (version > 0),
  n       bigint NOT NULL CHECK (n > 0),
  kind    text COLLATE "C" NOT NULL,
  at      timestamptz NOT NULL,
  person  text REFERENCES people (id),
  what    text NOT NULL CHECK (what <> ''),
  was     text NOT NULL,
  became  text NOT NULL,
  PRIMARY KEY (record, version, n)
);
CREATE INDEX record_history_what ON record_history (kind, what, at);
