-- +goose Up

-- What somebody has left to do, for the day on which they hand it over.
CREATE INDEX incident_tasks_owner ON incident_tasks (owner) WHERE done_at IS NULL;
