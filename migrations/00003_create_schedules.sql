-- +goose Up

CREATE TABLE schedules ( -- The schedules of the job, in order; which nights were expected follows from them, and what became of each from runs.
  id         INTEGER PRIMARY KEY, -- grows with time
  valid_from TEXT NOT NULL, -- since when the schedule is in force, until the next row's valid_from
  expression TEXT NOT NULL -- cron expression, in UTC unless CRON_TZ= goes before it; "none" takes a schedule back
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
