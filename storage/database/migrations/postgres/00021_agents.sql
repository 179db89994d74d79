-- +goose Up
-- Agents act by tokens of their own kind. What one of them did is marked with its name, wherever there is a history of it.
ALTER TABLE tokens ADD COLUMN kind text NOT NULL DEFAULT '' CHECK (kind IN ('', 'agent'));
ALTER TABLE incident_entries ADD COLUMN agent text NOT NULL DEFAULT '';
ALTER TABLE change_entries ADD COLUMN agent text NOT NULL DEFAULT '';
ALTER TABLE record_history ADD COLUMN agent text NOT NULL DEFAULT '';
