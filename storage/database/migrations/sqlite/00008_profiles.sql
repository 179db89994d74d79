-- What platforms said about accounts and about ourselves, so that people are served while a platform does not answer.

-- +goose Up
CREATE TABLE profiles (
  platform  text NOT NULL,
  workspace text NOT NULL,
  user_id   text NOT NULL CHECK (user_id <> ''),
  name      text NOT NULL,
  zone      text NOT NULL,
  standing  text NOT NULL CHECK (standing IN ('member', 'guest', 'gone')),
  at        datetime NOT NULL,
  PRIMARY KEY (platform, workspace, user_id)
);

CREATE TABLE identities (
  platform   text NOT NULL,
  credential text NOT NULL CHECK (credential <> ''),
  data       text NOT NULL CHECK (data <> ''),
  at         datetime NOT NULL,
  PRIMARY KEY (platform, credential)
);
