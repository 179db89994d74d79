-- +goose Up
-- Files that were compared with records. What they change is kept here: nobody sees it before the import is applied, and after that it is the
-- history of the records and what takes the import back. digest is the running digest of the rows; first is the number that the first new record
-- gets; relies, bumps and jobs are JSON.
CREATE TABLE imports (
  number     bigint NOT NULL PRIMARY KEY CHECK (number > 0),
  kind       text NOT NULL CHECK (kind <> ''),
  person     text REFERENCES people (id),
  at         timestamptz NOT NULL,
  file       text NOT NULL,
  sum        text NOT NULL,
  created    bigint NOT NULL,
  changed    bigint NOT NULL,
  undoes     bigint NOT NULL,
  undone     bigint NOT NULL,
  first      bigint NOT NULL,
  relies     text NOT NULL CHECK (relies::jsonb IS NOT NULL),
  bumps      text NOT NULL CHECK (bumps::jsonb IS NOT NULL),
  jobs       text NOT NULL CHECK (jobs::jsonb IS NOT NULL),
  digest     text NOT NULL,
  applied_at timestamptz
);

CREATE INDEX imports_staged ON imports (at) WHERE applied_at IS NULL;
CREATE INDEX imports_applied ON imports (kind, applied_at);

-- What an import makes of each record: its row as in records, the version that it has before (0: it is new), its row before, whether its history
-- has something that reports count, the entries of that as JSON, and the digest that the audit log would hold of the record.
CREATE TABLE import_rows (
  import      bigint NOT NULL REFERENCES imports (number),
  n           bigint NOT NULL,
  was_version bigint NOT NULL,
  before      text NOT NULL CHECK (before = '' OR before::jsonb IS NOT NULL),
  told        boolean NOT NULL,
  history     text NOT NULL CHECK (history::jsonb IS NOT NULL),
  digest      text NOT NULL,
  kind        text NOT NULL,
  number      bigint NOT NULL,
  id          text NOT NULL,
  alias       text NOT NULL,
  version     bigint NOT NULL,
  name        text NOT NULL,
  sort_name   text NOT NULL,
  owner       text,
  team        text NOT NULL,
  seen        text NOT NULL,
  readers     text NOT NULL,
  state       text NOT NULL,
  wakes       text NOT NULL,
  archived_at timestamptz,
  added_at    timestamptz NOT NULL,
  changed_at  timestamptz NOT NULL,
  fields      text NOT NULL,
  words       text NOT NULL,
  data        text NOT NULL,
  trail       text NOT NULL,
  import_id   bigint NOT NULL,
  PRIMARY KEY (import, n)
);
CREATE INDEX import_rows_id ON import_rows (id);
CREATE INDEX import_rows_told ON import_rows (import) WHERE told;

CREATE TABLE import_links (
  import  bigint NOT NULL REFERENCES imports (number),
  gone    boolean NOT NULL,
  from_id text NOT NULL,
  name    text NOT NULL,
  to_id   text NOT NULL,
  PRIMARY KEY (import, gone, from_id, name, to_id)
);

-- The columns of dues.
CREATE TABLE import_dues (
  import   bigint NOT NULL REFERENCES imports (number),
  gone     boolean NOT NULL,
  object   text NOT NULL,
  what     text NOT NULL,
  day      text NOT NULL,
  at       timestamptz,
  name     text NOT NULL,
  text     text NOT NULL,
  owner    text,
  team     text NOT NULL,
  audience text NOT NULL,
  urgent   boolean NOT NULL,
  done     text NOT NULL,
  reassign text NOT NULL,
  ladder   text NOT NULL,
  since    timestamptz,
  lead     text,
  open     text NOT NULL,
  look_at  timestamptz NOT NULL,
  PRIMARY KEY (import, object, what)
);

-- The import that changed a record last, 0 if people did so one by one.
ALTER TABLE records ADD COLUMN import_id bigint NOT NULL DEFAULT 0;
