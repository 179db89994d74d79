-- +goose Up
-- What took longer than its platform waits: carried out by its owner, or by another once the owner gave no sign of life within the lease.
CREATE TABLE inbox (
  key         text PRIMARY KEY CHECK (key <> ''),
  platform    text NOT NULL CHECK (platform <> ''),
  back        text NOT NULL,
  at          timestamptz NOT NULL,
  owner       text NOT NULL,
  attempt     bigint NOT NULL CHECK (attempt >= 0),
  lease_until timestamptz NOT NULL
);
CREATE INDEX inbox_lease ON inbox (lease_until);
