-- +goose Up
-- Where people are told beyond chat. The address is a secret: it is sealed by the installation's, and mark tells the same one of the same owner.
CREATE TABLE notify_places (
  number  bigint PRIMARY KEY,
  owner   text NOT NULL CHECK (owner <> ''),
  service text NOT NULL CHECK (service <> ''),
  label   text NOT NULL,
  sealed  text NOT NULL CHECK (sealed <> ''),
  mark    text NOT NULL CHECK (length(mark) = 64),
  by_person text NOT NULL REFERENCES people (id),
  made_at timestamptz NOT NULL,
  told_at timestamptz,
  fault   text NOT NULL,
  CHECK (fault = '' OR told_at IS NOT NULL),
  UNIQUE (owner, mark)
);
CREATE INDEX notify_places_owner ON notify_places (owner, number);

-- What became of each alarm in each place.
CREATE TABLE notify_deliveries (
  object text NOT NULL CHECK (object <> ''),
  round  bigint NOT NULL CHECK (round >= 0),
  place  bigint NOT NULL,
  person text NOT NULL REFERENCES people (id),
  owner  text NOT NULL,
  name   text NOT NULL,
  state  text NOT NULL CHECK (state IN ('waiting', 'sent', 'failed', 'over')),
  at     timestamptz NOT NULL,
  tries  bigint NOT NULL CHECK (tries >= 0),
  fault  text NOT NULL,
  PRIMARY KEY (object, round, place),
  CHECK (state <> 'failed' OR fault <> '')
);

INSERT INTO counters (name, value) VALUES ('place', 0);
