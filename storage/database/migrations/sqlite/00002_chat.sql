-- +goose Up
-- The built-in web chat. Every change takes the next revision while it holds this row, so changes become visible in their order.
CREATE TABLE chat_head (
  id       integer PRIMARY KEY CHECK (id = 1),
  revision integer NOT NULL
);
INSERT INTO chat_head (id, revision) VALUES (1, 0);

CREATE TABLE chat_channels (
  id       integer PRIMARY KEY,
  key      text NOT NULL UNIQUE CHECK (key <> ''),
  name     text NOT NULL UNIQUE CHECK (name <> ''),
  person   text NOT NULL,
  topic    text NOT NULL,
  archived boolean NOT NULL,
  posts    integer NOT NULL,
  made_at  datetime NOT NULL,
  revision integer NOT NULL
);
CREATE INDEX chat_channels_revision ON chat_channels (revision);

CREATE TABLE chat_posts (
  id         integer PRIMARY KEY,
  channel    integer NOT NULL REFERENCES chat_channels (id),
  thread     integer NOT NULL,
  key        text NOT NULL UNIQUE CHECK (key <> ''),
  n          integer NOT NULL,
  author     text NOT NULL,
  only_for   text NOT NULL,
  asked      text NOT NULL,
  message    text NOT NULL,
  form       text NOT NULL,
  pinned     boolean NOT NULL,
  gone       boolean NOT NULL,
  replies    integer NOT NULL,
  replied_at datetime,
  made_at    datetime NOT NULL,
  edited_at  datetime,
  revision   integer NOT NULL
);
CREATE INDEX chat_posts_page ON chat_posts (channel, thread, id);
CREATE INDEX chat_posts_revision ON chat_posts (revision);
CREATE INDEX chat_posts_only ON chat_posts (made_at) WHERE only_for <> '';
CREATE INDEX chat_posts_pinned ON chat_posts (channel) WHERE pinned;

CREATE TABLE chat_members (
  channel  integer NOT NULL REFERENCES chat_channels (id),
  person   text NOT NULL REFERENCES people (id),
  read     integer NOT NULL,
  member   boolean NOT NULL,
  revision integer NOT NULL,
  PRIMARY KEY (channel, person)
);
CREATE INDEX chat_members_person ON chat_members (person);
CREATE INDEX chat_members_revision ON chat_members (revision);
