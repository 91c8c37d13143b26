-- +goose Up

-- "Aud1" in ASCII: tells this file from other programs' databases (https://www.sqlite.org/fileformat2.html#application_id).
PRAGMA application_id = 1098212401;
-- The schema's version, readable from the file's header without opening it.
PRAGMA user_version = 1;

-- The comments at the ends of lines are the documentation: docs/database.md is made of them.

CREATE TABLE runs ( -- One row for each execution of the job. It is opened as 'running' and closed once.
  id            INTEGER PRIMARY KEY, -- number of the run, growing with time
  started_at    TEXT NOT NULL, -- when it began, RFC 3339 UTC, whole seconds
  finished_at   TEXT, -- when it ended, RFC 3339 UTC, whole seconds; null while it is running
  scheduled_for TEXT, -- the instant that a schedule asked for, RFC 3339 UTC; null for a run that nobody scheduled
  trigger       TEXT NOT NULL, -- manual, schedule, catch_up or demo
  outcome       TEXT NOT NULL CHECK (outcome IN ('running', 'complete', 'failed')), -- complete when the snapshot of every organization is
  error         TEXT, -- why it failed, a line for each organization; null when it is complete
  tool_version  TEXT NOT NULL, -- version of auditor
  host          TEXT NOT NULL -- name of the machine
) STRICT;

CREATE TABLE snapshots ( -- The register: one row for each organization of a run, complete or failed, written once and never removed.
  id                     INTEGER PRIMARY KEY, -- number of the snapshot, growing with time
  run_id                 INTEGER NOT NULL REFERENCES runs (id), -- the run that took it
  source                 TEXT NOT NULL, -- label of the organization in the settings
  organization_id        TEXT, -- id of the organization; null when the run failed before it was known
  organization_name      TEXT, -- its name at that time; null when not known
  organization_tier      TEXT, -- its plan; null when not reported
  base_url               TEXT NOT NULL, -- the API that was asked
  principal_id           TEXT, -- id of the user or service account whose token was used; null when not known
  principal              TEXT, -- its kind, such as PRINCIPAL_USER; null when not known
  taken_at               TEXT NOT NULL, -- instant of the snapshot, RFC 3339 UTC, whole seconds
  outcome                TEXT NOT NULL CHECK (outcome IN ('complete', 'failed')), -- complete or failed; a failed one has no configurations and proves nothing
  baseline_id            INTEGER REFERENCES snapshots (id), -- the snapshot that it was compared with; null for the first one and for failed ones
  error_code             TEXT, -- why it failed, in one word; null when complete
  error                  TEXT, -- why it failed; null when complete
  pages                  INTEGER NOT NULL, -- pages of both listings
  scim_pages             INTEGER NOT NULL, -- pages of the SCIM listing
  scim_rows_per_page     TEXT NOT NULL, -- rows of each of them in order, equal neighbours together: 99 x 100, 37
  scim_final_token_empty INTEGER NOT NULL, -- 1 when the last of them said itself that it is the last
  sso_pages              INTEGER NOT NULL, -- pages of the SSO listing
  sso_rows_per_page      TEXT NOT NULL, -- rows of each of them in order
  sso_final_token_empty  INTEGER NOT NULL, -- 1 when the last of them said itself that it is the last
  scim_received          INTEGER NOT NULL, -- SCIM records in the answers
  scim_distinct          INTEGER NOT NULL, -- distinct ids in them
  scim_configurations    INTEGER NOT NULL, -- SCIM configurations that were stored
  sso_received           INTEGER NOT NULL, -- SSO records in the answers
  sso_distinct           INTEGER NOT NULL, -- distinct ids in them
  sso_configurations     INTEGER NOT NULL, -- SSO configurations that were stored
  sso_not_assessed       TEXT, -- why the SSO configurations could not be read; null when they were
  policies_not_assessed  TEXT, -- why the policies could not be read; null when they were
  retries                INTEGER NOT NULL, -- requests that had to be sent again
  server_clock_offset_ms INTEGER, -- local clock minus the server's Date, milliseconds; null when no answer had a Date
  notes                  TEXT NOT NULL, -- remarks of the collector, a JSON array of texts
  unknown_fields         TEXT NOT NULL, -- fields that this version does not know, a JSON array of Type.field
  changes                INTEGER NOT NULL, -- rows that it has in changes (kept when it is pruned)
  failing_findings       INTEGER NOT NULL, -- rows that it has in findings with the status fail (kept when it is pruned)
  content_sha256         TEXT, -- hash over every stored configuration, see docs/verification.md; null when failed
  records_sha256         TEXT NOT NULL, -- hash over its exchanges, changes and findings
  chain_sha256           TEXT NOT NULL, -- hash over this row, its run and the chain_sha256 of the snapshot before
  pruned_at              TEXT, -- when retention removed what the snapshot had, RFC 3339 UTC; null while it is whole
  CHECK (outcome = 'failed' OR (organization_id IS NOT NULL AND content_sha256 IS NOT NULL))
) STRICT;
CREATE INDEX snapshots_by_organization ON snapshots (organization_id, outcome, id);
CREATE INDEX snapshots_by_source ON snapshots (source, outcome, id);
CREATE INDEX snapshots_by_run ON snapshots (run_id);

CREATE TABLE organizations ( -- A short key for an organization's id, so that the rows of the tables below do not repeat it.
  key INTEGER PRIMARY KEY, -- the key
  id  TEXT NOT NULL UNIQUE -- id of the organization
) STRICT;

CREATE TABLE raw_shapes ( -- What the JSON of many SCIM configurations has in common, with control characters, which no JSON has, where their values go.
  key                     INTEGER PRIMARY KEY, -- what raw_shape refers to
  shape                   TEXT NOT NULL, -- JSON with char(1) for the id, char(2) organization id, char(3) name, char(4) SSO configuration id, char(5) created_at, char(6) updated_at, char(7) token_expires_at
  created_at_length       INTEGER NOT NULL, -- characters of created_at that the JSON has before its Z
  updated_at_length       INTEGER NOT NULL, -- likewise of updated_at
  token_expires_at_length INTEGER NOT NULL, -- likewise of token_expires_at
  UNIQUE (shape, created_at_length, updated_at_length, token_expires_at_length)
) STRICT;

