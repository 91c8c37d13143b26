-- +goose Up

-- "Aud1" in ASCII: tells this file from other programs' databases (https://www.sqlite.org/fileformat2.html#application_id).
PRAGMA application_id = 1098212401;
-- The schema's version, readable from the file's header without opening it.
PRAGMA user_version = 1;

-- One row for each execution of the job. It is opened as 'running' and closed once.
CREATE TABLE runs (
  id            INTEGER PRIMARY KEY,
  started_at    TEXT NOT NULL,
  finished_at   TEXT,
  scheduled_for TEXT,
  trigger       TEXT NOT NULL,
  outcome       TEXT NOT NULL CHECK (outcome IN ('running', 'complete', 'failed')),
  error         TEXT,
  tool_version  TEXT NOT NULL,
  host          TEXT NOT NULL
) STRICT;

-- One row for each organization of a run, complete or failed, written once.
CREATE TABLE snapshots (
  id                     INTEGER PRIMARY KEY,
  run_id                 INTEGER NOT NULL REFERENCES runs (id),
  source                 TEXT NOT NULL,
  organization_id        TEXT,
  organization_name      TEXT,
  organization_tier      TEXT,
  base_url               TEXT NOT NULL,
  principal_id           TEXT,
  principal              TEXT,
  taken_at               TEXT NOT NULL,
  outcome                TEXT NOT NULL CHECK (outcome IN ('complete', 'failed')),
  baseline_id            INTEGER REFERENCES snapshots (id),
  error_code             TEXT,
  error                  TEXT,
  pages                  INTEGER NOT NULL,
  scim_pages             INTEGER NOT NULL,
  scim_rows_per_page     TEXT NOT NULL, -- in order, equal neighbours together: 99 x 100, 37
  scim_final_token_empty INTEGER NOT NULL,
  sso_pages              INTEGER NOT NULL,
  sso_rows_per_page      TEXT NOT NULL,
  sso_final_token_empty  INTEGER NOT NULL,
  scim_received          INTEGER NOT NULL,
  scim_distinct          INTEGER NOT NULL,
  scim_configurations    INTEGER NOT NULL,
  sso_received           INTEGER NOT NULL,
  sso_distinct           INTEGER NOT NULL,
  sso_configurations     INTEGER NOT NULL,
  sso_not_assessed       TEXT,
  policies_not_assessed  TEXT,
  retries                INTEGER NOT NULL,
  server_clock_offset_ms INTEGER,
  notes                  TEXT NOT NULL,
  unknown_fields         TEXT NOT NULL,
  content_sha256         TEXT,
  chain_sha256           TEXT NOT NULL,
  CHECK (outcome = 'failed' OR (organization_id IS NOT NULL AND content_sha256 IS NOT NULL))
) STRICT;
CREATE INDEX snapshots_by_organization ON snapshots (organization_id, outcome, id);
CREATE INDEX snapshots_by_source ON snapshots (source, outcome, id);
CREATE INDEX snapshots_by_run ON snapshots (run_id);

-- A short key for an organization's id, so that the rows below do not repeat it.
CREATE TABLE organizations (
  key INTEGER PRIMARY KEY,
  id  TEXT NOT NULL UNIQUE
) STRICT;

