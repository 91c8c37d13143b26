-- +goose Up

-- The schedule in force from valid_from on, until the next row's. 'none' takes a schedule back. Which nights were expected, and which of them
-- have no complete run, follows from these rows and the register of runs.
CREATE TABLE schedules (
  id         INTEGER PRIMARY KEY,
  valid_from TEXT NOT NULL,
  expression TEXT NOT NULL
) STRICT;

-- +goose StatementBegin
CREATE TRIGGER schedules_no_update BEFORE UPDATE ON schedules
BEGIN
  SELECT RAISE(ABORT, 'schedules are never rewritten');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER schedules_no_delete BEFORE DELETE ON schedules
BEGIN
  SELECT RAISE(ABORT, 'schedules are never rewritten');
END;
-- +goose StatementEnd

PRAGMA user_version = 3;

-- +goose Down
DROP TABLE schedules;
PRAGMA user_version = 2;
