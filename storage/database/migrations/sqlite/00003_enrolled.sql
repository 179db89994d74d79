-- People and accounts that a platform told us of, beside those that the configuration names.

-- +goose Up
ALTER TABLE people ADD COLUMN enrolled boolean NOT NULL DEFAULT false;
ALTER TABLE accounts ADD COLUMN enrolled boolean NOT NULL DEFAULT false;
