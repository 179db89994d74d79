-- +goose Up
-- What the commit path needs, and what binds the records to the audit log.

-- A number that no other commit has: whoever commits compares it with the one of the commit before.
ALTER TABLE audit_head ADD COLUMN mark bigint NOT NULL DEFAULT 0;

-- Versions of what several objects depend on, like who may do what, or what happens on a service. No row is version 0.
CREATE TABLE guards (
  name    text PRIMARY KEY CHECK (name <> ''),
  version bigint NOT NULL CHECK (version > 0)
);

-- Each entry holds the digest of its object's state after it. Entries from before have none; new ones must, so that a program that does
-- not know of digests can no longer write.
ALTER TABLE audit ADD COLUMN digest text NOT NULL DEFAULT '';
ALTER TABLE audit ADD CONSTRAINT audit_digest CHECK (digest <> '') NOT VALID;

-- The running digest of what was only ever added to an object: its timeline. '' is not computed yet.
ALTER TABLE incidents ADD COLUMN trail text NOT NULL DEFAULT '';
ALTER TABLE changes ADD COLUMN trail text NOT NULL DEFAULT '';

-- The end of the audit log at a time, signed by the installation's key.
CREATE TABLE checkpoints (
  seq       bigint PRIMARY KEY CHECK (seq > 0),
  hash      text NOT NULL CHECK (length(hash) = 64),
  at        timestamptz NOT NULL,
  signature text NOT NULL CHECK (signature <> '')
);
