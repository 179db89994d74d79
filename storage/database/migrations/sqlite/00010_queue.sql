-- +goose Up
-- A due job that is not the first of its lane is marked when a claim first meets it, so that later claims do not look at it again: claiming costs
-- the same however many jobs wait. A mark that is missing only costs a look; one that stays would stop a lane. So it is the table itself that
-- takes it away when the job ahead is gone, also when a person with sqlite3 deletes that.
ALTER TABLE jobs ADD COLUMN behind boolean NOT NULL DEFAULT false;
DROP INDEX jobs_due;
CREATE INDEX jobs_ready ON jobs (run_at, id) WHERE state = 0 AND NOT behind;

-- +goose StatementBegin
CREATE TRIGGER jobs_gone AFTER DELETE ON jobs WHEN OLD.lane <> '' AND OLD.state < 2
BEGIN
  UPDATE jobs SET behind = false
  WHERE behind AND id = (SELECT h.id FROM jobs h WHERE h.lane = OLD.lane AND h.state < 2 ORDER BY h.id LIMIT 1);
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER jobs_given_up AFTER UPDATE OF state ON jobs WHEN OLD.lane <> '' AND OLD.state < 2 AND NEW.state = 2
BEGIN
  UPDATE jobs SET behind = false
  WHERE behind AND id = (SELECT h.id FROM jobs h WHERE h.lane = OLD.lane AND h.state < 2 ORDER BY h.id LIMIT 1);
END;
-- +goose StatementEnd