-- A configuration is one row in …_live since the snapshot valid_from. The snapshot that shows it otherwise moves it to …_history, where
-- valid_to is that snapshot.
CREATE TABLE scim_live (
  organization_key     INTEGER NOT NULL REFERENCES organizations (key),
  id                   TEXT NOT NULL,
  valid_from           INTEGER NOT NULL REFERENCES snapshots (id) DEFERRABLE INITIALLY DEFERRED,
  organization_id      TEXT NOT NULL,
  name                 TEXT NOT NULL,
  enabled              INTEGER NOT NULL,
  sso_configuration_id TEXT NOT NULL,
  created_at           TEXT,
  updated_at           TEXT,
  token_expires_at     TEXT,
  allow_unverified_email_account_linking INTEGER,
  unknown_fields       TEXT,
  raw                  TEXT NOT NULL,
  PRIMARY KEY (organization_key, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE scim_history (
  organization_key     INTEGER NOT NULL REFERENCES organizations (key),
  valid_to             INTEGER NOT NULL REFERENCES snapshots (id) DEFERRABLE INITIALLY DEFERRED,
  id                   TEXT NOT NULL,
  valid_from           INTEGER NOT NULL REFERENCES snapshots (id) DEFERRABLE INITIALLY DEFERRED,
  organization_id      TEXT NOT NULL,
  name                 TEXT NOT NULL,
  enabled              INTEGER NOT NULL,
  sso_configuration_id TEXT NOT NULL,
  created_at           TEXT,
  updated_at           TEXT,
  token_expires_at     TEXT,
  allow_unverified_email_account_linking INTEGER,
  unknown_fields       TEXT,
  raw                  TEXT NOT NULL,
  PRIMARY KEY (organization_key, valid_to, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX scim_history_by_id ON scim_history (organization_key, id, valid_from);

CREATE TABLE sso_live (
  organization_key  INTEGER NOT NULL REFERENCES organizations (key),
  id                TEXT NOT NULL,
  valid_from        INTEGER NOT NULL REFERENCES snapshots (id) DEFERRABLE INITIALLY DEFERRED,
  organization_id   TEXT NOT NULL,
  display_name      TEXT NOT NULL,
  issuer_url        TEXT NOT NULL,
  provider_type     TEXT NOT NULL,
  state             TEXT NOT NULL,
  client_id         TEXT NOT NULL,
  email_domain      TEXT NOT NULL,
  email_domains     TEXT NOT NULL,
  additional_scopes TEXT NOT NULL,
  claims            TEXT NOT NULL,
  claims_expression TEXT NOT NULL,
  unknown_fields    TEXT,
  raw               TEXT NOT NULL,
  PRIMARY KEY (organization_key, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE sso_history (
  organization_key  INTEGER NOT NULL REFERENCES organizations (key),
  valid_to          INTEGER NOT NULL REFERENCES snapshots (id) DEFERRABLE INITIALLY DEFERRED,
  id                TEXT NOT NULL,
  valid_from        INTEGER NOT NULL REFERENCES snapshots (id) DEFERRABLE INITIALLY DEFERRED,
  organization_id   TEXT NOT NULL,
  display_name      TEXT NOT NULL,
  issuer_url        TEXT NOT NULL,
  provider_type     TEXT NOT NULL,
  state             TEXT NOT NULL,
  client_id         TEXT NOT NULL,
  email_domain      TEXT NOT NULL,
  email_domains     TEXT NOT NULL,
  additional_scopes TEXT NOT NULL,
  claims            TEXT NOT NULL,
  claims_expression TEXT NOT NULL,
  unknown_fields    TEXT,
  raw               TEXT NOT NULL,
  PRIMARY KEY (organization_key, valid_to, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX sso_history_by_id ON sso_history (organization_key, id, valid_from);

-- The organization itself, one row an organization.
CREATE TABLE organization_live (
  organization_key INTEGER NOT NULL REFERENCES organizations (key),
  id               TEXT NOT NULL,
  valid_from       INTEGER NOT NULL REFERENCES snapshots (id) DEFERRABLE INITIALLY DEFERRED,
  name             TEXT NOT NULL,
  tier             TEXT NOT NULL,
  created_at       TEXT,
  updated_at       TEXT,
  unknown_fields   TEXT,
  raw              TEXT NOT NULL,
  PRIMARY KEY (organization_key, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE organization_history (
  organization_key INTEGER NOT NULL REFERENCES organizations (key),
  valid_to         INTEGER NOT NULL REFERENCES snapshots (id) DEFERRABLE INITIALLY DEFERRED,
  id               TEXT NOT NULL,
  valid_from       INTEGER NOT NULL REFERENCES snapshots (id) DEFERRABLE INITIALLY DEFERRED,
  name             TEXT NOT NULL,
  tier             TEXT NOT NULL,
  created_at       TEXT,
  updated_at       TEXT,
  unknown_fields   TEXT,
  raw              TEXT NOT NULL,
  PRIMARY KEY (organization_key, valid_to, id)
) STRICT, WITHOUT ROWID;

-- Its policies, one row an organization.
CREATE TABLE policies_live (
  organization_key INTEGER NOT NULL REFERENCES organizations (key),
  id               TEXT NOT NULL,
  valid_from       INTEGER NOT NULL REFERENCES snapshots (id) DEFERRABLE INITIALLY DEFERRED,
  restrict_account_creation_to_scim INTEGER NOT NULL,
  unknown_fields   TEXT,
  raw              TEXT NOT NULL,
  PRIMARY KEY (organization_key, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE policies_history (
  organization_key INTEGER NOT NULL REFERENCES organizations (key),
  valid_to         INTEGER NOT NULL REFERENCES snapshots (id) DEFERRABLE INITIALLY DEFERRED,
  id               TEXT NOT NULL,
  valid_from       INTEGER NOT NULL REFERENCES snapshots (id) DEFERRABLE INITIALLY DEFERRED,
  restrict_account_creation_to_scim INTEGER NOT NULL,
  unknown_fields   TEXT,
  raw              TEXT NOT NULL,
  PRIMARY KEY (organization_key, valid_to, id)
) STRICT, WITHOUT ROWID;

-- What differs from the baseline, in the order of the report.
CREATE TABLE stored_changes (
  snapshot_id     INTEGER NOT NULL REFERENCES snapshots (id),
  number          INTEGER NOT NULL,
  severity        TEXT NOT NULL,
  kind            TEXT NOT NULL,
  subject_type    TEXT NOT NULL,
  subject_id      TEXT NOT NULL,
  subject_name    TEXT NOT NULL,
  field           TEXT,
  before          TEXT,
  after           TEXT,
  before_label    TEXT,
  after_label     TEXT,
  actor_id        TEXT,
  actor_principal TEXT,
  actor_action    TEXT,
  actor_at        TEXT,
  note            TEXT,
  PRIMARY KEY (snapshot_id, number)
) STRICT, WITHOUT ROWID;

-- The outcome of every rule.
CREATE TABLE stored_findings (
  snapshot_id     INTEGER NOT NULL REFERENCES snapshots (id),
  number          INTEGER NOT NULL,
  rule_id         TEXT NOT NULL,
  title           TEXT NOT NULL,
  severity        TEXT NOT NULL,
  status          TEXT NOT NULL CHECK (status IN ('fail', 'pass', 'not_assessed', 'excepted')),
  original_status TEXT,
  subject_type    TEXT NOT NULL,
  subject_id      TEXT NOT NULL,
  subject_name    TEXT NOT NULL,
  observed        TEXT NOT NULL,
  expected        TEXT NOT NULL,
  fingerprint     TEXT NOT NULL,
  first_seen      TEXT,
  PRIMARY KEY (snapshot_id, number)
) STRICT, WITHOUT ROWID;

-- The bytes of each answer, once, zlib-compressed (RFC 1950).
CREATE TABLE responses (
  sha256 TEXT PRIMARY KEY,
  size   INTEGER NOT NULL,
  body   BLOB NOT NULL
) STRICT;

-- Each request of a complete snapshot and the answer that was accepted for it.
CREATE TABLE exchanges (
  snapshot_id     INTEGER NOT NULL REFERENCES snapshots (id),
  number          INTEGER NOT NULL,
  method          TEXT NOT NULL,
  request         TEXT NOT NULL,
  status          INTEGER NOT NULL,
  sent_at         TEXT NOT NULL,
  duration_us     INTEGER NOT NULL,
  server_date     TEXT,
  records         INTEGER NOT NULL,
  retries         TEXT NOT NULL,
  response_sha256 TEXT NOT NULL REFERENCES responses (sha256),
  PRIMARY KEY (snapshot_id, number)
) STRICT, WITHOUT ROWID;

-- What was written about the past is never rewritten.
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
CREATE TRIGGER snapshots_no_update BEFORE UPDATE ON snapshots
BEGIN
  SELECT RAISE(ABORT, 'snapshots are never rewritten');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER snapshots_no_delete BEFORE DELETE ON snapshots
BEGIN
  SELECT RAISE(ABORT, 'snapshots are never rewritten');
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
BEGIN
  SELECT RAISE(ABORT, 'stored_changes are never rewritten');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER stored_findings_no_update BEFORE UPDATE ON stored_findings
BEGIN
  SELECT RAISE(ABORT, 'stored_findings are never rewritten');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER stored_findings_no_delete BEFORE DELETE ON stored_findings
BEGIN
  SELECT RAISE(ABORT, 'stored_findings are never rewritten');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER responses_no_update BEFORE UPDATE ON responses
BEGIN
  SELECT RAISE(ABORT, 'responses are never rewritten');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER responses_no_delete BEFORE DELETE ON responses
BEGIN
  SELECT RAISE(ABORT, 'responses are never rewritten');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER exchanges_no_update BEFORE UPDATE ON exchanges
BEGIN
  SELECT RAISE(ABORT, 'exchanges are never rewritten');
END;
-- +goose StatementEnd

-- +goose StatementBegin
CREATE TRIGGER exchanges_no_delete BEFORE DELETE ON exchanges
BEGIN
  SELECT RAISE(ABORT, 'exchanges are never rewritten');
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
    AND h.id = OLD.id
    AND h.valid_from = OLD.valid_from
)
BEGIN
  SELECT RAISE(ABORT, 'a scim_live row must be in scim_history before it goes');
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
BEGIN
  SELECT RAISE(ABORT, 'scim_history is never rewritten');
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
    AND h.id = OLD.id
    AND h.valid_from = OLD.valid_from
)
BEGIN
  SELECT RAISE(ABORT, 'a sso_live row must be in sso_history before it goes');
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
BEGIN
  SELECT RAISE(ABORT, 'sso_history is never rewritten');
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
    AND h.id = OLD.id
    AND h.valid_from = OLD.valid_from
)
BEGIN
  SELECT RAISE(ABORT, 'a organization_live row must be in organization_history before it goes');
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
BEGIN
  SELECT RAISE(ABORT, 'organization_history is never rewritten');
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
    AND h.id = OLD.id
    AND h.valid_from = OLD.valid_from
)
BEGIN
  SELECT RAISE(ABORT, 'a policies_live row must be in policies_history before it goes');
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
BEGIN
  SELECT RAISE(ABORT, 'policies_history is never rewritten');
END;
-- +goose StatementEnd

-- Every SCIM configuration in every complete snapshot.
CREATE VIEW scim_configurations AS
SELECT
  s.id AS snapshot_id,
  s.taken_at,
  s.organization_id,
  s.organization_name,
  v.id,
  v.name,
  v.enabled,
  v.sso_configuration_id,
  CASE WHEN s.sso_not_assessed IS NULL THEN COALESCE(
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
  v.raw,
  v.organization_id AS stated_organization_id,
  v.unknown_fields
FROM snapshots s
JOIN organizations o ON o.id = s.organization_id
JOIN scim_live v ON v.organization_key = o.key
WHERE s.outcome = 'complete'
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
  CASE WHEN s.sso_not_assessed IS NULL THEN COALESCE(
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
  v.raw,
  v.organization_id AS stated_organization_id,
  v.unknown_fields
FROM snapshots s
JOIN organizations o ON o.id = s.organization_id
JOIN scim_history v ON v.organization_key = o.key
WHERE s.outcome = 'complete'
  AND v.valid_from <= s.id
  AND v.valid_to > s.id;

CREATE VIEW current_scim_configurations AS
SELECT
  s.id AS snapshot_id,
  s.taken_at,
  s.organization_id,
  s.organization_name,
  v.id,
  v.name,
  v.enabled,
  v.sso_configuration_id,
  CASE WHEN s.sso_not_assessed IS NULL THEN COALESCE(
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
  v.raw,
  v.organization_id AS stated_organization_id,
  v.unknown_fields
FROM organizations o
JOIN snapshots s ON s.id = (
  SELECT max(n.id)
  FROM snapshots n
  WHERE n.organization_id = o.id
    AND n.outcome = 'complete'
)
JOIN scim_live v ON v.organization_key = o.key;

-- Every SSO configuration in every complete snapshot that could read them.
CREATE VIEW sso_configurations AS
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
  v.organization_id AS stated_organization_id,
  v.unknown_fields
FROM snapshots s
JOIN organizations o ON o.id = s.organization_id
JOIN sso_live v ON v.organization_key = o.key
WHERE s.outcome = 'complete'
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
  v.organization_id AS stated_organization_id,
  v.unknown_fields
FROM snapshots s
JOIN organizations o ON o.id = s.organization_id
JOIN sso_history v ON v.organization_key = o.key
WHERE s.outcome = 'complete'
  AND s.sso_not_assessed IS NULL
  AND v.valid_from <= s.id
  AND v.valid_to > s.id;

CREATE VIEW current_sso_configurations AS
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
  v.organization_id AS stated_organization_id,
  v.unknown_fields
FROM organizations o
JOIN snapshots s ON s.id = (
  SELECT max(n.id)
  FROM snapshots n
  WHERE n.organization_id = o.id
    AND n.outcome = 'complete'
)
JOIN sso_live v ON v.organization_key = o.key
WHERE s.sso_not_assessed IS NULL;

-- The policies of each organization in every complete snapshot that could read them.
CREATE VIEW organization_policies AS
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
JOIN policies_live v ON v.organization_key = o.key
WHERE s.outcome = 'complete'
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
  AND s.policies_not_assessed IS NULL
  AND v.valid_from <= s.id
  AND v.valid_to > s.id;

-- One row for each stretch of nights in which a configuration did not change; valid_to is null for the present.
CREATE VIEW scim_configuration_history AS
SELECT
  o.id AS organization_id,
  v.id,
  f.taken_at AS valid_from,
  NULL AS valid_to,
  v.name,
  v.enabled,
  v.sso_configuration_id,
  v.token_expires_at,
  v.created_at,
  v.updated_at,
  v.allow_unverified_email_account_linking,
  v.raw,
  v.organization_id AS stated_organization_id,
  v.unknown_fields,
  v.valid_from AS valid_from_snapshot_id,
  NULL AS valid_to_snapshot_id
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
  v.raw,
  v.organization_id AS stated_organization_id,
  v.unknown_fields,
  v.valid_from AS valid_from_snapshot_id,
  v.valid_to AS valid_to_snapshot_id
FROM scim_history v
JOIN organizations o ON o.key = v.organization_key
JOIN snapshots f ON f.id = v.valid_from
JOIN snapshots t ON t.id = v.valid_to;

CREATE VIEW sso_configuration_history AS
SELECT
  o.id AS organization_id,
  v.id,
  f.taken_at AS valid_from,
  NULL AS valid_to,
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
  v.organization_id AS stated_organization_id,
  v.unknown_fields,
  v.valid_from AS valid_from_snapshot_id,
  NULL AS valid_to_snapshot_id
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
  v.organization_id AS stated_organization_id,
  v.unknown_fields,
  v.valid_from AS valid_from_snapshot_id,
  v.valid_to AS valid_to_snapshot_id
FROM sso_history v
JOIN organizations o ON o.key = v.organization_key
JOIN snapshots f ON f.id = v.valid_from
JOIN snapshots t ON t.id = v.valid_to;

CREATE VIEW changes AS
SELECT
  c.snapshot_id,
  s.baseline_id,
  s.taken_at,
  s.organization_id,
  c.severity,
  c.kind,
  c.subject_type,
  c.subject_id,
  c.subject_name,
  c.field,
  c.before,
  c.after,
  c.before_label,
  c.after_label,
  c.actor_id,
  c.actor_principal,
  c.actor_action,
  c.actor_at,
  c.note,
  c.number
FROM stored_changes c
JOIN snapshots s ON s.id = c.snapshot_id;

CREATE VIEW findings AS
SELECT
  f.snapshot_id,
  s.taken_at,
  s.organization_id,
  f.rule_id,
  f.title,
  f.severity,
  f.status,
  f.original_status,
  f.subject_type,
  f.subject_id,
  f.subject_name,
  f.observed,
  f.expected,
  f.fingerprint,
  f.first_seen,
  CAST(julianday(s.taken_at) - julianday(f.first_seen) + 0.000001 AS INTEGER) AS days_open,
  f.number
FROM stored_findings f
JOIN snapshots s ON s.id = f.snapshot_id;

-- +goose Down
DROP VIEW findings;
DROP VIEW changes;
DROP VIEW sso_configuration_history;
DROP VIEW scim_configuration_history;
DROP VIEW organization_policies;
DROP VIEW current_sso_configurations;
DROP VIEW sso_configurations;
DROP VIEW current_scim_configurations;
DROP VIEW scim_configurations;
DROP TABLE exchanges;
DROP TABLE responses;
DROP TABLE stored_findings;
DROP TABLE stored_changes;
DROP TABLE policies_history;
DROP TABLE policies_live;
DROP TABLE organization_history;
DROP TABLE organization_live;
DROP TABLE sso_history;
DROP TABLE sso_live;
DROP TABLE scim_history;
DROP TABLE scim_live;
DROP TABLE organizations;
DROP TABLE snapshots;
DROP TABLE runs;
PRAGMA user_version = 0;
PRAGMA application_id = 0;