CREATE TABLE organization_live ( -- The organizations themselves, as they have been since the snapshot valid_from. The snapshot that shows a row otherwise moves it to organization_history.
  organization_key INTEGER NOT NULL REFERENCES organizations (key), -- the organization
  id TEXT NOT NULL, -- id of the organization
  valid_from INTEGER NOT NULL REFERENCES snapshots (id) DEFERRABLE INITIALLY DEFERRED, -- the first snapshot that shows it so
  name TEXT NOT NULL, -- name of the organization
  tier TEXT NOT NULL, -- its plan; empty when not reported
  created_at TEXT, -- RFC 3339 UTC with nine digits; null when not reported
  updated_at TEXT, -- RFC 3339 UTC with nine digits; null when not reported
  unknown_fields TEXT, -- fields that this version does not know, canonical JSON; null when there are none
  raw TEXT NOT NULL, -- the object as received when this version of it was first seen
  row_check INTEGER NOT NULL, -- first eight bytes of the SHA-256 over the row, to name one that was altered
  PRIMARY KEY (organization_key, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE organization_history ( -- The organizations themselves as they were from the snapshot valid_from until before the snapshot valid_to.
  organization_key INTEGER NOT NULL REFERENCES organizations (key), -- the organization
  valid_to INTEGER NOT NULL REFERENCES snapshots (id) DEFERRABLE INITIALLY DEFERRED, -- the first snapshot that shows it otherwise or no more
  id TEXT NOT NULL, -- id of the organization
  valid_from INTEGER NOT NULL REFERENCES snapshots (id) DEFERRABLE INITIALLY DEFERRED, -- the first snapshot that shows it so
  name TEXT NOT NULL, -- name of the organization
  tier TEXT NOT NULL, -- its plan; empty when not reported
  created_at TEXT, -- RFC 3339 UTC with nine digits; null when not reported
  updated_at TEXT, -- RFC 3339 UTC with nine digits; null when not reported
  unknown_fields TEXT, -- fields that this version does not know, canonical JSON; null when there are none
  raw TEXT NOT NULL, -- the object as received when this version of it was first seen
  row_check INTEGER NOT NULL, -- first eight bytes of the SHA-256 over the row, to name one that was altered
  CHECK (valid_from < valid_to),
  PRIMARY KEY (organization_key, valid_to, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE policies_live ( -- Their policies, as they have been since the snapshot valid_from. The snapshot that shows a row otherwise moves it to policies_history.
  organization_key INTEGER NOT NULL REFERENCES organizations (key), -- the organization
  id TEXT NOT NULL, -- id of the organization
  valid_from INTEGER NOT NULL REFERENCES snapshots (id) DEFERRABLE INITIALLY DEFERRED, -- the first snapshot that shows it so
  restrict_account_creation_to_scim INTEGER NOT NULL, -- 1 when accounts can only be created through SCIM, else 0
  unknown_fields TEXT, -- the other policies, canonical JSON; null when there are none
  raw TEXT NOT NULL, -- the object as received when this version of it was first seen
  row_check INTEGER NOT NULL, -- first eight bytes of the SHA-256 over the row, to name one that was altered
  PRIMARY KEY (organization_key, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE policies_history ( -- Their policies as they were from the snapshot valid_from until before the snapshot valid_to.
  organization_key INTEGER NOT NULL REFERENCES organizations (key), -- the organization
  valid_to INTEGER NOT NULL REFERENCES snapshots (id) DEFERRABLE INITIALLY DEFERRED, -- the first snapshot that shows it otherwise or no more
  id TEXT NOT NULL, -- id of the organization
  valid_from INTEGER NOT NULL REFERENCES snapshots (id) DEFERRABLE INITIALLY DEFERRED, -- the first snapshot that shows it so
  restrict_account_creation_to_scim INTEGER NOT NULL, -- 1 when accounts can only be created through SCIM, else 0
  unknown_fields TEXT, -- the other policies, canonical JSON; null when there are none
  raw TEXT NOT NULL, -- the object as received when this version of it was first seen
  row_check INTEGER NOT NULL, -- first eight bytes of the SHA-256 over the row, to name one that was altered
  CHECK (valid_from < valid_to),
  PRIMARY KEY (organization_key, valid_to, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE scim_live ( -- SCIM configurations, as they have been since the snapshot valid_from. The snapshot that shows a row otherwise moves it to scim_history.
  organization_key INTEGER NOT NULL REFERENCES organizations (key), -- the organization
  id TEXT NOT NULL, -- id of the configuration, lower case
  valid_from INTEGER NOT NULL REFERENCES snapshots (id) DEFERRABLE INITIALLY DEFERRED, -- the first snapshot that shows it so
  stated_organization_id TEXT, -- the organization that the configuration itself names; empty when it names none; in the tables null when it is the organization that lists it
  name TEXT NOT NULL, -- name of the configuration; may be empty
  enabled INTEGER NOT NULL, -- 1 when enabled, else 0
  sso_configuration_id TEXT NOT NULL, -- id of the linked SSO configuration; empty when not linked
  created_at TEXT, -- RFC 3339 UTC with nine digits; null when not reported
  updated_at TEXT, -- RFC 3339 UTC with nine digits; null when not reported
  token_expires_at TEXT, -- RFC 3339 UTC with nine digits; null when not reported, which is unknown and not expired
  allow_unverified_email_account_linking INTEGER, -- 1 or 0; null when not reported
  unknown_fields TEXT, -- fields that this version does not know, canonical JSON; null when there are none
  raw TEXT, -- the object as received when this version of it was first seen; in the tables null where raw_shape gives it
  raw_shape INTEGER REFERENCES raw_shapes (key), -- the shape that raw is made of; null where raw holds it
  row_check INTEGER NOT NULL, -- first eight bytes of the SHA-256 over the row, to name one that was altered
  CHECK ((raw IS NULL) <> (raw_shape IS NULL)),
  PRIMARY KEY (organization_key, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE scim_history ( -- SCIM configurations as they were from the snapshot valid_from until before the snapshot valid_to.
  organization_key INTEGER NOT NULL REFERENCES organizations (key), -- the organization
  valid_to INTEGER NOT NULL REFERENCES snapshots (id) DEFERRABLE INITIALLY DEFERRED, -- the first snapshot that shows it otherwise or no more
  id TEXT NOT NULL, -- id of the configuration, lower case
  valid_from INTEGER NOT NULL REFERENCES snapshots (id) DEFERRABLE INITIALLY DEFERRED, -- the first snapshot that shows it so
  stated_organization_id TEXT, -- the organization that the configuration itself names; empty when it names none; in the tables null when it is the organization that lists it
  name TEXT NOT NULL, -- name of the configuration; may be empty
  enabled INTEGER NOT NULL, -- 1 when enabled, else 0
  sso_configuration_id TEXT NOT NULL, -- id of the linked SSO configuration; empty when not linked
  created_at TEXT, -- RFC 3339 UTC with nine digits; null when not reported
  updated_at TEXT, -- RFC 3339 UTC with nine digits; null when not reported
  token_expires_at TEXT, -- RFC 3339 UTC with nine digits; null when not reported, which is unknown and not expired
  allow_unverified_email_account_linking INTEGER, -- 1 or 0; null when not reported
  unknown_fields TEXT, -- fields that this version does not know, canonical JSON; null when there are none
  raw TEXT, -- the object as received when this version of it was first seen; in the tables null where raw_shape gives it
  raw_shape INTEGER REFERENCES raw_shapes (key), -- the shape that raw is made of; null where raw holds it
  row_check INTEGER NOT NULL, -- first eight bytes of the SHA-256 over the row, to name one that was altered
  CHECK ((raw IS NULL) <> (raw_shape IS NULL)),
  CHECK (valid_from < valid_to),
  PRIMARY KEY (organization_key, valid_to, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX scim_history_by_id ON scim_history (organization_key, id, valid_from);

CREATE TABLE sso_live ( -- SSO configurations, as they have been since the snapshot valid_from. The snapshot that shows a row otherwise moves it to sso_history.
  organization_key INTEGER NOT NULL REFERENCES organizations (key), -- the organization
  id TEXT NOT NULL, -- id of the configuration, lower case
  valid_from INTEGER NOT NULL REFERENCES snapshots (id) DEFERRABLE INITIALLY DEFERRED, -- the first snapshot that shows it so
  stated_organization_id TEXT NOT NULL, -- the organization that the configuration itself names; empty when it names none
  display_name TEXT NOT NULL, -- name of the configuration; may be empty
  issuer_url TEXT NOT NULL, -- URL of the identity provider
  provider_type TEXT NOT NULL, -- PROVIDER_TYPE_BUILTIN or PROVIDER_TYPE_CUSTOM
  state TEXT NOT NULL, -- SSO_CONFIGURATION_STATE_ACTIVE or _INACTIVE
  client_id TEXT NOT NULL, -- OAuth client id
  email_domain TEXT NOT NULL, -- the domain; empty when there is none
  email_domains TEXT NOT NULL, -- a sorted JSON array of domains
  additional_scopes TEXT NOT NULL, -- a sorted JSON array of scopes
  claims TEXT NOT NULL, -- a JSON object, its keys sorted
  claims_expression TEXT NOT NULL, -- the expression that claims must satisfy; empty when there is none
  unknown_fields TEXT, -- fields that this version does not know, canonical JSON; null when there are none
  raw TEXT NOT NULL, -- the object as received when this version of it was first seen
  row_check INTEGER NOT NULL, -- first eight bytes of the SHA-256 over the row, to name one that was altered
  PRIMARY KEY (organization_key, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE sso_history ( -- SSO configurations as they were from the snapshot valid_from until before the snapshot valid_to.
  organization_key INTEGER NOT NULL REFERENCES organizations (key), -- the organization
  valid_to INTEGER NOT NULL REFERENCES snapshots (id) DEFERRABLE INITIALLY DEFERRED, -- the first snapshot that shows it otherwise or no more
  id TEXT NOT NULL, -- id of the configuration, lower case
  valid_from INTEGER NOT NULL REFERENCES snapshots (id) DEFERRABLE INITIALLY DEFERRED, -- the first snapshot that shows it so
  stated_organization_id TEXT NOT NULL, -- the organization that the configuration itself names; empty when it names none
  display_name TEXT NOT NULL, -- name of the configuration; may be empty
  issuer_url TEXT NOT NULL, -- URL of the identity provider
  provider_type TEXT NOT NULL, -- PROVIDER_TYPE_BUILTIN or PROVIDER_TYPE_CUSTOM
  state TEXT NOT NULL, -- SSO_CONFIGURATION_STATE_ACTIVE or _INACTIVE
  client_id TEXT NOT NULL, -- OAuth client id
  email_domain TEXT NOT NULL, -- the domain; empty when there is none
  email_domains TEXT NOT NULL, -- a sorted JSON array of domains
  additional_scopes TEXT NOT NULL, -- a sorted JSON array of scopes
  claims TEXT NOT NULL, -- a JSON object, its keys sorted
  claims_expression TEXT NOT NULL, -- the expression that claims must satisfy; empty when there is none
  unknown_fields TEXT, -- fields that this version does not know, canonical JSON; null when there are none
  raw TEXT NOT NULL, -- the object as received when this version of it was first seen
  row_check INTEGER NOT NULL, -- first eight bytes of the SHA-256 over the row, to name one that was altered
  CHECK (valid_from < valid_to),
  PRIMARY KEY (organization_key, valid_to, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX sso_history_by_id ON sso_history (organization_key, id, valid_from);

CREATE TABLE exchange_live ( -- The requests of complete snapshots and what was answered, as they have been since the snapshot valid_from. The snapshot that shows a row otherwise moves it to exchange_history.
  organization_key INTEGER NOT NULL REFERENCES organizations (key), -- the organization
  id TEXT NOT NULL, -- number within the snapshot, six digits
  valid_from INTEGER NOT NULL REFERENCES snapshots (id) DEFERRABLE INITIALLY DEFERRED, -- the first snapshot that shows it so
  method TEXT NOT NULL, -- service and method, such as gitpod.v1.OrganizationService/ListSCIMConfigurations
  request TEXT NOT NULL, -- the body that was sent, JSON; never a token
  status INTEGER NOT NULL, -- HTTP status of the answer
  records INTEGER NOT NULL, -- configurations in the answer
  retries TEXT NOT NULL, -- why each earlier try was not accepted, a JSON array of texts
  response_sha256 TEXT NOT NULL REFERENCES responses (sha256), -- SHA-256 of the answer, in hex; its bytes are in responses
  row_check INTEGER NOT NULL, -- first eight bytes of the SHA-256 over the row, to name one that was altered
  PRIMARY KEY (organization_key, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE exchange_history ( -- The requests of complete snapshots and what was answered as they were from the snapshot valid_from until before the snapshot valid_to.
  organization_key INTEGER NOT NULL REFERENCES organizations (key), -- the organization
  valid_to INTEGER NOT NULL REFERENCES snapshots (id) DEFERRABLE INITIALLY DEFERRED, -- the first snapshot that shows it otherwise or no more
  id TEXT NOT NULL, -- number within the snapshot, six digits
  valid_from INTEGER NOT NULL REFERENCES snapshots (id) DEFERRABLE INITIALLY DEFERRED, -- the first snapshot that shows it so
  method TEXT NOT NULL, -- service and method, such as gitpod.v1.OrganizationService/ListSCIMConfigurations
  request TEXT NOT NULL, -- the body that was sent, JSON; never a token
  status INTEGER NOT NULL, -- HTTP status of the answer
  records INTEGER NOT NULL, -- configurations in the answer
  retries TEXT NOT NULL, -- why each earlier try was not accepted, a JSON array of texts
  response_sha256 TEXT NOT NULL REFERENCES responses (sha256), -- SHA-256 of the answer, in hex; its bytes are in responses
  row_check INTEGER NOT NULL, -- first eight bytes of the SHA-256 over the row, to name one that was altered
  CHECK (valid_from < valid_to),
  PRIMARY KEY (organization_key, valid_to, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE finding_live ( -- The outcomes of the rules in complete snapshots, as they have been since the snapshot valid_from. The snapshot that shows a row otherwise moves it to finding_history.
  organization_key INTEGER NOT NULL REFERENCES organizations (key), -- the organization
  id TEXT NOT NULL, -- fingerprint: SHA-256, in hex, of rule, organization id and subject id
  valid_from INTEGER NOT NULL REFERENCES snapshots (id) DEFERRABLE INITIALLY DEFERRED, -- the first snapshot that shows it so
  rule_id TEXT NOT NULL, -- the rule, such as SCIM-001
  title TEXT NOT NULL, -- the rule in words
  severity TEXT NOT NULL, -- critical, high, medium, low or info
  status TEXT NOT NULL CHECK (status IN ('fail', 'pass', 'not_assessed', 'excepted')), -- fail, pass, not_assessed or excepted
  original_status TEXT, -- what an exception covers; null when there is none
  subject_type TEXT NOT NULL, -- scim_configuration, sso_configuration or organization
  subject_id TEXT NOT NULL, -- id of the subject
  subject_name TEXT NOT NULL, -- its name
  observed TEXT NOT NULL, -- what was found; for not_assessed, why nothing could be
  observed_has_times INTEGER NOT NULL CHECK (observed_has_times IN (0, 1)), -- 1 when char(1) in observed stands for the snapshot's instant and char(2) for the baseline's
  expected TEXT NOT NULL, -- what would be in order
  first_seen TEXT, -- since when it has been open without a break, RFC 3339 UTC; null when it is not open
  row_check INTEGER NOT NULL, -- first eight bytes of the SHA-256 over the row, to name one that was altered
  PRIMARY KEY (organization_key, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE finding_history ( -- The outcomes of the rules in complete snapshots as they were from the snapshot valid_from until before the snapshot valid_to.
  organization_key INTEGER NOT NULL REFERENCES organizations (key), -- the organization
  valid_to INTEGER NOT NULL REFERENCES snapshots (id) DEFERRABLE INITIALLY DEFERRED, -- the first snapshot that shows it otherwise or no more
  id TEXT NOT NULL, -- fingerprint: SHA-256, in hex, of rule, organization id and subject id
  valid_from INTEGER NOT NULL REFERENCES snapshots (id) DEFERRABLE INITIALLY DEFERRED, -- the first snapshot that shows it so
  rule_id TEXT NOT NULL, -- the rule, such as SCIM-001
  title TEXT NOT NULL, -- the rule in words
  severity TEXT NOT NULL, -- critical, high, medium, low or info
  status TEXT NOT NULL CHECK (status IN ('fail', 'pass', 'not_assessed', 'excepted')), -- fail, pass, not_assessed or excepted
  original_status TEXT, -- what an exception covers; null when there is none
  subject_type TEXT NOT NULL, -- scim_configuration, sso_configuration or organization
  subject_id TEXT NOT NULL, -- id of the subject
  subject_name TEXT NOT NULL, -- its name
  observed TEXT NOT NULL, -- what was found; for not_assessed, why nothing could be
  observed_has_times INTEGER NOT NULL CHECK (observed_has_times IN (0, 1)), -- 1 when char(1) in observed stands for the snapshot's instant and char(2) for the baseline's
  expected TEXT NOT NULL, -- what would be in order
  first_seen TEXT, -- since when it has been open without a break, RFC 3339 UTC; null when it is not open
  row_check INTEGER NOT NULL, -- first eight bytes of the SHA-256 over the row, to name one that was altered
  CHECK (valid_from < valid_to),
  PRIMARY KEY (organization_key, valid_to, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE pruned_versions ( -- What retention leaves of a configuration's row: that it was there, and the expiry of its token.
  organization_key INTEGER NOT NULL REFERENCES organizations (key), -- the organization
  kind             TEXT NOT NULL CHECK (kind IN ('scim', 'sso')), -- scim or sso
  id               TEXT NOT NULL, -- id of the configuration
  valid_from       INTEGER NOT NULL REFERENCES snapshots (id), -- the first snapshot that showed it so
  token_expires_at TEXT, -- RFC 3339 UTC with nine digits; null when not reported, and for SSO
  PRIMARY KEY (organization_key, kind, id, valid_from)
) STRICT, WITHOUT ROWID;

CREATE TABLE exchange_times ( -- When the requests of a complete snapshot were sent and how long they took.
  snapshot_id INTEGER PRIMARY KEY REFERENCES snapshots (id), -- the snapshot
  times       TEXT NOT NULL -- a JSON array with three numbers for each exchange, in order: milliseconds to sending from the end of the one before (of the first: from taken_at), microseconds from sending to the last byte, seconds to the answer's Date from the second of sending (null without one)
) STRICT;

CREATE TABLE stored_changes ( -- What differs from the baseline, in the order of the report; read it through changes.
  snapshot_id     INTEGER NOT NULL REFERENCES snapshots (id), -- the snapshot that shows the change
  number          INTEGER NOT NULL, -- place in the report, from 1
  severity        TEXT NOT NULL, -- critical, high, medium, low or info
  kind            TEXT NOT NULL, -- what happened, such as disabled or token_rotated
  subject_type    TEXT NOT NULL, -- scim_configuration, sso_configuration or organization
  subject_id      TEXT NOT NULL, -- id of the subject
  subject_name    TEXT NOT NULL, -- its name
  field           TEXT, -- the API's name of the field; null for added, reappeared and removed
  before          TEXT, -- value in the baseline, plain text; for removed the configuration as canonical JSON; null when absent
  after           TEXT, -- value in the snapshot, likewise
  before_label    TEXT, -- what a person reads in place of before, such as the name for an id; null when it is the same
  after_label     TEXT, -- likewise for after
  actor_id        TEXT, -- who made the change, from the audit log; null when not known
  actor_principal TEXT, -- kind of the actor; null when not known
  actor_action    TEXT, -- what the audit log calls it; null when not known
  actor_at        TEXT, -- when, RFC 3339 UTC with nine digits; null when not known
  note            TEXT, -- what else a reader must know; null when nothing
  PRIMARY KEY (snapshot_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE failed_findings ( -- The outcomes of the rules in failed snapshots; read them through findings.
  snapshot_id     INTEGER NOT NULL REFERENCES snapshots (id), -- the snapshot
  fingerprint     TEXT NOT NULL, -- SHA-256, in hex, of rule, organization id and subject id
  rule_id TEXT NOT NULL, -- the rule, such as SCIM-001
  title TEXT NOT NULL, -- the rule in words
  severity TEXT NOT NULL, -- critical, high, medium, low or info
  status TEXT NOT NULL CHECK (status IN ('fail', 'pass', 'not_assessed', 'excepted')), -- fail, pass, not_assessed or excepted
  original_status TEXT, -- what an exception covers; null when there is none
  subject_type TEXT NOT NULL, -- scim_configuration, sso_configuration or organization
  subject_id TEXT NOT NULL, -- id of the subject
  subject_name TEXT NOT NULL, -- its name
  observed TEXT NOT NULL, -- what was found; for not_assessed, why nothing could be
  expected TEXT NOT NULL, -- what would be in order
  first_seen TEXT, -- since when it has been open without a break, RFC 3339 UTC; null when it is not open
  PRIMARY KEY (snapshot_id, fingerprint)
) STRICT, WITHOUT ROWID;

CREATE TABLE responses ( -- The bytes of each answer, once.
  sha256       TEXT PRIMARY KEY, -- SHA-256 of the answer's body, in hex
  size         INTEGER NOT NULL, -- bytes of the body
  body         BLOB, -- the body, zlib-compressed (RFC 1950); null when retention removed it
  body_crc32   INTEGER NOT NULL -- CRC-32 (IEEE 802.3) of the compressed bytes
) STRICT;

-- What was written about the past is never rewritten. Retention alone removes, what belongs to no snapshot that is whole.

-- +goose StatementBegin
CREATE TRIGGER runs_no_update BEFORE UPDATE ON runs
WHEN OLD.outcome <> 'running' OR NEW.id <> OLD.id OR NEW.started_at <> OLD.started_at
BEGIN
  SELECT RAISE(ABORT, 'a run is closed once and never rewritten');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER runs_no_delete BEFORE DELETE ON runs
BEGIN
  SELECT RAISE(ABORT, 'runs are never deleted');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER snapshots_no_update BEFORE UPDATE OF id, run_id, source, organization_id, organization_name, organization_tier, base_url, principal_id, principal, taken_at, outcome, baseline_id, error_code, error, pages, scim_pages, scim_rows_per_page, scim_final_token_empty, sso_pages, sso_rows_per_page, sso_final_token_empty, scim_received, scim_distinct, scim_configurations, sso_received, sso_distinct, sso_configurations, sso_not_assessed, policies_not_assessed, retries, server_clock_offset_ms, notes, unknown_fields, changes, failing_findings, content_sha256, records_sha256, chain_sha256 ON snapshots
BEGIN
  SELECT RAISE(ABORT, 'snapshots are never rewritten');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER snapshots_pruned_once BEFORE UPDATE OF pruned_at ON snapshots
WHEN OLD.pruned_at IS NOT NULL OR NEW.pruned_at IS NULL
BEGIN
  SELECT RAISE(ABORT, 'a snapshot is pruned once');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER snapshots_no_delete BEFORE DELETE ON snapshots
BEGIN
  SELECT RAISE(ABORT, 'snapshots are never deleted');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER stored_changes_no_update BEFORE UPDATE ON stored_changes
BEGIN
  SELECT RAISE(ABORT, 'stored_changes are never rewritten');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER stored_changes_no_delete BEFORE DELETE ON stored_changes
WHEN NOT EXISTS (
  SELECT 1
  FROM snapshots s
  WHERE s.id = OLD.snapshot_id
    AND s.pruned_at IS NOT NULL
)
BEGIN
  SELECT RAISE(ABORT, 'stored_changes go only with a snapshot that is pruned');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER failed_findings_no_update BEFORE UPDATE ON failed_findings
BEGIN
  SELECT RAISE(ABORT, 'failed_findings are never rewritten');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER failed_findings_no_delete BEFORE DELETE ON failed_findings
WHEN NOT EXISTS (
  SELECT 1
  FROM snapshots s
  WHERE s.id = OLD.snapshot_id
    AND s.pruned_at IS NOT NULL
)
BEGIN
  SELECT RAISE(ABORT, 'failed_findings go only with a snapshot that is pruned');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER exchange_times_no_update BEFORE UPDATE ON exchange_times
BEGIN
  SELECT RAISE(ABORT, 'exchange_times are never rewritten');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER exchange_times_no_delete BEFORE DELETE ON exchange_times
WHEN NOT EXISTS (
  SELECT 1
  FROM snapshots s
  WHERE s.id = OLD.snapshot_id
    AND s.pruned_at IS NOT NULL
)
BEGIN
  SELECT RAISE(ABORT, 'exchange_times go only with a snapshot that is pruned');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER pruned_versions_no_update BEFORE UPDATE ON pruned_versions
BEGIN
  SELECT RAISE(ABORT, 'pruned_versions are never rewritten');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER organizations_no_update BEFORE UPDATE ON organizations
BEGIN
  SELECT RAISE(ABORT, 'organizations are never rewritten');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER raw_shapes_no_update BEFORE UPDATE ON raw_shapes
BEGIN
  SELECT RAISE(ABORT, 'raw_shapes are never rewritten');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER raw_shapes_no_delete BEFORE DELETE ON raw_shapes
BEGIN
  SELECT RAISE(ABORT, 'raw_shapes are never deleted');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER pruned_versions_no_delete BEFORE DELETE ON pruned_versions
BEGIN
  SELECT RAISE(ABORT, 'pruned_versions are never deleted');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER organizations_no_delete BEFORE DELETE ON organizations
BEGIN
  SELECT RAISE(ABORT, 'organizations are never deleted');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER responses_no_update BEFORE UPDATE ON responses
WHEN NEW.sha256 <> OLD.sha256 OR NEW.size <> OLD.size OR NEW.body IS NOT NULL AND OLD.body IS NOT NULL
BEGIN
  SELECT RAISE(ABORT, 'responses are never rewritten; retention may only remove the body');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER responses_no_delete BEFORE DELETE ON responses
BEGIN
  SELECT RAISE(ABORT, 'responses are never deleted; retention may only remove the body');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER organization_live_no_update BEFORE UPDATE ON organization_live
BEGIN
  SELECT RAISE(ABORT, 'organization_live rows are moved to organization_history and never rewritten');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER organization_live_no_delete BEFORE DELETE ON organization_live
WHEN NOT EXISTS (
  SELECT 1
  FROM organization_history h
  WHERE h.organization_key = OLD.organization_key
    AND h.valid_to = (
      SELECT max(n.valid_to)
      FROM organization_history n
      WHERE n.organization_key = OLD.organization_key
    )
    AND h.id = OLD.id
    AND h.valid_from = OLD.valid_from
)
BEGIN
  SELECT RAISE(ABORT, 'organization_live rows must be in organization_history before they go');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER organization_history_no_update BEFORE UPDATE ON organization_history
BEGIN
  SELECT RAISE(ABORT, 'organization_history is never rewritten');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER organization_history_no_delete BEFORE DELETE ON organization_history
WHEN EXISTS (
  SELECT 1
  FROM organizations o
  JOIN snapshots s ON s.organization_id = o.id
  WHERE o.key = OLD.organization_key
    AND s.outcome = 'complete'
    AND s.pruned_at IS NULL
    AND s.id >= OLD.valid_from
    AND s.id < OLD.valid_to
)
BEGIN
  SELECT RAISE(ABORT, 'organization_history rows go only when every snapshot that shows them is pruned');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER policies_live_no_update BEFORE UPDATE ON policies_live
BEGIN
  SELECT RAISE(ABORT, 'policies_live rows are moved to policies_history and never rewritten');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER policies_live_no_delete BEFORE DELETE ON policies_live
WHEN NOT EXISTS (
  SELECT 1
  FROM policies_history h
  WHERE h.organization_key = OLD.organization_key
    AND h.valid_to = (
      SELECT max(n.valid_to)
      FROM policies_history n
      WHERE n.organization_key = OLD.organization_key
    )
    AND h.id = OLD.id
    AND h.valid_from = OLD.valid_from
)
BEGIN
  SELECT RAISE(ABORT, 'policies_live rows must be in policies_history before they go');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER policies_history_no_update BEFORE UPDATE ON policies_history
BEGIN
  SELECT RAISE(ABORT, 'policies_history is never rewritten');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER policies_history_no_delete BEFORE DELETE ON policies_history
WHEN EXISTS (
  SELECT 1
  FROM organizations o
  JOIN snapshots s ON s.organization_id = o.id
  WHERE o.key = OLD.organization_key
    AND s.outcome = 'complete'
    AND s.pruned_at IS NULL
    AND s.id >= OLD.valid_from
    AND s.id < OLD.valid_to
)
BEGIN
  SELECT RAISE(ABORT, 'policies_history rows go only when every snapshot that shows them is pruned');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER scim_live_no_update BEFORE UPDATE ON scim_live
BEGIN
  SELECT RAISE(ABORT, 'scim_live rows are moved to scim_history and never rewritten');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER scim_live_no_delete BEFORE DELETE ON scim_live
WHEN NOT EXISTS (
  SELECT 1
  FROM scim_history h
  WHERE h.organization_key = OLD.organization_key
    AND h.valid_to = (
      SELECT max(n.valid_to)
      FROM scim_history n
      WHERE n.organization_key = OLD.organization_key
    )
    AND h.id = OLD.id
    AND h.valid_from = OLD.valid_from
)
BEGIN
  SELECT RAISE(ABORT, 'scim_live rows must be in scim_history before they go');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER scim_history_no_update BEFORE UPDATE ON scim_history
BEGIN
  SELECT RAISE(ABORT, 'scim_history is never rewritten');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER scim_history_no_delete BEFORE DELETE ON scim_history
WHEN EXISTS (
  SELECT 1
  FROM organizations o
  JOIN snapshots s ON s.organization_id = o.id
  WHERE o.key = OLD.organization_key
    AND s.outcome = 'complete'
    AND s.pruned_at IS NULL
    AND s.id >= OLD.valid_from
    AND s.id < OLD.valid_to
)
BEGIN
  SELECT RAISE(ABORT, 'scim_history rows go only when every snapshot that shows them is pruned');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER sso_live_no_update BEFORE UPDATE ON sso_live
BEGIN
  SELECT RAISE(ABORT, 'sso_live rows are moved to sso_history and never rewritten');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER sso_live_no_delete BEFORE DELETE ON sso_live
WHEN NOT EXISTS (
  SELECT 1
  FROM sso_history h
  WHERE h.organization_key = OLD.organization_key
    AND h.valid_to = (
      SELECT max(n.valid_to)
      FROM sso_history n
      WHERE n.organization_key = OLD.organization_key
    )
    AND h.id = OLD.id
    AND h.valid_from = OLD.valid_from
)
BEGIN
  SELECT RAISE(ABORT, 'sso_live rows must be in sso_history before they go');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER sso_history_no_update BEFORE UPDATE ON sso_history
BEGIN
  SELECT RAISE(ABORT, 'sso_history is never rewritten');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER sso_history_no_delete BEFORE DELETE ON sso_history
WHEN EXISTS (
  SELECT 1
  FROM organizations o
  JOIN snapshots s ON s.organization_id = o.id
  WHERE o.key = OLD.organization_key
    AND s.outcome = 'complete'
    AND s.pruned_at IS NULL
    AND s.id >= OLD.valid_from
    AND s.id < OLD.valid_to
)
BEGIN
  SELECT RAISE(ABORT, 'sso_history rows go only when every snapshot that shows them is pruned');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER exchange_live_no_update BEFORE UPDATE ON exchange_live
BEGIN
  SELECT RAISE(ABORT, 'exchange_live rows are moved to exchange_history and never rewritten');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER exchange_live_no_delete BEFORE DELETE ON exchange_live
WHEN NOT EXISTS (
  SELECT 1
  FROM exchange_history h
  WHERE h.organization_key = OLD.organization_key
    AND h.valid_to = (
      SELECT max(n.valid_to)
      FROM exchange_history n
      WHERE n.organization_key = OLD.organization_key
    )
    AND h.id = OLD.id
    AND h.valid_from = OLD.valid_from
)
BEGIN
  SELECT RAISE(ABORT, 'exchange_live rows must be in exchange_history before they go');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER exchange_history_no_update BEFORE UPDATE ON exchange_history
BEGIN
  SELECT RAISE(ABORT, 'exchange_history is never rewritten');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER exchange_history_no_delete BEFORE DELETE ON exchange_history
WHEN EXISTS (
  SELECT 1
  FROM organizations o
  JOIN snapshots s ON s.organization_id = o.id
  WHERE o.key = OLD.organization_key
    AND s.outcome = 'complete'
    AND s.pruned_at IS NULL
    AND s.id >= OLD.valid_from
    AND s.id < OLD.valid_to
)
BEGIN
  SELECT RAISE(ABORT, 'exchange_history rows go only when every snapshot that shows them is pruned');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER finding_live_no_update BEFORE UPDATE ON finding_live
BEGIN
  SELECT RAISE(ABORT, 'finding_live rows are moved to finding_history and never rewritten');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER finding_live_no_delete BEFORE DELETE ON finding_live
WHEN NOT EXISTS (
  SELECT 1
  FROM finding_history h
  WHERE h.organization_key = OLD.organization_key
    AND h.valid_to = (
      SELECT max(n.valid_to)
      FROM finding_history n
      WHERE n.organization_key = OLD.organization_key
    )
    AND h.id = OLD.id
    AND h.valid_from = OLD.valid_from
)
BEGIN
  SELECT RAISE(ABORT, 'finding_live rows must be in finding_history before they go');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER finding_history_no_update BEFORE UPDATE ON finding_history
BEGIN
  SELECT RAISE(ABORT, 'finding_history is never rewritten');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER finding_history_no_delete BEFORE DELETE ON finding_history
WHEN EXISTS (
  SELECT 1
  FROM organizations o
  JOIN snapshots s ON s.organization_id = o.id
  WHERE o.key = OLD.organization_key
    AND s.outcome = 'complete'
    AND s.pruned_at IS NULL
    AND s.id >= OLD.valid_from
    AND s.id < OLD.valid_to
)
BEGIN
  SELECT RAISE(ABORT, 'finding_history rows go only when every snapshot that shows them is pruned');
END;
-- +goose StatementEnd

CREATE VIEW scim_configurations AS -- Every SCIM configuration in every complete snapshot that is not pruned.
SELECT
  s.id AS snapshot_id, -- the snapshot
  s.taken_at, -- its instant, RFC 3339 UTC, whole seconds
  s.organization_id, -- id of the organization
  s.organization_name, -- its name at that time
  v.id, -- id of the configuration, lower case
  v.name, -- name of the configuration; may be empty
  v.enabled, -- 1 when enabled, else 0
  v.sso_configuration_id, -- id of the linked SSO configuration; empty when not linked
  CASE WHEN s.sso_not_assessed IS NULL THEN coalesce(
    (
      SELECT n.display_name
      FROM sso_live n
      WHERE n.organization_key = o.key
        AND n.id = v.sso_configuration_id
        AND n.valid_from <= s.id
    ),
    (
      SELECT n.display_name
      FROM sso_history n
      WHERE n.organization_key = o.key
        AND n.id = v.sso_configuration_id
        AND n.valid_from <= s.id
        AND n.valid_to > s.id
    )
  ) END AS sso_configuration_name, -- name of the linked SSO configuration in the same snapshot; null when not linked or not known
  v.token_expires_at, -- RFC 3339 UTC with nine digits; null when not reported, which is unknown and not expired
  v.created_at, -- RFC 3339 UTC with nine digits; null when not reported
  v.updated_at, -- RFC 3339 UTC with nine digits; null when not reported
  v.allow_unverified_email_account_linking, -- 1 or 0; null when not reported
  CASE WHEN v.raw_shape IS NULL THEN v.raw ELSE (
    SELECT replace(replace(replace(replace(replace(replace(replace(p.shape,
      char(1), v.id),
      char(2), coalesce(v.stated_organization_id, o.id)),
      char(3), v.name),
      char(4), v.sso_configuration_id),
      char(5), coalesce(substr(v.created_at, 1, p.created_at_length) || 'Z', '')),
      char(6), coalesce(substr(v.updated_at, 1, p.updated_at_length) || 'Z', '')),
      char(7), coalesce(substr(v.token_expires_at, 1, p.token_expires_at_length) || 'Z', ''))
    FROM raw_shapes p
    WHERE p.key = v.raw_shape
  ) END AS raw, -- the object as received when this version of it was first seen
  coalesce(v.stated_organization_id, o.id) AS stated_organization_id, -- the organization that the configuration itself names; empty when it names none
  v.unknown_fields -- fields that this version does not know, canonical JSON; null when there are none
FROM snapshots s
JOIN organizations o ON o.id = s.organization_id
JOIN scim_live v ON v.organization_key = o.key
WHERE s.outcome = 'complete'
  AND s.pruned_at IS NULL
  AND v.valid_from <= s.id
UNION ALL
SELECT
  s.id AS snapshot_id,
  s.taken_at,
  s.organization_id,
  s.organization_name,
  v.id,
  v.name,
  v.enabled,
  v.sso_configuration_id,
  CASE WHEN s.sso_not_assessed IS NULL THEN coalesce(
    (
      SELECT n.display_name
      FROM sso_live n
      WHERE n.organization_key = o.key
        AND n.id = v.sso_configuration_id
        AND n.valid_from <= s.id
    ),
    (
      SELECT n.display_name
      FROM sso_history n
      WHERE n.organization_key = o.key
        AND n.id = v.sso_configuration_id
        AND n.valid_from <= s.id
        AND n.valid_to > s.id
    )
  ) END AS sso_configuration_name,
  v.token_expires_at,
  v.created_at,
  v.updated_at,
  v.allow_unverified_email_account_linking,
  CASE WHEN v.raw_shape IS NULL THEN v.raw ELSE (
    SELECT replace(replace(replace(replace(replace(replace(replace(p.shape,
      char(1), v.id),
      char(2), coalesce(v.stated_organization_id, o.id)),
      char(3), v.name),
      char(4), v.sso_configuration_id),
      char(5), coalesce(substr(v.created_at, 1, p.created_at_length) || 'Z', '')),
      char(6), coalesce(substr(v.updated_at, 1, p.updated_at_length) || 'Z', '')),
      char(7), coalesce(substr(v.token_expires_at, 1, p.token_expires_at_length) || 'Z', ''))
    FROM raw_shapes p
    WHERE p.key = v.raw_shape
  ) END AS raw,
  coalesce(v.stated_organization_id, o.id) AS stated_organization_id,
  v.unknown_fields
FROM snapshots s
JOIN organizations o ON o.id = s.organization_id
JOIN scim_history v ON v.organization_key = o.key
WHERE s.outcome = 'complete'
  AND s.pruned_at IS NULL
  AND v.valid_from <= s.id
  AND v.valid_to > s.id;

CREATE VIEW current_scim_configurations AS -- The SCIM configurations of the newest complete snapshot of each organization.
SELECT
  s.id AS snapshot_id, -- the snapshot
  s.taken_at, -- its instant, RFC 3339 UTC, whole seconds
  s.organization_id, -- id of the organization
  s.organization_name, -- its name at that time
  v.id, -- id of the configuration, lower case
  v.name, -- name of the configuration; may be empty
  v.enabled, -- 1 when enabled, else 0
  v.sso_configuration_id, -- id of the linked SSO configuration; empty when not linked
  CASE WHEN s.sso_not_assessed IS NULL THEN coalesce(
    (
      SELECT n.display_name
      FROM sso_live n
      WHERE n.organization_key = o.key
        AND n.id = v.sso_configuration_id
        AND n.valid_from <= s.id
    ),
    (
      SELECT n.display_name
      FROM sso_history n
      WHERE n.organization_key = o.key
        AND n.id = v.sso_configuration_id
        AND n.valid_from <= s.id
        AND n.valid_to > s.id
    )
  ) END AS sso_configuration_name, -- name of the linked SSO configuration in the same snapshot; null when not linked or not known
  v.token_expires_at, -- RFC 3339 UTC with nine digits; null when not reported, which is unknown and not expired
  v.created_at, -- RFC 3339 UTC with nine digits; null when not reported
  v.updated_at, -- RFC 3339 UTC with nine digits; null when not reported
  v.allow_unverified_email_account_linking, -- 1 or 0; null when not reported
  CASE WHEN v.raw_shape IS NULL THEN v.raw ELSE (
    SELECT replace(replace(replace(replace(replace(replace(replace(p.shape,
      char(1), v.id),
      char(2), coalesce(v.stated_organization_id, o.id)),
      char(3), v.name),
      char(4), v.sso_configuration_id),
      char(5), coalesce(substr(v.created_at, 1, p.created_at_length) || 'Z', '')),
      char(6), coalesce(substr(v.updated_at, 1, p.updated_at_length) || 'Z', '')),
      char(7), coalesce(substr(v.token_expires_at, 1, p.token_expires_at_length) || 'Z', ''))
    FROM raw_shapes p
    WHERE p.key = v.raw_shape
  ) END AS raw, -- the object as received when this version of it was first seen
  coalesce(v.stated_organization_id, o.id) AS stated_organization_id, -- the organization that the configuration itself names; empty when it names none
  v.unknown_fields -- fields that this version does not know, canonical JSON; null when there are none
FROM organizations o
JOIN snapshots s ON s.id = (
  SELECT max(n.id)
  FROM snapshots n
  WHERE n.organization_id = o.id
    AND n.outcome = 'complete'
)
JOIN scim_live v ON v.organization_key = o.key;

CREATE VIEW sso_configurations AS -- Every SSO configuration in every complete snapshot that is not pruned and could read them.
SELECT
  s.id AS snapshot_id, -- the snapshot
  s.taken_at, -- its instant, RFC 3339 UTC, whole seconds
  s.organization_id, -- id of the organization
  s.organization_name, -- its name at that time
  v.id, -- id of the configuration, lower case
  v.display_name, -- name of the configuration; may be empty
  v.issuer_url, -- URL of the identity provider
  v.provider_type, -- PROVIDER_TYPE_BUILTIN or PROVIDER_TYPE_CUSTOM
  v.state, -- SSO_CONFIGURATION_STATE_ACTIVE or _INACTIVE
  v.client_id, -- OAuth client id
  v.email_domain, -- the domain; empty when there is none
  v.email_domains, -- a sorted JSON array of domains
  v.additional_scopes, -- a sorted JSON array of scopes
  v.claims, -- a JSON object, its keys sorted
  v.claims_expression, -- the expression that claims must satisfy; empty when there is none
  v.raw, -- the object as received when this version of it was first seen
  v.stated_organization_id, -- the organization that the configuration itself names; empty when it names none
  v.unknown_fields -- fields that this version does not know, canonical JSON; null when there are none
FROM snapshots s
JOIN organizations o ON o.id = s.organization_id
JOIN sso_live v ON v.organization_key = o.key
WHERE s.outcome = 'complete'
  AND s.pruned_at IS NULL
  AND s.sso_not_assessed IS NULL
  AND v.valid_from <= s.id
UNION ALL
SELECT
  s.id AS snapshot_id,
  s.taken_at,
  s.organization_id,
  s.organization_name,
  v.id,
  v.display_name,
  v.issuer_url,
  v.provider_type,
  v.state,
  v.client_id,
  v.email_domain,
  v.email_domains,
  v.additional_scopes,
  v.claims,
  v.claims_expression,
  v.raw,
  v.stated_organization_id,
  v.unknown_fields
FROM snapshots s
JOIN organizations o ON o.id = s.organization_id
JOIN sso_history v ON v.organization_key = o.key
WHERE s.outcome = 'complete'
  AND s.pruned_at IS NULL
  AND s.sso_not_assessed IS NULL
  AND v.valid_from <= s.id
  AND v.valid_to > s.id;

CREATE VIEW current_sso_configurations AS -- The SSO configurations of the newest complete snapshot of each organization, where it could read them.
SELECT
  s.id AS snapshot_id, -- the snapshot
  s.taken_at, -- its instant, RFC 3339 UTC, whole seconds
  s.organization_id, -- id of the organization
  s.organization_name, -- its name at that time
  v.id, -- id of the configuration, lower case
  v.display_name, -- name of the configuration; may be empty
  v.issuer_url, -- URL of the identity provider
  v.provider_type, -- PROVIDER_TYPE_BUILTIN or PROVIDER_TYPE_CUSTOM
  v.state, -- SSO_CONFIGURATION_STATE_ACTIVE or _INACTIVE
  v.client_id, -- OAuth client id
  v.email_domain, -- the domain; empty when there is none
  v.email_domains, -- a sorted JSON array of domains
  v.additional_scopes, -- a sorted JSON array of scopes
  v.claims, -- a JSON object, its keys sorted
  v.claims_expression, -- the expression that claims must satisfy; empty when there is none
  v.raw, -- the object as received when this version of it was first seen
  v.stated_organization_id, -- the organization that the configuration itself names; empty when it names none
  v.unknown_fields -- fields that this version does not know, canonical JSON; null when there are none
FROM organizations o
JOIN snapshots s ON s.id = (
  SELECT max(n.id)
  FROM snapshots n
  WHERE n.organization_id = o.id
    AND n.outcome = 'complete'
)
JOIN sso_live v ON v.organization_key = o.key
WHERE s.sso_not_assessed IS NULL;

CREATE VIEW organization_policies AS -- The policies of each organization in every complete snapshot that is not pruned and could read them.
SELECT
  s.id AS snapshot_id, -- the snapshot
  s.taken_at, -- its instant, RFC 3339 UTC, whole seconds
  s.organization_id, -- id of the organization
  s.organization_name, -- its name at that time
  v.id, -- id of the organization
  v.restrict_account_creation_to_scim, -- 1 when accounts can only be created through SCIM, else 0
  v.raw, -- the object as received when this version of it was first seen
  v.unknown_fields -- the other policies, canonical JSON; null when there are none
FROM snapshots s
JOIN organizations o ON o.id = s.organization_id
JOIN policies_live v ON v.organization_key = o.key
WHERE s.outcome = 'complete'
  AND s.pruned_at IS NULL
  AND s.policies_not_assessed IS NULL
  AND v.valid_from <= s.id
UNION ALL
SELECT
  s.id AS snapshot_id,
  s.taken_at,
  s.organization_id,
  s.organization_name,
  v.id,
  v.restrict_account_creation_to_scim,
  v.raw,
  v.unknown_fields
FROM snapshots s
JOIN organizations o ON o.id = s.organization_id
JOIN policies_history v ON v.organization_key = o.key
WHERE s.outcome = 'complete'
  AND s.pruned_at IS NULL
  AND s.policies_not_assessed IS NULL
  AND v.valid_from <= s.id
  AND v.valid_to > s.id;

CREATE VIEW organization_details AS -- The organization itself in every complete snapshot that is not pruned.
SELECT
  s.id AS snapshot_id, -- the snapshot
  s.taken_at, -- its instant, RFC 3339 UTC, whole seconds
  s.organization_id, -- id of the organization
  s.organization_name, -- its name at that time
  v.id, -- id of the organization
  v.name, -- name of the organization
  v.tier, -- its plan; empty when not reported
  v.created_at, -- RFC 3339 UTC with nine digits; null when not reported
  v.updated_at, -- RFC 3339 UTC with nine digits; null when not reported
  v.raw, -- the object as received when this version of it was first seen
  v.unknown_fields -- fields that this version does not know, canonical JSON; null when there are none
FROM snapshots s
JOIN organizations o ON o.id = s.organization_id
JOIN organization_live v ON v.organization_key = o.key
WHERE s.outcome = 'complete'
  AND s.pruned_at IS NULL
  AND v.valid_from <= s.id
UNION ALL
SELECT
  s.id AS snapshot_id,
  s.taken_at,
  s.organization_id,
  s.organization_name,
  v.id,
  v.name,
  v.tier,
  v.created_at,
  v.updated_at,
  v.raw,
  v.unknown_fields
FROM snapshots s
JOIN organizations o ON o.id = s.organization_id
JOIN organization_history v ON v.organization_key = o.key
WHERE s.outcome = 'complete'
  AND s.pruned_at IS NULL
  AND v.valid_from <= s.id
  AND v.valid_to > s.id;

CREATE VIEW scim_configuration_history AS -- One row for each stretch of nights in which a configuration did not change.
SELECT
  o.id AS organization_id, -- id of the organization
  v.id, -- id of the configuration, lower case
  f.taken_at AS valid_from, -- instant of the first snapshot that shows it so, RFC 3339 UTC
  NULL AS valid_to, -- instant of the first snapshot that shows it otherwise or no more, RFC 3339 UTC; null for the present
  v.name, -- name of the configuration; may be empty
  v.enabled, -- 1 when enabled, else 0
  v.sso_configuration_id, -- id of the linked SSO configuration; empty when not linked
  v.token_expires_at, -- RFC 3339 UTC with nine digits; null when not reported, which is unknown and not expired
  v.created_at, -- RFC 3339 UTC with nine digits; null when not reported
  v.updated_at, -- RFC 3339 UTC with nine digits; null when not reported
  v.allow_unverified_email_account_linking, -- 1 or 0; null when not reported
  CASE WHEN v.raw_shape IS NULL THEN v.raw ELSE (
    SELECT replace(replace(replace(replace(replace(replace(replace(p.shape,
      char(1), v.id),
      char(2), coalesce(v.stated_organization_id, o.id)),
      char(3), v.name),
      char(4), v.sso_configuration_id),
      char(5), coalesce(substr(v.created_at, 1, p.created_at_length) || 'Z', '')),
      char(6), coalesce(substr(v.updated_at, 1, p.updated_at_length) || 'Z', '')),
      char(7), coalesce(substr(v.token_expires_at, 1, p.token_expires_at_length) || 'Z', ''))
    FROM raw_shapes p
    WHERE p.key = v.raw_shape
  ) END AS raw, -- the object as received when this version of it was first seen
  coalesce(v.stated_organization_id, o.id) AS stated_organization_id, -- the organization that the configuration itself names; empty when it names none
  v.unknown_fields, -- fields that this version does not know, canonical JSON; null when there are none
  v.valid_from AS valid_from_snapshot_id, -- the snapshot of valid_from
  NULL AS valid_to_snapshot_id -- the snapshot of valid_to; null for the present
FROM scim_live v
JOIN organizations o ON o.key = v.organization_key
JOIN snapshots f ON f.id = v.valid_from
UNION ALL
SELECT
  o.id AS organization_id,
  v.id,
  f.taken_at AS valid_from,
  t.taken_at AS valid_to,
  v.name,
  v.enabled,
  v.sso_configuration_id,
  v.token_expires_at,
  v.created_at,
  v.updated_at,
  v.allow_unverified_email_account_linking,
  CASE WHEN v.raw_shape IS NULL THEN v.raw ELSE (
    SELECT replace(replace(replace(replace(replace(replace(replace(p.shape,
      char(1), v.id),
      char(2), coalesce(v.stated_organization_id, o.id)),
      char(3), v.name),
      char(4), v.sso_configuration_id),
      char(5), coalesce(substr(v.created_at, 1, p.created_at_length) || 'Z', '')),
      char(6), coalesce(substr(v.updated_at, 1, p.updated_at_length) || 'Z', '')),
      char(7), coalesce(substr(v.token_expires_at, 1, p.token_expires_at_length) || 'Z', ''))
    FROM raw_shapes p
    WHERE p.key = v.raw_shape
  ) END AS raw,
  coalesce(v.stated_organization_id, o.id) AS stated_organization_id,
  v.unknown_fields,
  v.valid_from AS valid_from_snapshot_id,
  v.valid_to AS valid_to_snapshot_id
FROM scim_history v
JOIN organizations o ON o.key = v.organization_key
JOIN snapshots f ON f.id = v.valid_from
JOIN snapshots t ON t.id = v.valid_to;

CREATE VIEW sso_configuration_history AS -- One row for each stretch of nights in which a configuration did not change.
SELECT
  o.id AS organization_id, -- id of the organization
  v.id, -- id of the configuration, lower case
  f.taken_at AS valid_from, -- instant of the first snapshot that shows it so, RFC 3339 UTC
  NULL AS valid_to, -- instant of the first snapshot that shows it otherwise or no more, RFC 3339 UTC; null for the present
  v.display_name, -- name of the configuration; may be empty
  v.issuer_url, -- URL of the identity provider
  v.provider_type, -- PROVIDER_TYPE_BUILTIN or PROVIDER_TYPE_CUSTOM
  v.state, -- SSO_CONFIGURATION_STATE_ACTIVE or _INACTIVE
  v.client_id, -- OAuth client id
  v.email_domain, -- the domain; empty when there is none
  v.email_domains, -- a sorted JSON array of domains
  v.additional_scopes, -- a sorted JSON array of scopes
  v.claims, -- a JSON object, its keys sorted
  v.claims_expression, -- the expression that claims must satisfy; empty when there is none
  v.raw, -- the object as received when this version of it was first seen
  v.stated_organization_id, -- the organization that the configuration itself names; empty when it names none
  v.unknown_fields, -- fields that this version does not know, canonical JSON; null when there are none
  v.valid_from AS valid_from_snapshot_id, -- the snapshot of valid_from
  NULL AS valid_to_snapshot_id -- the snapshot of valid_to; null for the present
FROM sso_live v
JOIN organizations o ON o.key = v.organization_key
JOIN snapshots f ON f.id = v.valid_from
UNION ALL
SELECT
  o.id AS organization_id,
  v.id,
  f.taken_at AS valid_from,
  t.taken_at AS valid_to,
  v.display_name,
  v.issuer_url,
  v.provider_type,
  v.state,
  v.client_id,
  v.email_domain,
  v.email_domains,
  v.additional_scopes,
  v.claims,
  v.claims_expression,
  v.raw,
  v.stated_organization_id,
  v.unknown_fields,
  v.valid_from AS valid_from_snapshot_id,
  v.valid_to AS valid_to_snapshot_id
FROM sso_history v
JOIN organizations o ON o.key = v.organization_key
JOIN snapshots f ON f.id = v.valid_from
JOIN snapshots t ON t.id = v.valid_to;

CREATE VIEW changes AS -- What differs from the baseline, one row for each atomic change.
SELECT
  c.snapshot_id, -- the snapshot that shows the change
  s.baseline_id, -- the snapshot that it was compared with
  s.taken_at, -- its instant, RFC 3339 UTC, whole seconds
  s.organization_id, -- id of the organization
  c.severity, -- critical, high, medium, low or info
  c.kind, -- what happened, such as disabled or token_rotated
  c.subject_type, -- scim_configuration, sso_configuration or organization
  c.subject_id, -- id of the subject
  c.subject_name, -- its name
  c.field, -- the API's name of the field; null for added, reappeared and removed
  c.before, -- value in the baseline, plain text; for removed the configuration as canonical JSON; null when absent
  c.after, -- value in the snapshot, likewise
  c.before_label, -- what a person reads in place of before, such as the name for an id; null when it is the same
  c.after_label, -- likewise for after
  c.actor_id, -- who made the change, from the audit log; null when not known
  c.actor_principal, -- kind of the actor; null when not known
  c.actor_action, -- what the audit log calls it; null when not known
  c.actor_at, -- when, RFC 3339 UTC with nine digits; null when not known
  c.note, -- what else a reader must know; null when nothing
  c.number -- place in the report, from 1
FROM stored_changes c
JOIN snapshots s ON s.id = c.snapshot_id;

CREATE VIEW findings AS -- The outcome of every rule in every snapshot that is not pruned.
SELECT
  s.id AS snapshot_id, -- the snapshot
  s.taken_at, -- its instant, RFC 3339 UTC, whole seconds
  s.organization_id, -- id of the organization; null when the run failed before it was known
  v.rule_id, -- the rule, such as SCIM-001
  v.title, -- the rule in words
  v.severity, -- critical, high, medium, low or info
  v.status, -- fail, pass, not_assessed or excepted
  v.original_status, -- what an exception covers; null when there is none
  v.subject_type, -- scim_configuration, sso_configuration or organization
  v.subject_id, -- id of the subject
  v.subject_name, -- its name
  CASE WHEN v.observed_has_times THEN replace(replace(v.observed,
    char(1), strftime('%Y-%m-%d %H:%M:%S UTC', s.taken_at)),
    char(2), coalesce(strftime('%Y-%m-%d %H:%M:%S UTC', b.taken_at), ''))
  ELSE v.observed END AS observed, -- what was found; for not_assessed, why nothing could be
  v.expected, -- what would be in order
  v.id AS fingerprint, -- SHA-256, in hex, of rule, organization id and subject id
  v.first_seen, -- since when it has been open without a break, RFC 3339 UTC; null when it is not open
  CAST(julianday(s.taken_at) - julianday(v.first_seen) + 0.000001 AS INTEGER) AS days_open -- whole days from first_seen to taken_at; null when it is not open
FROM snapshots s
JOIN organizations o ON o.id = s.organization_id
JOIN finding_live v ON v.organization_key = o.key
LEFT JOIN snapshots b ON b.id = s.baseline_id
WHERE s.outcome = 'complete'
  AND s.pruned_at IS NULL
  AND v.valid_from <= s.id
UNION ALL
SELECT
  s.id AS snapshot_id,
  s.taken_at,
  s.organization_id,
  v.rule_id,
  v.title,
  v.severity,
  v.status,
  v.original_status,
  v.subject_type,
  v.subject_id,
  v.subject_name,
  CASE WHEN v.observed_has_times THEN replace(replace(v.observed,
    char(1), strftime('%Y-%m-%d %H:%M:%S UTC', s.taken_at)),
    char(2), coalesce(strftime('%Y-%m-%d %H:%M:%S UTC', b.taken_at), ''))
  ELSE v.observed END AS observed,
  v.expected,
  v.id AS fingerprint,
  v.first_seen,
  CAST(julianday(s.taken_at) - julianday(v.first_seen) + 0.000001 AS INTEGER) AS days_open
FROM snapshots s
JOIN organizations o ON o.id = s.organization_id
JOIN finding_history v ON v.organization_key = o.key
LEFT JOIN snapshots b ON b.id = s.baseline_id
WHERE s.outcome = 'complete'
  AND s.pruned_at IS NULL
  AND v.valid_from <= s.id
  AND v.valid_to > s.id
UNION ALL
SELECT
  s.id AS snapshot_id,
  s.taken_at,
  s.organization_id,
  v.rule_id,
  v.title,
  v.severity,
  v.status,
  v.original_status,
  v.subject_type,
  v.subject_id,
  v.subject_name,
  v.observed AS observed,
  v.expected,
  v.fingerprint AS fingerprint,
  v.first_seen,
  CAST(julianday(s.taken_at) - julianday(v.first_seen) + 0.000001 AS INTEGER) AS days_open
FROM failed_findings v
JOIN snapshots s ON s.id = v.snapshot_id;

CREATE VIEW exchanges AS -- Each request of every complete snapshot that is not pruned, and the answer that was accepted for it.
SELECT
  s.id AS snapshot_id, -- the snapshot
  CAST(v.id AS INTEGER) AS number, -- place in the snapshot, from 1
  v.method, -- service and method, such as gitpod.v1.OrganizationService/ListSCIMConfigurations
  v.request, -- the body that was sent, JSON; never a token
  v.status, -- HTTP status of the answer
  strftime('%Y-%m-%dT%H:%M:%f', s.taken_at, ((
    SELECT sum(CASE e.key % 3 WHEN 0 THEN e.value WHEN 1 THEN e.value / 1000 END)
    FROM json_each(t.times) e
    WHERE e.key <= 3 * CAST(v.id AS INTEGER) - 3
  ) / 1000.0) || ' seconds') || '000000Z' AS sent_at, -- when it was sent, RFC 3339 UTC with nine digits, whole milliseconds
  json_extract(t.times, '$[' || (3 * CAST(v.id AS INTEGER) - 2) || ']') AS duration_us, -- microseconds from sending to the last byte
  strftime('%Y-%m-%dT%H:%M:%SZ', substr(strftime('%Y-%m-%dT%H:%M:%f', s.taken_at, ((
    SELECT sum(CASE e.key % 3 WHEN 0 THEN e.value WHEN 1 THEN e.value / 1000 END)
    FROM json_each(t.times) e
    WHERE e.key <= 3 * CAST(v.id AS INTEGER) - 3
  ) / 1000.0) || ' seconds'), 1, 19), json_extract(t.times, '$[' || (3 * CAST(v.id AS INTEGER) - 1) || ']') || ' seconds') AS server_date, -- the answer's Date, RFC 3339 UTC; null when it had none
  v.records, -- configurations in the answer
  v.retries, -- why each earlier try was not accepted, a JSON array of texts
  v.response_sha256 -- SHA-256 of the answer, in hex; its bytes are in responses
FROM snapshots s
JOIN organizations o ON o.id = s.organization_id
JOIN exchange_live v ON v.organization_key = o.key
JOIN exchange_times t ON t.snapshot_id = s.id
WHERE s.outcome = 'complete'
  AND s.pruned_at IS NULL
  AND v.valid_from <= s.id
UNION ALL
SELECT
  s.id AS snapshot_id,
  CAST(v.id AS INTEGER) AS number,
  v.method,
  v.request,
  v.status,
  strftime('%Y-%m-%dT%H:%M:%f', s.taken_at, ((
    SELECT sum(CASE e.key % 3 WHEN 0 THEN e.value WHEN 1 THEN e.value / 1000 END)
    FROM json_each(t.times) e
    WHERE e.key <= 3 * CAST(v.id AS INTEGER) - 3
  ) / 1000.0) || ' seconds') || '000000Z' AS sent_at,
  json_extract(t.times, '$[' || (3 * CAST(v.id AS INTEGER) - 2) || ']') AS duration_us,
  strftime('%Y-%m-%dT%H:%M:%SZ', substr(strftime('%Y-%m-%dT%H:%M:%f', s.taken_at, ((
    SELECT sum(CASE e.key % 3 WHEN 0 THEN e.value WHEN 1 THEN e.value / 1000 END)
    FROM json_each(t.times) e
    WHERE e.key <= 3 * CAST(v.id AS INTEGER) - 3
  ) / 1000.0) || ' seconds'), 1, 19), json_extract(t.times, '$[' || (3 * CAST(v.id AS INTEGER) - 1) || ']') || ' seconds') AS server_date,
  v.records,
  v.retries,
  v.response_sha256
FROM snapshots s
JOIN organizations o ON o.id = s.organization_id
JOIN exchange_history v ON v.organization_key = o.key
JOIN exchange_times t ON t.snapshot_id = s.id
WHERE s.outcome = 'complete'
  AND s.pruned_at IS NULL
  AND v.valid_from <= s.id
  AND v.valid_to > s.id;

-- +goose Down
DROP VIEW exchanges;
DROP VIEW findings;
DROP VIEW changes;
DROP VIEW sso_configuration_history;
DROP VIEW scim_configuration_history;
DROP VIEW organization_details;
DROP VIEW organization_policies;
DROP VIEW current_sso_configurations;
DROP VIEW sso_configurations;
DROP VIEW current_scim_configurations;
DROP VIEW scim_configurations;
DROP TABLE exchange_times;
DROP TABLE stored_changes;
DROP TABLE failed_findings;
DROP TABLE pruned_versions;
DROP TABLE organization_history;
DROP TABLE organization_live;
DROP TABLE policies_history;
DROP TABLE policies_live;
DROP TABLE scim_history;
DROP TABLE scim_live;
DROP TABLE sso_history;
DROP TABLE sso_live;
DROP TABLE exchange_history;
DROP TABLE exchange_live;
DROP TABLE finding_history;
DROP TABLE finding_live;
DROP TABLE responses;
DROP TABLE raw_shapes;
DROP TABLE organizations;
DROP TABLE snapshots;
DROP TABLE runs;
PRAGMA user_version = 0;
PRAGMA application_id = 0;
