-- +goose Up
-- Roles that somebody has by the groups of their company's account, beside those of the configuration.
ALTER TABLE people ADD COLUMN granted text NOT NULL DEFAULT '';

-- Attempts to sign in that came back. Each counts once; after until_at none would count anyway.
CREATE TABLE login_spent (
  id       text PRIMARY KEY CHECK (length(id) BETWEEN 20 AND 64),
  until_at timestamptz NOT NULL
);
CREATE INDEX login_spent_until ON login_spent (until_at);

-- Passkeys, by the id that authenticators give them. Bytes are written as base64url.
CREATE TABLE passkeys (
  id         text PRIMARY KEY CHECK (id <> ''),
  person     text NOT NULL REFERENCES people (id),
  handle     text NOT NULL CHECK (length(handle) BETWEEN 22 AND 86),
  name       text NOT NULL CHECK (name <> ''),
  public_key text NOT NULL,
  counter    bigint NOT NULL CHECK (counter >= 0),
  synced     boolean NOT NULL,
  transports text NOT NULL,
  made_at    timestamptz NOT NULL,
  used_at    timestamptz
);
CREATE INDEX passkeys_person ON passkeys (person, made_at);

-- Accounts of companies by which people sign in: what an issuer calls somebody. The id is a hash of both.
CREATE TABLE login_subjects (
  id      text PRIMARY KEY CHECK (length(id) = 64),
  person  text NOT NULL REFERENCES people (id),
  issuer  text NOT NULL CHECK (issuer <> ''),
  subject text NOT NULL CHECK (subject <> ''),
  email   text NOT NULL,
  member_of text NOT NULL,
  roles   text NOT NULL,
  made_at timestamptz NOT NULL,
  used_at timestamptz NOT NULL,
  UNIQUE (issuer, subject)
);
CREATE INDEX login_subjects_person ON login_subjects (person, made_at);
