-- +goose Up

PRAGMA user_version = 2;

CREATE TABLE audit_log_readings ( -- How the audit log was read for a complete snapshot that has a baseline.
  snapshot_id  INTEGER PRIMARY KEY REFERENCES snapshots (id), -- the snapshot
  since        TEXT NOT NULL, -- how far back it was to be read, by the server's clock, RFC 3339 UTC with nine digits
  until        TEXT NOT NULL, -- the snapshot's instant by the server's clock, likewise
  pages        INTEGER NOT NULL, -- pages read
  received     INTEGER NOT NULL, -- entries in them
  not_assessed TEXT, -- why it could not be read; null when it was
  lacking      TEXT -- why entries may be missing; null when none are
) STRICT;

CREATE TABLE audit_log_entries ( -- The audit-log entries that a snapshot was judged by, newest first.
  snapshot_id     INTEGER NOT NULL REFERENCES snapshots (id), -- the snapshot
  number          INTEGER NOT NULL, -- place in the log as it was read, from 1
  id              TEXT NOT NULL, -- id of the entry
  created_at      TEXT NOT NULL, -- when it happened, by the server's clock, RFC 3339 UTC with nine digits
  actor_id        TEXT, -- who acted; null when not reported
  actor_principal TEXT, -- kind of the actor, such as PRINCIPAL_USER; null when not reported
  subject_id      TEXT, -- what was acted on; null when not reported
  subject_type    TEXT, -- its kind, such as RESOURCE_TYPE_SCIM_CONFIGURATION; null when not reported
  action          TEXT, -- what was done, as the API words it; null when not reported
  unknown_fields  TEXT, -- fields that this version does not know, canonical JSON; null when there are none
  PRIMARY KEY (snapshot_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE stored_candidates ( -- Which entries may tell who made a change; read it through change_candidates.
  snapshot_id   INTEGER NOT NULL REFERENCES snapshots (id), -- the snapshot that shows the change
  change_number INTEGER NOT NULL, -- number of the change in changes
  entry_number  INTEGER NOT NULL, -- number of the entry in audit_log_entries
  PRIMARY KEY (snapshot_id, change_number, entry_number)
) STRICT, WITHOUT ROWID;

CREATE TABLE exception_texts ( -- Each exception that a snapshot ever saw, once.
  key                      INTEGER PRIMARY KEY, -- short key
  rule_id                  TEXT NOT NULL, -- the rule whose failures are accepted
  subject_id               TEXT, -- the one subject that it is for; null for every subject of the organization
  accepted_organization_id TEXT, -- the organization that it names; null when it names none
  owner                    TEXT NOT NULL, -- who accepts
  reason                   TEXT NOT NULL, -- why
  ticket                   TEXT, -- where it was decided; null when not told
  expires                  TEXT NOT NULL -- last day on which it is in force, UTC, yyyy-mm-dd
) STRICT;
CREATE INDEX exception_texts_by_rule ON exception_texts (rule_id, subject_id);

CREATE TABLE stored_exceptions ( -- The exceptions as a complete snapshot saw them; read it through exceptions.
  snapshot_id   INTEGER NOT NULL REFERENCES snapshots (id), -- the snapshot
  number        INTEGER NOT NULL, -- place in the exceptions file, from 1, among those that concern the organization
  exception_key INTEGER NOT NULL REFERENCES exception_texts (key), -- the exception
  in_force      INTEGER NOT NULL CHECK (in_force IN (0, 1)), -- 0 when it had expired
  bearing       TEXT NOT NULL CHECK (bearing IN ('applied', 'not_assessed', 'unmatched')), -- whether what it is for fails
  PRIMARY KEY (snapshot_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE finding_exceptions ( -- Which finding an exception covers, or no longer covers because it expired.
  snapshot_id      INTEGER NOT NULL REFERENCES snapshots (id), -- the snapshot
  fingerprint      TEXT NOT NULL, -- the finding's fingerprint in findings
  exception_number INTEGER NOT NULL, -- number of the exception in exceptions
  PRIMARY KEY (snapshot_id, fingerprint)
) STRICT, WITHOUT ROWID;

CREATE TABLE carried_findings ( -- Findings that were open before and that a complete snapshot could not assess: they stay open, with their age.
  snapshot_id INTEGER NOT NULL REFERENCES snapshots (id), -- the snapshot
  fingerprint TEXT NOT NULL, -- SHA-256, in hex, of rule, organization id and subject id
  rule_id     TEXT NOT NULL, -- the rule
  first_seen  TEXT NOT NULL, -- since when it has been open, RFC 3339 UTC
  last_seen   TEXT NOT NULL, -- the last snapshot in which it failed or was excepted, RFC 3339 UTC
  PRIMARY KEY (snapshot_id, fingerprint)
) STRICT, WITHOUT ROWID;

-- What was written about the past is never rewritten. Retention alone removes, what belongs to no snapshot that is whole.

-- +goose StatementBegin
CREATE TRIGGER audit_log_readings_no_update BEFORE UPDATE ON audit_log_readings
BEGIN
  SELECT RAISE(ABORT, 'audit_log_readings are never rewritten');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER audit_log_readings_no_delete BEFORE DELETE ON audit_log_readings
WHEN NOT EXISTS (
  SELECT 1
  FROM snapshots s
  WHERE s.id = OLD.snapshot_id
    AND s.pruned_at IS NOT NULL
)
BEGIN
  SELECT RAISE(ABORT, 'audit_log_readings go only with a snapshot that is pruned');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER audit_log_entries_no_update BEFORE UPDATE ON audit_log_entries
BEGIN
  SELECT RAISE(ABORT, 'audit_log_entries are never rewritten');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER audit_log_entries_no_delete BEFORE DELETE ON audit_log_entries
WHEN NOT EXISTS (
  SELECT 1
  FROM snapshots s
  WHERE s.id = OLD.snapshot_id
    AND s.pruned_at IS NOT NULL
)
BEGIN
  SELECT RAISE(ABORT, 'audit_log_entries go only with a snapshot that is pruned');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER stored_candidates_no_update BEFORE UPDATE ON stored_candidates
BEGIN
  SELECT RAISE(ABORT, 'stored_candidates are never rewritten');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER stored_candidates_no_delete BEFORE DELETE ON stored_candidates
WHEN NOT EXISTS (
  SELECT 1
  FROM snapshots s
  WHERE s.id = OLD.snapshot_id
    AND s.pruned_at IS NOT NULL
)
BEGIN
  SELECT RAISE(ABORT, 'stored_candidates go only with a snapshot that is pruned');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER exception_texts_no_update BEFORE UPDATE ON exception_texts
BEGIN
  SELECT RAISE(ABORT, 'exception_texts are never rewritten');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER exception_texts_no_delete BEFORE DELETE ON exception_texts
WHEN EXISTS (
  SELECT 1
  FROM stored_exceptions x
  WHERE x.exception_key = OLD.key
)
BEGIN
  SELECT RAISE(ABORT, 'exception_texts go only with the last snapshot that saw them');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER stored_exceptions_no_update BEFORE UPDATE ON stored_exceptions
BEGIN
  SELECT RAISE(ABORT, 'stored_exceptions are never rewritten');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER stored_exceptions_no_delete BEFORE DELETE ON stored_exceptions
WHEN NOT EXISTS (
  SELECT 1
  FROM snapshots s
  WHERE s.id = OLD.snapshot_id
    AND s.pruned_at IS NOT NULL
)
BEGIN
  SELECT RAISE(ABORT, 'stored_exceptions go only with a snapshot that is pruned');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER finding_exceptions_no_update BEFORE UPDATE ON finding_exceptions
BEGIN
  SELECT RAISE(ABORT, 'finding_exceptions are never rewritten');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER finding_exceptions_no_delete BEFORE DELETE ON finding_exceptions
WHEN NOT EXISTS (
  SELECT 1
  FROM snapshots s
  WHERE s.id = OLD.snapshot_id
    AND s.pruned_at IS NOT NULL
)
BEGIN
  SELECT RAISE(ABORT, 'finding_exceptions go only with a snapshot that is pruned');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER carried_findings_no_update BEFORE UPDATE ON carried_findings
BEGIN
  SELECT RAISE(ABORT, 'carried_findings are never rewritten');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER carried_findings_no_delete BEFORE DELETE ON carried_findings
WHEN NOT EXISTS (
  SELECT 1
  FROM snapshots s
  WHERE s.id = OLD.snapshot_id
    AND s.pruned_at IS NOT NULL
)
BEGIN
  SELECT RAISE(ABORT, 'carried_findings go only with a snapshot that is pruned');
END;
-- +goose StatementEnd

CREATE VIEW change_candidates AS -- Every audit-log entry that may tell who made a change, newest first for each change.
SELECT
  c.snapshot_id, -- the snapshot that shows the change
  s.taken_at, -- its instant, RFC 3339 UTC, whole seconds
  s.organization_id, -- id of the organization
  c.change_number, -- number of the change in changes
  e.number AS entry_number, -- number of the entry in audit_log_entries
  e.id AS entry_id, -- id of the entry
  e.created_at, -- when it happened, RFC 3339 UTC with nine digits
  e.actor_id, -- who acted; null when not reported
  e.actor_principal, -- kind of the actor; null when not reported
  e.subject_id, -- what was acted on
  e.subject_type, -- its kind
  e.action -- what was done, as the API words it
FROM stored_candidates c
JOIN snapshots s ON s.id = c.snapshot_id
JOIN audit_log_entries e ON e.snapshot_id = c.snapshot_id AND e.number = c.entry_number;

CREATE VIEW exceptions AS -- The exceptions as every complete snapshot saw them.
SELECT
  x.snapshot_id, -- the snapshot
  s.taken_at, -- its instant, RFC 3339 UTC, whole seconds
  s.organization_id, -- id of the organization
  x.number, -- place in the exceptions file among those that concern the organization, from 1
  t.rule_id, -- the rule whose failures are accepted
  t.subject_id, -- the one subject that it is for; null for every subject of the organization
  t.accepted_organization_id, -- the organization that it names; null when it names none
  t.owner, -- who accepts
  t.reason, -- why
  t.ticket, -- where it was decided; null when not told
  t.expires, -- last day on which it is in force, UTC, yyyy-mm-dd
  x.in_force, -- 0 when it had expired
  x.bearing, -- applied, not_assessed or unmatched
  (
    SELECT count(*)
    FROM finding_exceptions f
    WHERE f.snapshot_id = x.snapshot_id
      AND f.exception_number = x.number
  ) AS findings -- how many findings it covers, or would still cover had it not expired
FROM stored_exceptions x
JOIN exception_texts t ON t.key = x.exception_key
JOIN snapshots s ON s.id = x.snapshot_id;

-- +goose Down
DROP VIEW exceptions;
DROP VIEW change_candidates;
DROP TABLE carried_findings;
DROP TABLE finding_exceptions;
DROP TABLE stored_exceptions;
DROP TABLE exception_texts;
DROP TABLE stored_candidates;
DROP TABLE audit_log_entries;
DROP TABLE audit_log_readings;
PRAGMA user_version = 1;
