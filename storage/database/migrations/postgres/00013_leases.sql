-- +goose Up
-- What one instance at a time may do, like holding the gateway of a chat platform.
CREATE TABLE leases (
  name  text PRIMARY KEY,
  owner text NOT NULL,
  until timestamptz NOT NULL
);
