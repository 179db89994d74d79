-- +goose Up
-- How people are reminded of what is due, and when the ledger of reminders looks at it next. Whatever writes a due sets look_at back, so that the
-- next round sees it: an index finds what a round has to look at, however much is due.
ALTER TABLE dues ADD COLUMN ladder text NOT NULL DEFAULT 'null';
ALTER TABLE dues ADD COLUMN since datetime;
ALTER TABLE dues ADD COLUMN lead text REFERENCES people;
ALTER TABLE dues ADD COLUMN open text NOT NULL DEFAULT 'null';
ALTER TABLE dues ADD COLUMN look_at datetime NOT NULL DEFAULT '1970-01-01 00:00:00+00:00';
CREATE INDEX dues_by_look ON dues (look_at);
CREATE INDEX dues_by_owner ON dues (owner, day, object, what);
CREATE INDEX dues_by_team ON dues (team, day, object, what);

-- The ledger of reminders: which step of a due's ladder was told to whom, in which of their messages, and who asked for quiet. due is the date or
-- the moment itself, so that one that moves is reminded of anew.
CREATE TABLE nudges (
  object        text NOT NULL,
  what          text NOT NULL,
  due           text NOT NULL CHECK (due <> ''),
  step          bigint NOT NULL,
  sent_to       text NOT NULL REFERENCES people,
  message       text NOT NULL,
  sent_at       datetime,
  acked_by      text REFERENCES people,
  acked_at      datetime,
  snoozed_until datetime,
  why           text NOT NULL,
  PRIMARY KEY (object, what, due, step, sent_to),
  CHECK ((sent_at IS NULL) = (message = '')),
  CHECK ((acked_by IS NULL) = (acked_at IS NULL)),
  CHECK (snoozed_until IS NULL OR acked_at < snoozed_until)
);
CREATE INDEX nudges_by_message ON nudges (sent_to, message, sent_at) WHERE message <> '';

-- To find the tasks that have a date in any history.
CREATE INDEX incident_tasks_due ON incident_tasks (number) WHERE done_at IS NULL AND due_at IS NOT NULL;
