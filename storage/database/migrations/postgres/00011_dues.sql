-- +goose Up
-- What is due, saved with the thing it is of. day is the date itself, or the day in UTC of a moment; days begin with the year, so their order is
-- that of the text.
CREATE TABLE dues (
  object   text NOT NULL,
  what     text NOT NULL,
  day      text NOT NULL CHECK (length(day) = 10),
  at       timestamptz,
  name     text NOT NULL,
  text     text NOT NULL,
  owner    text REFERENCES people,
  team     text NOT NULL,
  audience text NOT NULL,
  urgent   boolean NOT NULL,
  done     text NOT NULL,
  reassign text NOT NULL,
  PRIMARY KEY (object, what)
);
CREATE INDEX dues_by_day ON dues (day, object, what);

-- To find the reviews that are to be written in any history.
CREATE INDEX incidents_in_review ON incidents (number) WHERE state = 'review';
