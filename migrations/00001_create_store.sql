-- +goose Up

-- "Aud1" in ASCII marks the file as one of auditor: https://www.sqlite.org/fileformat2.html#application_id
PRAGMA application_id = 1098212401;
-- The version of the schema, readable from the header of the file. Development versions had lower ones.
PRAGMA user_version = 16;

-- docs/database.md is generated from the comments at the ends of lines.

CREATE TABLE ledger ( -- One link for each recorded fact, in the order of recording.
  number INTEGER PRIMARY KEY, -- place in the ledger: 1, 2, 3 and so on
  kind TEXT NOT NULL, -- kind of the fact: database, run_start, run_end, snapshot, schedule, prune, rule_set or review
  row_id INTEGER NOT NULL, -- id of the fact in the table of its kind
  chain_sha256 TEXT NOT NULL -- SHA-256, in hex, over the previous link and the record of the fact
) STRICT;

-- The heads are found by run.
CREATE INDEX ledger_of_run_ends ON ledger (row_id) WHERE kind = 'run_end';
CREATE INDEX ledger_of_schedules ON ledger (row_id, number) WHERE kind = 'schedule';
CREATE INDEX ledger_of_run_starts ON ledger (number, row_id) WHERE kind = 'run_start';

CREATE TABLE databases ( -- One row: this database. Its link is the first of the ledger.
  id INTEGER PRIMARY KEY CHECK (id = 1), -- always 1
  database_id TEXT NOT NULL, -- random id, 32 hexadecimal digits; a copy has the same
  earlier_report TEXT -- the newest report folder of earlier runs, if --new-database created this database although there was one; else null
) STRICT;

CREATE TABLE run_starts ( -- One row for each execution of the job, written when it begins; read it through runs.
  id INTEGER PRIMARY KEY, -- number of the run, growing with time
  started_at TEXT NOT NULL, -- when it began, RFC 3339 UTC, whole seconds
  scheduled_for TEXT, -- the scheduled time, RFC 3339 UTC; null for a run without a schedule
  trigger TEXT NOT NULL, -- manual, schedule, catch_up or demo
  tool_version TEXT NOT NULL, -- version of auditor
  host TEXT NOT NULL, -- name of the machine
  unknown_report TEXT, -- a report folder of this database whose history the database did not contain when the run began; null if there was none
  shard TEXT -- the shard of the sources that it collected, such as 0/4; null for all
) STRICT;
CREATE INDEX run_starts_by_time ON run_starts (started_at);

CREATE TABLE run_ends ( -- How each run ended; read it through runs. A run without a row is running, or was interrupted.
  run_id INTEGER PRIMARY KEY REFERENCES run_starts (id), -- the run
  finished_at TEXT NOT NULL, -- when it ended, RFC 3339 UTC, whole seconds
  outcome TEXT NOT NULL CHECK (outcome IN ('complete', 'failed')), -- complete if every snapshot is complete
  error TEXT -- why it failed, one line for each organization; null if it is complete
) STRICT;

CREATE TABLE rule_sets ( -- The rules and thresholds that produced findings; a new row if anything differs.
  id INTEGER PRIMARY KEY, -- grows with time
  thresholds TEXT NOT NULL, -- the thresholds, a JSON object
  sha256 TEXT NOT NULL -- SHA-256, in hex, over the records of its rule_wordings, sorted by rule_id
) STRICT;

CREATE TABLE rule_wordings ( -- The wording of each rule in a rule set.
  rule_set_id INTEGER NOT NULL REFERENCES rule_sets (id), -- the rule set
  rule_id TEXT NOT NULL, -- the rule, such as SCIM-001
  title TEXT NOT NULL, -- the rule in words
  expected TEXT NOT NULL, -- what the rule expects, with the thresholds
  remedy TEXT NOT NULL, -- what to do about a failure
  turned_off TEXT, -- why the settings turn it off; null if it is evaluated
  PRIMARY KEY (rule_set_id, rule_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE organizations ( -- A short key for the id of an organization, so that other tables do not repeat it.
  key INTEGER PRIMARY KEY, -- the key
  id TEXT NOT NULL UNIQUE -- id of the organization
) STRICT;

CREATE TABLE stored_snapshots ( -- One row for each organization of a run, never removed; read it through snapshots.
  id INTEGER PRIMARY KEY, -- number of the snapshot, growing with time
  run_id INTEGER NOT NULL REFERENCES run_starts (id), -- the run that took it
  source TEXT NOT NULL, -- label of the organization in the settings
  organization_key INTEGER REFERENCES organizations (key), -- null if the run failed before the organization was known
  organization_name TEXT, -- its name at that time; null if not known
  organization_tier TEXT, -- its plan; null if not reported
  base_url TEXT NOT NULL, -- base URL of the API
  principal_id TEXT, -- id of the user or service account of the token; null if not known
  principal TEXT, -- its kind, such as PRINCIPAL_USER; null if not known
  taken_at TEXT NOT NULL, -- instant of the snapshot, RFC 3339 UTC, whole seconds
  outcome TEXT NOT NULL CHECK (outcome IN ('complete', 'failed')), -- complete or failed
  baseline_id INTEGER REFERENCES stored_snapshots (id), -- the snapshot with which it was compared
  error_code TEXT, -- why it failed, in one word; null if complete
  error TEXT, -- why it failed; null if complete
  pages INTEGER NOT NULL, -- pages of all SCIM and SSO listings
  scim_pages INTEGER NOT NULL, -- pages of the last SCIM listing
  scim_rows_per_page TEXT NOT NULL, -- rows on each page, in order
  scim_final_token_empty INTEGER NOT NULL, -- 1 if the last page has no token for a next page
  scim_listings INTEGER NOT NULL, -- how often the list was read
  scim_agreeing INTEGER NOT NULL, -- how many listings have the ids and the content of the last
  sso_pages INTEGER NOT NULL, -- pages of the last SSO listing
  sso_rows_per_page TEXT NOT NULL, -- rows on each page, in order
  sso_final_token_empty INTEGER NOT NULL, -- 1 if the last page has no token for a next page
  sso_listings INTEGER NOT NULL, -- how often the list was read
  sso_agreeing INTEGER NOT NULL, -- how many listings have the ids and the content of the last
  scim_received INTEGER NOT NULL, -- SCIM records in the last listing
  scim_distinct INTEGER NOT NULL, -- distinct ids of these records
  scim_configurations INTEGER NOT NULL, -- SCIM configurations that were stored
  sso_received INTEGER NOT NULL, -- SSO records in the last listing
  sso_distinct INTEGER NOT NULL, -- distinct ids of these records
  sso_configurations INTEGER NOT NULL, -- SSO configurations that were stored
  domain_verifications INTEGER NOT NULL, -- domain verifications that were stored
  members_setting TEXT NOT NULL CHECK (members_setting IN ('off', 'on', 'redacted')), -- what the settings ask for
  members_salt_id TEXT, -- identifies the salt of redacted members; null if they are not redacted
  member_pages INTEGER NOT NULL, -- pages of the last listing of members
  member_rows_per_page TEXT NOT NULL, -- rows on each page, in order
  member_final_token_empty INTEGER NOT NULL, -- 1 if the last page has no token for a next page
  member_listings INTEGER NOT NULL, -- how often the list was read
  member_agreeing INTEGER NOT NULL, -- how many listings have the ids and the content of the last
  members_received INTEGER NOT NULL, -- member records in the last listing
  members_distinct INTEGER NOT NULL, -- distinct ids of these records
  members INTEGER NOT NULL, -- members that were stored
  members_counted INTEGER, -- members that the server itself counted; null if it did not
  members_count_relation TEXT, -- COUNT_RESPONSE_RELATION_EQ if this is exact; null if the server did not count
  member_tokens INTEGER NOT NULL, -- personal access tokens of members that were stored
  sso_not_assessed TEXT, -- why the SSO configurations could not be read; null if they were read
  policies_not_assessed TEXT, -- why the policies could not be read; null if they were read
  domains_not_assessed TEXT, -- why the domain verifications could not be read; null if they were read
  members_not_assessed TEXT, -- why the members could not be read; null if they were, or were not asked for
  member_tokens_not_assessed TEXT, -- why their tokens could not be read; null if they were, or were not asked for
  leavers TEXT, -- JSON: the list of leavers (sha256, dated_at, entries, unmatched) and the ids of active members on it; or null
  own_tokens INTEGER NOT NULL, -- tokens that have not ended of the user whose token was used; 0 if not known
  own_token_ends_at TEXT, -- the earliest end of these, RFC 3339 UTC with nine digits; null if not known
  own_token_not_assessed TEXT, -- why the tokens could not be read; null if they were read
  audit_log_not_assessed TEXT, -- why the audit log could not be read; null if it was read, or was not due
  audit_log_lacking TEXT, -- why entries of the audit log may be missing; null if none are missing
  retries INTEGER NOT NULL, -- requests that had to be sent again
  server_clock_offset_ms INTEGER, -- local clock minus the server's Date, milliseconds; null if no response had a Date
  notes TEXT NOT NULL, -- remarks of the collector, a JSON array of texts
  unknown_fields TEXT NOT NULL, -- fields that this version does not know, a JSON array of Type.field
  changes INTEGER NOT NULL, -- rows in changes
  failing_findings INTEGER NOT NULL, -- rows in findings with the status fail
  content_sha256 TEXT, -- hash over every stored configuration; null if failed
  records_sha256 TEXT NOT NULL, -- hash over its exchanges, changes and findings
  rule_set_id INTEGER REFERENCES rule_sets (id), -- the rules that produced its findings
  ledger_number INTEGER NOT NULL REFERENCES ledger (number), -- its link
  CHECK (outcome = 'failed' OR (organization_key IS NOT NULL AND content_sha256 IS NOT NULL))
) STRICT;
CREATE INDEX snapshots_by_organization ON stored_snapshots (organization_key, outcome, id);
CREATE INDEX snapshots_by_source ON stored_snapshots (source, outcome, id);
CREATE INDEX snapshots_by_run ON stored_snapshots (run_id, organization_key);
CREATE INDEX snapshots_by_time ON stored_snapshots (taken_at);
CREATE INDEX snapshots_with_redacted_members ON stored_snapshots (id) WHERE members_salt_id IS NOT NULL;
CREATE INDEX snapshots_by_organization_and_time ON stored_snapshots (organization_key, taken_at);

CREATE TABLE schedules ( -- The schedules of the job, in order. They determine the expected runs.
  id INTEGER PRIMARY KEY, -- grows with time
  valid_from TEXT NOT NULL, -- when it came into force, RFC 3339 UTC; it ends at the valid_from of the next row
  expression TEXT NOT NULL, -- cron expression, in UTC unless it begins with CRON_TZ=; "none" removes the schedule
  reason TEXT NOT NULL, -- why it was changed; "not stated" if no reason was given
  changed_by TEXT NOT NULL, -- user of the operating system who changed it
  host TEXT NOT NULL -- name of the machine
) STRICT;

CREATE TABLE reviews ( -- One row each time that somebody recorded the review of a run.
  id INTEGER PRIMARY KEY, -- grows with time
  reviewed_at TEXT NOT NULL, -- when it was recorded, RFC 3339 UTC, whole seconds
  run_id INTEGER NOT NULL REFERENCES run_ends (run_id), -- the run, which had ended
  reviewer TEXT NOT NULL, -- who reviewed the run, as stated
  conclusion TEXT NOT NULL, -- the conclusion
  ticket TEXT, -- ticket of the review; null if not stated
  approved INTEGER NOT NULL CHECK (approved IN (0, 1)), -- 1 if it made the complete snapshots of the run the approved baseline
  os_user TEXT NOT NULL, -- user of the operating system who recorded it
  host TEXT NOT NULL, -- name of the machine
  ledger_number INTEGER NOT NULL REFERENCES ledger (number) -- its link
) STRICT;
CREATE INDEX reviews_by_run ON reviews (run_id);

CREATE TABLE prunes ( -- One row for each time that retention removed something.
  id INTEGER PRIMARY KEY, -- grows with time
  pruned_at TEXT NOT NULL, -- when, RFC 3339 UTC, whole seconds
  responses_before TEXT, -- it removed the bytes of responses that only older snapshots had; null if it removed no bytes
  versions_sha256 TEXT NOT NULL -- SHA-256, in hex, over the records of its pruned_versions
) STRICT;

CREATE TABLE pruned_snapshots ( -- The snapshots whose rows retention removed; their rows in snapshots stay.
  snapshot_id INTEGER PRIMARY KEY REFERENCES stored_snapshots (id), -- the snapshot
  prune_id INTEGER NOT NULL REFERENCES prunes (id) DEFERRABLE INITIALLY DEFERRED -- the prune that removed them
) STRICT;

CREATE TABLE pruned_reports ( -- The report folders of runs that retention removed.
  run_id INTEGER NOT NULL REFERENCES run_starts (id), -- the run
  prune_id INTEGER NOT NULL REFERENCES prunes (id), -- the prune that removed its folder
  folder TEXT NOT NULL, -- name of the folder
  sums_sha256 TEXT NOT NULL, -- SHA-256, in hex, of its SHA256SUMS
  PRIMARY KEY (run_id, prune_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE pruned_versions ( -- What retention keeps of a configuration: its id and its token's expiry.
  organization_key INTEGER NOT NULL REFERENCES organizations (key), -- the organization
  kind TEXT NOT NULL CHECK (kind IN ('scim', 'sso')), -- scim or sso
  id TEXT NOT NULL, -- id of the configuration
  valid_from INTEGER NOT NULL REFERENCES stored_snapshots (id), -- the first snapshot that showed this version
  token_expires_at TEXT, -- RFC 3339 UTC with nine digits; null if not reported, and for SSO
  prune_id INTEGER NOT NULL REFERENCES prunes (id) DEFERRABLE INITIALLY DEFERRED, -- the prune that kept it
  PRIMARY KEY (organization_key, kind, id, valid_from)
) STRICT, WITHOUT ROWID;

-- A table of versions has one row for each series of consecutive complete snapshots in which an object is the same.

CREATE TABLE organization_versions ( -- The organizations themselves; read it through organization_details.
  organization_key INTEGER NOT NULL REFERENCES organizations (key), -- the organization
  id TEXT NOT NULL, -- id of the organization
  valid_from INTEGER NOT NULL REFERENCES stored_snapshots (id), -- the first snapshot that shows this version
  valid_to INTEGER REFERENCES stored_snapshots (id) CHECK (valid_to > valid_from), -- the first that does not, or null
  name TEXT NOT NULL, -- name of the organization
  tier TEXT NOT NULL, -- its plan; empty if not reported
  created_at TEXT, -- RFC 3339 UTC with nine digits; null if not reported
  updated_at TEXT, -- RFC 3339 UTC with nine digits; null if not reported
  invite_domains TEXT NOT NULL, -- a sorted JSON array of the e-mail domains whose addresses may join
  unknown_fields TEXT, -- fields that this version does not know, canonical JSON; null if there are none
  raw TEXT NOT NULL, -- the object as received when this version of it was first seen
  row_sha256 BLOB NOT NULL, -- SHA-256 over the record of the row
  PRIMARY KEY (organization_key, id, valid_from)
) STRICT;

CREATE TABLE policy_versions ( -- The policies of organizations; read it through organization_policies.
  organization_key INTEGER NOT NULL REFERENCES organizations (key), -- the organization
  id TEXT NOT NULL, -- id of the organization
  valid_from INTEGER NOT NULL REFERENCES stored_snapshots (id), -- the first snapshot that shows this version
  valid_to INTEGER REFERENCES stored_snapshots (id) CHECK (valid_to > valid_from), -- the first that does not, or null
  restrict_account_creation_to_scim INTEGER NOT NULL, -- 1 if accounts can only be created through SCIM, else 0
  unknown_fields TEXT, -- the other policies, canonical JSON; null if there are none
  raw TEXT NOT NULL, -- the object as received when this version of it was first seen
  row_sha256 BLOB NOT NULL, -- SHA-256 over the record of the row
  PRIMARY KEY (organization_key, id, valid_from)
) STRICT;

CREATE TABLE scim_versions ( -- SCIM configurations; read it through scim_configurations.
  organization_key INTEGER NOT NULL REFERENCES organizations (key), -- the organization
  id TEXT NOT NULL, -- id of the configuration, lower case
  valid_from INTEGER NOT NULL REFERENCES stored_snapshots (id), -- the first snapshot that shows this version
  valid_to INTEGER REFERENCES stored_snapshots (id) CHECK (valid_to > valid_from), -- the first that does not, or null
  stated_organization_id TEXT NOT NULL, -- organization id in the configuration itself; empty if absent
  name TEXT NOT NULL, -- name of the configuration; may be empty
  enabled INTEGER NOT NULL, -- 1 if enabled, else 0
  sso_configuration_id TEXT NOT NULL, -- id of the linked SSO configuration; empty if not linked
  created_at TEXT, -- RFC 3339 UTC with nine digits; null if not reported
  updated_at TEXT, -- RFC 3339 UTC with nine digits; null if not reported
  token_expires_at TEXT, -- RFC 3339 UTC with nine digits; null if not reported: unknown, not expired
  allow_unverified_email_account_linking INTEGER, -- 1 or 0; null if not reported
  unknown_fields TEXT, -- fields that this version does not know, canonical JSON; null if there are none
  raw TEXT NOT NULL, -- the object as received when this version of it was first seen
  row_sha256 BLOB NOT NULL, -- SHA-256 over the record of the row
  PRIMARY KEY (organization_key, id, valid_from)
) STRICT;
CREATE INDEX scim_versions_by_end ON scim_versions (organization_key, valid_to);

CREATE TABLE sso_versions ( -- SSO configurations; read it through sso_configurations.
  organization_key INTEGER NOT NULL REFERENCES organizations (key), -- the organization
  id TEXT NOT NULL, -- id of the configuration, lower case
  valid_from INTEGER NOT NULL REFERENCES stored_snapshots (id), -- the first snapshot that shows this version
  valid_to INTEGER REFERENCES stored_snapshots (id) CHECK (valid_to > valid_from), -- the first that does not, or null
  stated_organization_id TEXT NOT NULL, -- organization id in the configuration itself; empty if absent
  display_name TEXT NOT NULL, -- name of the configuration; may be empty
  issuer_url TEXT NOT NULL, -- URL of the identity provider
  provider_type TEXT NOT NULL, -- PROVIDER_TYPE_BUILTIN or PROVIDER_TYPE_CUSTOM
  state TEXT NOT NULL, -- SSO_CONFIGURATION_STATE_ACTIVE or _INACTIVE
  client_id TEXT NOT NULL, -- OAuth client id
  email_domain TEXT NOT NULL, -- the domain; empty if there is none
  email_domains TEXT NOT NULL, -- a sorted JSON array of domains
  additional_scopes TEXT NOT NULL, -- a sorted JSON array of scopes
  claims TEXT NOT NULL, -- a JSON object, its keys sorted
  claims_expression TEXT NOT NULL, -- the expression that claims must satisfy; empty if there is none
  unknown_fields TEXT, -- fields that this version does not know, canonical JSON; null if there are none
  raw TEXT NOT NULL, -- the object as received when this version of it was first seen
  row_sha256 BLOB NOT NULL, -- SHA-256 over the record of the row
  PRIMARY KEY (organization_key, id, valid_from)
) STRICT;
CREATE INDEX sso_versions_by_end ON sso_versions (organization_key, valid_to);

CREATE TABLE domain_versions ( -- Verifications of e-mail domains; read it through domain_verifications.
  organization_key INTEGER NOT NULL REFERENCES organizations (key), -- the organization
  id TEXT NOT NULL, -- id of the verification, lower case
  valid_from INTEGER NOT NULL REFERENCES stored_snapshots (id), -- the first snapshot that shows this version
  valid_to INTEGER REFERENCES stored_snapshots (id) CHECK (valid_to > valid_from), -- the first that does not, or null
  stated_organization_id TEXT NOT NULL, -- organization id in the verification itself; empty if absent
  domain TEXT NOT NULL, -- the e-mail domain
  state TEXT NOT NULL, -- DOMAIN_VERIFICATION_STATE_VERIFIED, _PENDING or _UNSPECIFIED
  verified_at TEXT, -- RFC 3339 UTC with nine digits; null if not reported
  unknown_fields TEXT, -- fields that this version does not know, canonical JSON; null if there are none
  raw TEXT NOT NULL, -- the object as received when this version of it was first seen
  row_sha256 BLOB NOT NULL, -- SHA-256 over the record of the row
  PRIMARY KEY (organization_key, id, valid_from)
) STRICT;

CREATE TABLE member_versions ( -- Members, if the settings ask for them; read it through members.
  organization_key INTEGER NOT NULL REFERENCES organizations (key), -- the organization
  id TEXT NOT NULL, -- id of the user, lower case
  valid_from INTEGER NOT NULL REFERENCES stored_snapshots (id), -- the first snapshot that shows this version
  valid_to INTEGER REFERENCES stored_snapshots (id) CHECK (valid_to > valid_from), -- the first that does not, or null
  role TEXT NOT NULL, -- ORGANIZATION_ROLE_ADMIN, _MEMBER or _UNSPECIFIED
  status TEXT NOT NULL, -- USER_STATUS_ACTIVE, _SUSPENDED, _LEFT or _UNSPECIFIED
  login_provider TEXT NOT NULL, -- kind of sign-in, such as custom, google or github; empty if not reported
  member_since TEXT, -- when the user record was made, RFC 3339 UTC with nine digits; null if not reported
  full_name TEXT NOT NULL, -- name of the user; empty if not reported or redacted
  email TEXT NOT NULL, -- e-mail address; its salted hash and its domain if redacted; empty if not reported
  avatar_url TEXT NOT NULL, -- URL of a picture; empty if not reported or redacted
  unknown_fields TEXT, -- fields that this version does not know, canonical JSON; null if there are none
  raw TEXT NOT NULL, -- the object as received when this version of it was first seen; as stored if redacted
  row_sha256 BLOB NOT NULL, -- SHA-256 over the record of the row
  PRIMARY KEY (organization_key, id, valid_from)
) STRICT;
CREATE INDEX member_versions_by_end ON member_versions (organization_key, valid_to);

CREATE TABLE member_token_versions ( -- Personal access tokens of members; read it through member_tokens.
  organization_key INTEGER NOT NULL REFERENCES organizations (key), -- the organization
  id TEXT NOT NULL, -- id of the token, lower case; the secret is never reported
  valid_from INTEGER NOT NULL REFERENCES stored_snapshots (id), -- the first snapshot that shows this version
  valid_to INTEGER REFERENCES stored_snapshots (id) CHECK (valid_to > valid_from), -- the first that does not, or null
  user_id TEXT NOT NULL, -- id of the member
  description TEXT NOT NULL, -- what its user wrote about it; empty if redacted
  created_at TEXT, -- RFC 3339 UTC with nine digits; null if not reported
  expires_at TEXT, -- RFC 3339 UTC with nine digits; null if not reported
  last_used TEXT, -- RFC 3339 UTC with nine digits; null if not reported
  read_only INTEGER NOT NULL, -- 1 if it may only read, else 0
  unknown_fields TEXT, -- fields that this version does not know, canonical JSON; null if there are none
  raw TEXT NOT NULL, -- the object as received when this version of it was first seen; as stored if redacted
  row_sha256 BLOB NOT NULL, -- SHA-256 over the record of the row
  PRIMARY KEY (organization_key, id, valid_from)
) STRICT;
CREATE INDEX member_token_versions_by_end ON member_token_versions (organization_key, valid_to);

CREATE TABLE finding_versions ( -- The outcomes of the rules in complete snapshots; read it through findings.
  organization_key INTEGER NOT NULL REFERENCES organizations (key), -- the organization
  id TEXT NOT NULL, -- fingerprint: SHA-256, in hex, of rule, organization id, subject type and subject id
  valid_from INTEGER NOT NULL REFERENCES stored_snapshots (id), -- the first snapshot that shows this version
  valid_to INTEGER REFERENCES stored_snapshots (id) CHECK (valid_to > valid_from), -- the first that does not, or null
  rule_id TEXT NOT NULL, -- the rule, such as SCIM-001
  severity TEXT NOT NULL, -- critical, high, medium, low or info
  status TEXT NOT NULL, -- fail, pass, not_assessed or excepted
  original_status TEXT, -- status before an exception was applied; null if there is no exception
  subject_type TEXT NOT NULL, -- scim_configuration, sso_configuration, organization or member
  subject_id TEXT NOT NULL, -- id of the subject
  subject_name TEXT NOT NULL, -- its name
  observed TEXT NOT NULL, -- what was found; for not_assessed, why it could not be assessed
  first_seen TEXT, -- since when it has been open without a break, RFC 3339 UTC; null if it is not open
  exception_number INTEGER, -- number of the exception that covers it, or covered it until it expired; null if none
  row_sha256 BLOB NOT NULL, -- SHA-256 over the record of the row
  PRIMARY KEY (organization_key, id, valid_from)
) STRICT;
CREATE INDEX finding_versions_by_end ON finding_versions (organization_key, valid_to);

CREATE TABLE exception_versions ( -- The exceptions as complete snapshots saw them; read it through exceptions.
  organization_key INTEGER NOT NULL REFERENCES organizations (key), -- the organization
  id TEXT NOT NULL, -- place in the exceptions file among those that concern the organization, six digits
  valid_from INTEGER NOT NULL REFERENCES stored_snapshots (id), -- the first snapshot that shows this version
  valid_to INTEGER REFERENCES stored_snapshots (id) CHECK (valid_to > valid_from), -- the first that does not, or null
  rule_id TEXT NOT NULL, -- the rule whose failures are accepted
  subject_id TEXT, -- the subject that it covers; null for every subject in the organization
  accepted_organization_id TEXT, -- the organization named in the exception; null if none is named
  owner TEXT NOT NULL, -- who accepts the risk
  reason TEXT NOT NULL, -- why
  ticket TEXT, -- ticket of the decision; null if not stated
  expires TEXT NOT NULL, -- last day on which it is in force, UTC, yyyy-mm-dd
  in_force INTEGER NOT NULL CHECK (in_force IN (0, 1)), -- 1, or 0 if it had expired
  bearing TEXT NOT NULL CHECK (bearing IN ('applied', 'not_assessed', 'unmatched')), -- whether it covers a finding
  findings INTEGER NOT NULL, -- number of findings that it covers, or would cover if it had not expired
  row_sha256 BLOB NOT NULL, -- SHA-256 over the record of the row
  PRIMARY KEY (organization_key, id, valid_from)
) STRICT;

CREATE TABLE carried_finding_versions ( -- Open findings that could not be assessed; read it through carried_findings.
  organization_key INTEGER NOT NULL REFERENCES organizations (key), -- the organization
  id TEXT NOT NULL, -- fingerprint of the finding
  valid_from INTEGER NOT NULL REFERENCES stored_snapshots (id), -- the first snapshot that shows this version
  valid_to INTEGER REFERENCES stored_snapshots (id) CHECK (valid_to > valid_from), -- the first that does not, or null
  rule_id TEXT NOT NULL, -- the rule
  first_seen TEXT NOT NULL, -- since when it has been open, RFC 3339 UTC
  last_seen TEXT NOT NULL, -- the last snapshot in which it failed or was excepted, RFC 3339 UTC
  row_sha256 BLOB NOT NULL, -- SHA-256 over the record of the row
  PRIMARY KEY (organization_key, id, valid_from)
) STRICT;

CREATE TABLE failed_findings ( -- The outcomes of the rules in failed snapshots; read it through findings.
  snapshot_id INTEGER NOT NULL REFERENCES stored_snapshots (id), -- the snapshot
  id TEXT NOT NULL, -- fingerprint: SHA-256, in hex, of rule, organization id, subject type and subject id
  rule_id TEXT NOT NULL, -- the rule, such as RUN-001
  severity TEXT NOT NULL, -- critical, high, medium, low or info
  status TEXT NOT NULL, -- fail, pass, not_assessed or excepted
  original_status TEXT, -- status before an exception was applied; null if there is no exception
  subject_type TEXT NOT NULL, -- scim_configuration, sso_configuration, organization or member
  subject_id TEXT NOT NULL, -- id of the subject
  subject_name TEXT NOT NULL, -- its name
  observed TEXT NOT NULL, -- what was found; for not_assessed, why it could not be assessed
  first_seen TEXT, -- since when it has been open without a break, RFC 3339 UTC; null if it is not open
  exception_number INTEGER, -- always null: exceptions are applied to complete snapshots only
  row_sha256 BLOB NOT NULL, -- SHA-256 over the record of the row
  PRIMARY KEY (snapshot_id, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE stored_changes ( -- The differences from the baseline, in the order of the report; read it through changes.
  snapshot_id INTEGER NOT NULL REFERENCES stored_snapshots (id), -- the snapshot that shows the change
  number INTEGER NOT NULL, -- place in the report, from 1
  severity TEXT NOT NULL, -- critical, high, medium, low or info
  kind TEXT NOT NULL, -- what happened, such as disabled or token_rotated
  subject_type TEXT NOT NULL, -- scim_configuration, sso_configuration, organization or member
  subject_id TEXT NOT NULL, -- id of the subject
  subject_name TEXT NOT NULL, -- its name
  field TEXT, -- the API's name of the field; null where the whole subject came or went
  before TEXT, -- value in the baseline; or the whole subject as canonical JSON; null if absent
  after TEXT, -- value in the snapshot, likewise
  before_label TEXT, -- name for the id in before, or for the link of a whole configuration; null if there is none
  after_label TEXT, -- likewise for after
  actor_id TEXT, -- who made the change, from the audit log; null if not known
  actor_name TEXT, -- the name of the actor among the members at that time; null if not known
  actor_principal TEXT, -- kind of the actor; null if not known
  actor_action TEXT, -- the action in the audit log; null if not known
  actor_at TEXT, -- time of the action, RFC 3339 UTC with nine digits; null if not known
  note TEXT, -- a remark for the reader; null if there is none
  PRIMARY KEY (snapshot_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit_log_readings ( -- How the audit log was read for a complete snapshot that has a baseline.
  snapshot_id INTEGER PRIMARY KEY REFERENCES stored_snapshots (id), -- the snapshot
  since TEXT NOT NULL, -- start of the range to read, by the server's clock, RFC 3339 UTC with nine digits
  until TEXT NOT NULL, -- the instant of the snapshot by the server's clock, likewise
  pages INTEGER NOT NULL, -- pages read
  received INTEGER NOT NULL -- entries in them
) STRICT;

CREATE TABLE audit_log_entries ( -- The audit-log entries that were read for a snapshot, newest first.
  snapshot_id INTEGER NOT NULL REFERENCES stored_snapshots (id), -- the snapshot
  number INTEGER NOT NULL, -- place in the log as read, from 1
  id TEXT NOT NULL, -- id of the entry
  created_at TEXT NOT NULL, -- when it happened, by the server's clock, RFC 3339 UTC with nine digits
  actor_id TEXT, -- who acted; null if not reported
  actor_name TEXT, -- the name of the actor among the members at that time; null if not known
  actor_principal TEXT, -- kind of the actor, such as PRINCIPAL_USER; null if not reported
  subject_id TEXT, -- id of the object of the action; null if not reported
  subject_type TEXT, -- its kind, such as RESOURCE_TYPE_SCIM_CONFIGURATION; null if not reported
  kind TEXT, -- family of the entry, such as AUDIT_LOG_ENTRY_KIND_RESOURCE_CHANGE; null if not reported
  action TEXT, -- what was done, as the API words it; null if not reported
  unknown_fields TEXT, -- fields that this version does not know, canonical JSON; null if there are none
  PRIMARY KEY (snapshot_id, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE stored_candidates ( -- Audit-log entries that may say who made a change; read it through change_candidates.
  snapshot_id INTEGER NOT NULL REFERENCES stored_snapshots (id), -- the snapshot that shows the change
  change_number INTEGER NOT NULL, -- number of the change in changes
  entry_number INTEGER NOT NULL, -- number of the entry in audit_log_entries
  PRIMARY KEY (snapshot_id, change_number, entry_number)
) STRICT, WITHOUT ROWID;

CREATE TABLE requests ( -- Each distinct request that was sent, stored once; never a token.
  id INTEGER PRIMARY KEY, -- what stored_exchanges refers to
  method TEXT NOT NULL, -- service and method, such as gitpod.v1.OrganizationService/ListSCIMConfigurations
  body TEXT NOT NULL, -- the body that was sent, JSON
  UNIQUE (method, body)
) STRICT;

CREATE TABLE responses ( -- The bytes of each response, stored once.
  id INTEGER PRIMARY KEY, -- what stored_exchanges refers to
  sha256 TEXT NOT NULL UNIQUE, -- SHA-256 of the body of the response, in hex
  size INTEGER NOT NULL, -- bytes of the body
  body BLOB, -- the body, zlib-compressed (RFC 1950); null if retention removed it, or members are redacted
  body_crc32 INTEGER NOT NULL -- CRC-32 (IEEE 802.3) of the compressed bytes; 0 if there never were any
) STRICT;

CREATE TABLE stored_exchanges ( -- The requests of complete snapshots with their responses; read it through exchanges.
  snapshot_id INTEGER NOT NULL REFERENCES stored_snapshots (id), -- the snapshot
  number INTEGER NOT NULL, -- place in the snapshot, from 1
  request_id INTEGER NOT NULL REFERENCES requests (id), -- the request
  response_id INTEGER NOT NULL REFERENCES responses (id), -- the response
  status INTEGER NOT NULL, -- HTTP status of the response
  sent_ms INTEGER NOT NULL, -- when it was sent, milliseconds since 1970 UTC; exchanges has it as a time
  duration_us INTEGER NOT NULL, -- microseconds from sending to the last byte
  server_date_s INTEGER, -- Date header of the response, seconds since 1970 UTC; null if it had none
  records INTEGER NOT NULL, -- configurations in the response
  retries TEXT NOT NULL, -- why each earlier attempt was not accepted, a JSON array of texts
  PRIMARY KEY (snapshot_id, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX exchanges_by_request ON stored_exchanges (request_id);

CREATE VIEW runs AS -- The register of runs: one row for each execution of the job.
SELECT
  r.id, -- number of the run, growing with time
  r.started_at, -- when it began, RFC 3339 UTC, whole seconds
  e.finished_at, -- when it ended, RFC 3339 UTC, whole seconds; null while it is running
  r.scheduled_for, -- the scheduled time, RFC 3339 UTC; null for a run without a schedule
  r.trigger, -- manual, schedule, catch_up or demo
  coalesce(e.outcome, 'running') AS outcome, -- running, failed, or complete if every snapshot is complete
  e.error, -- why it failed, one line for each organization; null if it is complete
  r.tool_version, -- version of auditor
  r.host, -- name of the machine
  CAST(
    coalesce(e.outcome, '') = 'failed'
    AND CASE
      WHEN EXISTS (SELECT 1 FROM stored_snapshots s WHERE s.run_id = r.id AND s.error_code = 'clock_wrong') THEN
        NOT EXISTS (
          SELECT 1
          FROM stored_snapshots s
          WHERE s.run_id = r.id AND s.outcome = 'complete' AND s.server_clock_offset_ms IS NOT NULL
        )
      WHEN EXISTS (SELECT 1 FROM stored_snapshots s WHERE s.run_id = r.id AND s.server_clock_offset_ms IS NOT NULL) THEN 0
      /* No server confirmed the clock: the last run before it with a confirmed one decides, never a later run. */
      ELSE coalesce(
        (
          SELECT r.started_at NOT BETWEEN strftime('%Y-%m-%dT%H:%M:%SZ', c.started_at, '-1 hour')
            AND strftime('%Y-%m-%dT%H:%M:%SZ', c.started_at, '+100 days')
          FROM stored_snapshots s
          JOIN run_starts c ON c.id = s.run_id
          WHERE s.run_id < r.id AND s.server_clock_offset_ms IS NOT NULL AND s.error_code IS NOT 'clock_wrong'
          ORDER BY s.run_id DESC
          LIMIT 1
        ),
        r.started_at < '2026' /* before there was any run */
      )
    END
    AS INTEGER
  ) AS clock_wrong, -- 1 if the clock was over an hour off the server's, or nobody confirms it and its time does not fit the runs before it
  r.unknown_report, -- a report folder of this database whose history the database did not contain when the run began
  r.shard, -- the shard of the sources that it collected, such as 0/4; null for all
  (
    SELECT max(p.pruned_at) FROM pruned_reports g JOIN prunes p ON p.id = g.prune_id WHERE g.run_id = r.id
  ) AS report_pruned_at -- when retention last removed its report folder, RFC 3339 UTC; null if it never did
FROM run_starts r
LEFT JOIN run_ends e ON e.run_id = r.id;

CREATE VIEW heads AS -- The link of the ledger for the end of each run. "auditor run" prints it as the head.
SELECT
  e.run_id, -- the run
  d.database_id, -- id of the database
  r.started_at AS taken_at, -- when the run began, RFC 3339 UTC, whole seconds
  l.number AS ledger_number, -- number of the link
  l.chain_sha256 AS sha256, -- the link
  'auditor head v1 ' || d.database_id || ' ' || e.run_id || ' ' || r.started_at || ' ' || l.number || ' ' ||
    l.chain_sha256 AS head -- the line that the run printed
FROM run_ends e
JOIN run_starts r ON r.id = e.run_id
JOIN ledger l ON l.row_id = e.run_id AND l.kind = 'run_end'
CROSS JOIN databases d;

CREATE VIEW snapshots AS -- The register of snapshots: one row for each organization of a run, complete or failed.
SELECT
  s.id, -- number of the snapshot, growing with time
  s.run_id, -- the run that took it
  s.source, -- label of the organization in the settings
  o.id AS organization_id, -- id of the organization; null if the run failed before it was known
  s.organization_name, -- its name at that time; null if not known
  s.organization_tier, -- its plan; null if not reported
  s.base_url, -- base URL of the API
  s.principal_id, -- id of the user or service account whose token was used; null if not known
  s.principal, -- its kind, such as PRINCIPAL_USER; null if not known
  s.taken_at, -- instant of the snapshot, RFC 3339 UTC, whole seconds
  s.outcome, -- complete or failed; a failed snapshot has no configurations and proves nothing
  s.baseline_id, -- the snapshot with which it was compared; null for the first snapshot and for failed ones
  s.error_code, -- why it failed, in one word; null if complete
  s.error, -- why it failed; null if complete
  s.pages, -- pages of all SCIM and SSO listings
  s.scim_pages, -- pages of the last SCIM listing
  s.scim_rows_per_page, -- rows on each page, in order; equal neighbours are grouped: 99 x 100, 37
  s.scim_final_token_empty, -- 1 if the last page has no token for a next page
  s.scim_listings, -- how often the list was read; the last listing is the one that is stored
  s.scim_agreeing, -- how many listings have the ids and the content of the last; 1 is enough for one page
  s.sso_pages, -- pages of the last SSO listing
  s.sso_rows_per_page, -- rows on each page, in order
  s.sso_final_token_empty, -- 1 if the last page has no token for a next page
  s.sso_listings, -- how often the list was read; the last listing is the one that is stored
  s.sso_agreeing, -- how many listings have the ids and the content of the last; 1 is enough for one page
  s.scim_received, -- SCIM records in the last listing
  s.scim_distinct, -- distinct ids of these records
  s.scim_configurations, -- SCIM configurations that were stored
  s.sso_received, -- SSO records in the last listing
  s.sso_distinct, -- distinct ids of these records
  s.sso_configurations, -- SSO configurations that were stored
  s.domain_verifications, -- domain verifications that were stored
  s.members_setting, -- what the settings ask for about members: off, on, or redacted: no names and no addresses
  s.members_salt_id, -- identifies the salt of redacted members; null if they are not redacted
  s.member_pages, -- pages of the last listing of members
  s.member_rows_per_page, -- rows on each page, in order
  s.member_final_token_empty, -- 1 if the last page has no token for a next page
  s.member_listings, -- how often the list was read; the last listing is the one that is stored
  s.member_agreeing, -- how many listings have the ids and the content of the last; 1 is enough for one page
  s.members_received, -- member records in the last listing
  s.members_distinct, -- distinct ids of these records
  s.members, -- members that were stored
  s.members_counted, -- members that the server itself counted; null if it did not
  s.members_count_relation, -- COUNT_RESPONSE_RELATION_EQ if this is exact; null if the server did not count
  s.member_tokens, -- personal access tokens of members that were stored
  s.sso_not_assessed, -- why the SSO configurations could not be read; null if they were read
  s.policies_not_assessed, -- why the policies could not be read; null if they were read
  s.domains_not_assessed, -- why the domain verifications could not be read; null if they were read
  s.members_not_assessed, -- why the members could not be read; null if they were, or were not asked for
  s.member_tokens_not_assessed, -- why their tokens could not be read; null if they were, or were not asked for
  s.leavers, -- JSON: the list of leavers (sha256, dated_at, entries, unmatched) and the ids of active members on it; or null
  s.own_tokens, -- tokens that have not ended of the user whose token was used; 0 if not known
  s.own_token_ends_at, -- the earliest end of these, RFC 3339 UTC with nine digits; null if not known
  s.own_token_not_assessed, -- why the tokens could not be read; null if they were read
  s.audit_log_not_assessed, -- why the audit log could not be read; null if it was read, or was not due: no baseline
  s.audit_log_lacking, -- why entries of the audit log may be missing; null if none are missing
  s.retries, -- requests that had to be sent again
  s.server_clock_offset_ms, -- local clock minus the server's Date, milliseconds; null if no response had a Date
  s.notes, -- remarks of the collector, a JSON array of texts
  s.unknown_fields, -- fields that this version does not know, a JSON array of Type.field
  s.changes, -- its rows in changes; stays when the snapshot is pruned
  s.failing_findings, -- its rows in findings with the status fail; stays when the snapshot is pruned
  s.content_sha256, -- hash over every stored configuration, see docs/verification.md; null if failed
  s.records_sha256, -- hash over its exchanges, changes and findings
  l.chain_sha256, -- its link in the ledger
  p.pruned_at, -- when retention removed the rows of the snapshot, RFC 3339 UTC; null if not pruned
  s.rule_set_id, -- the rules and thresholds of its findings, in rule_sets
  s.ledger_number -- the number of its link in the ledger
FROM stored_snapshots s
LEFT JOIN organizations o ON o.key = s.organization_key
LEFT JOIN ledger l ON l.number = s.ledger_number
LEFT JOIN pruned_snapshots g ON g.snapshot_id = s.id
LEFT JOIN prunes p ON p.id = g.prune_id;

CREATE VIEW whole_snapshots AS -- The whole snapshots: complete ones that are not pruned.
SELECT
  s.id, -- number of the snapshot
  s.run_id, -- the run that took it
  s.taken_at, -- its instant, RFC 3339 UTC, whole seconds
  s.organization_key, -- key of the organization in organizations
  o.id AS organization_id, -- id of the organization
  s.organization_name, -- its name at that time
  s.sso_not_assessed, -- why the SSO configurations could not be read; null if they were read
  s.policies_not_assessed, -- why the policies could not be read; null if they were read
  s.domains_not_assessed, -- why the domain verifications could not be read; null if they were read
  s.members_not_assessed, -- why the members could not be read; null if they were, or were not asked for
  s.member_tokens_not_assessed, -- why their tokens could not be read; null if they were, or were not asked for
  s.rule_set_id -- the rules and thresholds of its findings
FROM stored_snapshots s
JOIN organizations o ON o.key = s.organization_key
WHERE s.outcome = 'complete'
  AND NOT EXISTS (SELECT 1 FROM pruned_snapshots g WHERE g.snapshot_id = s.id);

CREATE VIEW scim_configurations AS -- Every SCIM configuration in every whole snapshot.
SELECT
  s.id AS snapshot_id, -- the snapshot
  s.taken_at, -- its instant, RFC 3339 UTC, whole seconds
  s.organization_id, -- id of the organization
  s.organization_name, -- its name at that time
  v.id, -- id of the configuration, lower case
  v.name, -- name of the configuration; may be empty
  v.enabled, -- 1 if enabled, else 0
  v.sso_configuration_id, -- id of the linked SSO configuration; empty if not linked
  CASE WHEN s.sso_not_assessed IS NULL THEN (
    SELECT n.display_name
    FROM sso_versions n
    WHERE n.organization_key = v.organization_key AND n.id = v.sso_configuration_id
      AND n.valid_from <= s.id AND (n.valid_to IS NULL OR n.valid_to > s.id)
  ) END AS sso_configuration_name, -- name of the linked SSO configuration; null if not linked or not known
  v.token_expires_at, -- RFC 3339 UTC with nine digits; null if not reported: unknown, not expired
  v.created_at, -- RFC 3339 UTC with nine digits; null if not reported
  v.updated_at, -- RFC 3339 UTC with nine digits; null if not reported
  v.allow_unverified_email_account_linking, -- 1 or 0; null if not reported
  v.raw, -- the object as received when this version of it was first seen
  v.stated_organization_id, -- organization id in the configuration itself; empty if absent
  v.unknown_fields -- fields that this version does not know, canonical JSON; null if there are none
FROM whole_snapshots s
JOIN scim_versions v ON v.organization_key = s.organization_key
  AND v.valid_from <= s.id AND (v.valid_to IS NULL OR v.valid_to > s.id);

CREATE VIEW current_scim_configurations AS -- The configurations in the newest complete snapshot of each organization.
SELECT c.*
FROM organizations o
JOIN scim_configurations c ON c.snapshot_id = (
  SELECT max(n.id) FROM stored_snapshots n WHERE n.organization_key = o.key AND n.outcome = 'complete'
);

CREATE VIEW sso_configurations AS -- Every SSO configuration in every whole snapshot that could read them.
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
  v.email_domain, -- the domain; empty if there is none
  v.email_domains, -- a sorted JSON array of domains
  v.additional_scopes, -- a sorted JSON array of scopes
  v.claims, -- a JSON object, its keys sorted
  v.claims_expression, -- the expression that claims must satisfy; empty if there is none
  v.raw, -- the object as received when this version of it was first seen
  v.stated_organization_id, -- organization id in the configuration itself; empty if absent
  v.unknown_fields -- fields that this version does not know, canonical JSON; null if there are none
FROM whole_snapshots s
JOIN sso_versions v ON v.organization_key = s.organization_key
  AND v.valid_from <= s.id AND (v.valid_to IS NULL OR v.valid_to > s.id)
WHERE s.sso_not_assessed IS NULL;

CREATE VIEW current_sso_configurations AS -- The configurations in the newest complete snapshot of each organization.
SELECT c.*
FROM organizations o
JOIN sso_configurations c ON c.snapshot_id = (
  SELECT max(n.id) FROM stored_snapshots n WHERE n.organization_key = o.key AND n.outcome = 'complete'
);

CREATE VIEW domain_verifications AS -- Every domain verification in every whole snapshot that could read them.
SELECT
  s.id AS snapshot_id, -- the snapshot
  s.taken_at, -- its instant, RFC 3339 UTC, whole seconds
  s.organization_id, -- id of the organization
  s.organization_name, -- its name at that time
  v.id, -- id of the verification, lower case
  v.domain, -- the e-mail domain
  v.state, -- DOMAIN_VERIFICATION_STATE_VERIFIED, _PENDING or _UNSPECIFIED
  v.verified_at, -- RFC 3339 UTC with nine digits; null if not reported
  v.raw, -- the object as received when this version of it was first seen
  v.stated_organization_id, -- organization id in the verification itself; empty if absent
  v.unknown_fields -- fields that this version does not know, canonical JSON; null if there are none
FROM whole_snapshots s
JOIN domain_versions v ON v.organization_key = s.organization_key
  AND v.valid_from <= s.id AND (v.valid_to IS NULL OR v.valid_to > s.id)
WHERE s.domains_not_assessed IS NULL;

CREATE VIEW members AS -- Every member in every whole snapshot that could read them.
SELECT
  s.id AS snapshot_id, -- the snapshot
  s.taken_at, -- its instant, RFC 3339 UTC, whole seconds
  s.organization_id, -- id of the organization
  s.organization_name, -- its name at that time
  v.id, -- id of the user, lower case
  v.full_name, -- name of the user; empty if not reported or redacted
  v.email, -- e-mail address; its salted hash and its domain if redacted; empty if not reported
  v.role, -- ORGANIZATION_ROLE_ADMIN, _MEMBER or _UNSPECIFIED
  v.status, -- USER_STATUS_ACTIVE, _SUSPENDED, _LEFT or _UNSPECIFIED
  v.login_provider, -- kind of sign-in, such as custom, google or github; empty if not reported
  v.member_since, -- when the user record was made, RFC 3339 UTC with nine digits; null if not reported
  v.avatar_url, -- URL of a picture; empty if not reported or redacted
  v.raw, -- the object as received when this version of it was first seen; as stored if redacted
  v.unknown_fields -- fields that this version does not know, canonical JSON; null if there are none
FROM whole_snapshots s
JOIN member_versions v ON v.organization_key = s.organization_key
  AND v.valid_from <= s.id AND (v.valid_to IS NULL OR v.valid_to > s.id)
WHERE s.members_not_assessed IS NULL;

CREATE VIEW current_members AS -- The members in the newest complete snapshot of each organization.
SELECT c.*
FROM organizations o
JOIN members c ON c.snapshot_id = (
  SELECT max(n.id) FROM stored_snapshots n WHERE n.organization_key = o.key AND n.outcome = 'complete'
);

CREATE VIEW member_tokens AS -- Every personal access token of a member in every whole snapshot that could read them.
SELECT
  s.id AS snapshot_id, -- the snapshot
  s.taken_at, -- its instant, RFC 3339 UTC, whole seconds
  s.organization_id, -- id of the organization
  s.organization_name, -- its name at that time
  v.id, -- id of the token, lower case; the secret is never reported
  v.user_id, -- id of the member
  v.description, -- what its user wrote about it; empty if redacted
  v.created_at, -- RFC 3339 UTC with nine digits; null if not reported
  v.expires_at, -- RFC 3339 UTC with nine digits; null if not reported
  v.last_used, -- RFC 3339 UTC with nine digits; null if not reported
  v.read_only, -- 1 if it may only read, else 0
  v.raw, -- the object as received when this version of it was first seen; as stored if redacted
  v.unknown_fields -- fields that this version does not know, canonical JSON; null if there are none
FROM whole_snapshots s
JOIN member_token_versions v ON v.organization_key = s.organization_key
  AND v.valid_from <= s.id AND (v.valid_to IS NULL OR v.valid_to > s.id)
WHERE s.member_tokens_not_assessed IS NULL;

CREATE VIEW organization_policies AS -- The policies of each organization in every whole snapshot that could read them.
SELECT
  s.id AS snapshot_id, -- the snapshot
  s.taken_at, -- its instant, RFC 3339 UTC, whole seconds
  s.organization_id, -- id of the organization
  s.organization_name, -- its name at that time
  v.id, -- id of the organization
  v.restrict_account_creation_to_scim, -- 1 if accounts can only be created through SCIM, else 0
  v.raw, -- the object as received when this version of it was first seen
  v.unknown_fields -- the other policies, canonical JSON; null if there are none
FROM whole_snapshots s
JOIN policy_versions v ON v.organization_key = s.organization_key
  AND v.valid_from <= s.id AND (v.valid_to IS NULL OR v.valid_to > s.id)
WHERE s.policies_not_assessed IS NULL;

CREATE VIEW organization_details AS -- The organization itself in every whole snapshot.
SELECT
  s.id AS snapshot_id, -- the snapshot
  s.taken_at, -- its instant, RFC 3339 UTC, whole seconds
  s.organization_id, -- id of the organization
  s.organization_name, -- its name at that time
  v.id, -- id of the organization
  v.name, -- name of the organization
  v.tier, -- its plan; empty if not reported
  v.created_at, -- RFC 3339 UTC with nine digits; null if not reported
  v.updated_at, -- RFC 3339 UTC with nine digits; null if not reported
  v.invite_domains, -- a sorted JSON array of the e-mail domains whose addresses may join
  v.raw, -- the object as received when this version of it was first seen
  v.unknown_fields -- fields that this version does not know, canonical JSON; null if there are none
FROM whole_snapshots s
JOIN organization_versions v ON v.organization_key = s.organization_key
  AND v.valid_from <= s.id AND (v.valid_to IS NULL OR v.valid_to > s.id);

CREATE VIEW scim_configuration_history AS -- One row for each period in which a configuration did not change.
SELECT
  o.id AS organization_id, -- id of the organization
  v.id, -- id of the configuration, lower case
  f.taken_at AS valid_from, -- instant of the first snapshot that shows this version, RFC 3339 UTC
  t.taken_at AS valid_to, -- instant of the first snapshot that does not, RFC 3339 UTC; null if current
  v.name, -- name of the configuration; may be empty
  v.enabled, -- 1 if enabled, else 0
  v.sso_configuration_id, -- id of the linked SSO configuration; empty if not linked
  v.token_expires_at, -- RFC 3339 UTC with nine digits; null if not reported: unknown, not expired
  v.created_at, -- RFC 3339 UTC with nine digits; null if not reported
  v.updated_at, -- RFC 3339 UTC with nine digits; null if not reported
  v.allow_unverified_email_account_linking, -- 1 or 0; null if not reported
  v.raw, -- the object as received when this version of it was first seen
  v.stated_organization_id, -- organization id in the configuration itself; empty if absent
  v.unknown_fields, -- fields that this version does not know, canonical JSON; null if there are none
  v.valid_from AS valid_from_snapshot_id, -- the snapshot of valid_from
  v.valid_to AS valid_to_snapshot_id -- the snapshot of valid_to; null if current
FROM scim_versions v
JOIN organizations o ON o.key = v.organization_key
JOIN stored_snapshots f ON f.id = v.valid_from
LEFT JOIN stored_snapshots t ON t.id = v.valid_to;

CREATE VIEW sso_configuration_history AS -- One row for each period in which a configuration did not change.
SELECT
  o.id AS organization_id, -- id of the organization
  v.id, -- id of the configuration, lower case
  f.taken_at AS valid_from, -- instant of the first snapshot that shows this version, RFC 3339 UTC
  t.taken_at AS valid_to, -- instant of the first snapshot that does not, RFC 3339 UTC; null if current
  v.display_name, -- name of the configuration; may be empty
  v.issuer_url, -- URL of the identity provider
  v.provider_type, -- PROVIDER_TYPE_BUILTIN or PROVIDER_TYPE_CUSTOM
  v.state, -- SSO_CONFIGURATION_STATE_ACTIVE or _INACTIVE
  v.client_id, -- OAuth client id
  v.email_domain, -- the domain; empty if there is none
  v.email_domains, -- a sorted JSON array of domains
  v.additional_scopes, -- a sorted JSON array of scopes
  v.claims, -- a JSON object, its keys sorted
  v.claims_expression, -- the expression that claims must satisfy; empty if there is none
  v.raw, -- the object as received when this version of it was first seen
  v.stated_organization_id, -- organization id in the configuration itself; empty if absent
  v.unknown_fields, -- fields that this version does not know, canonical JSON; null if there are none
  v.valid_from AS valid_from_snapshot_id, -- the snapshot of valid_from
  v.valid_to AS valid_to_snapshot_id -- the snapshot of valid_to; null if current
FROM sso_versions v
JOIN organizations o ON o.key = v.organization_key
JOIN stored_snapshots f ON f.id = v.valid_from
LEFT JOIN stored_snapshots t ON t.id = v.valid_to;

CREATE VIEW member_history AS -- One row for each period in which a member did not change.
SELECT
  o.id AS organization_id, -- id of the organization
  v.id, -- id of the user, lower case
  f.taken_at AS valid_from, -- instant of the first snapshot that shows this version, RFC 3339 UTC
  t.taken_at AS valid_to, -- instant of the first snapshot that does not, RFC 3339 UTC; null if current
  v.full_name, -- name of the user; empty if not reported or redacted
  v.email, -- e-mail address; its salted hash and its domain if redacted; empty if not reported
  v.role, -- ORGANIZATION_ROLE_ADMIN, _MEMBER or _UNSPECIFIED
  v.status, -- USER_STATUS_ACTIVE, _SUSPENDED, _LEFT or _UNSPECIFIED
  v.login_provider, -- kind of sign-in, such as custom, google or github; empty if not reported
  v.member_since, -- when the user record was made, RFC 3339 UTC with nine digits; null if not reported
  v.avatar_url, -- URL of a picture; empty if not reported or redacted
  v.raw, -- the object as received when this version of it was first seen; as stored if redacted
  v.unknown_fields, -- fields that this version does not know, canonical JSON; null if there are none
  v.valid_from AS valid_from_snapshot_id, -- the snapshot of valid_from
  v.valid_to AS valid_to_snapshot_id -- the snapshot of valid_to; null if current
FROM member_versions v
JOIN organizations o ON o.key = v.organization_key
JOIN stored_snapshots f ON f.id = v.valid_from
LEFT JOIN stored_snapshots t ON t.id = v.valid_to;

CREATE VIEW changes AS -- The differences from the baseline, one row for each change.
SELECT
  s.id AS snapshot_id, -- the snapshot that shows the change
  s.baseline_id, -- the snapshot with which it was compared
  s.taken_at, -- its instant, RFC 3339 UTC, whole seconds
  o.id AS organization_id, -- id of the organization
  c.severity, -- critical, high, medium, low or info
  c.kind, -- what happened, such as disabled or token_rotated
  c.subject_type, -- scim_configuration, sso_configuration, organization or member
  c.subject_id, -- id of the subject
  c.subject_name, -- its name
  c.field, -- the API's name of the field; null where the whole subject came or went
  c.before, -- value in the baseline, plain text; or the whole subject as canonical JSON; null if absent
  c.after, -- value in the snapshot, likewise
  c.before_label, -- name for the id in before, or for the link of a whole configuration; null if there is none
  c.after_label, -- likewise for after
  c.actor_id, -- who made the change, from the audit log; null if not known
  c.actor_name, -- the name of the actor among the members at that time; null if not known
  c.actor_principal, -- kind of the actor; null if not known
  c.actor_action, -- the action in the audit log; null if not known
  c.actor_at, -- time of the action, RFC 3339 UTC with nine digits; null if not known
  c.note, -- a remark for the reader; null if there is none
  c.number -- place in the report, from 1
FROM stored_snapshots s
JOIN organizations o ON o.key = s.organization_key
JOIN stored_changes c ON c.snapshot_id = s.id
WHERE s.outcome = 'complete';

CREATE VIEW change_candidates AS -- Every audit-log entry that may say who made a change, newest first for each change.
SELECT
  c.snapshot_id, -- the snapshot that shows the change
  s.taken_at, -- its instant, RFC 3339 UTC, whole seconds
  s.organization_id, -- id of the organization
  c.change_number, -- number of the change in changes
  e.number AS entry_number, -- number of the entry in audit_log_entries
  e.id AS entry_id, -- id of the entry
  e.created_at, -- when it happened, RFC 3339 UTC with nine digits
  e.actor_id, -- who acted; null if not reported
  e.actor_name, -- the name of the actor among the members at that time; null if not known
  e.actor_principal, -- kind of the actor; null if not reported
  e.subject_id, -- id of the object of the action
  e.subject_type, -- its kind
  e.action -- what was done, as the API words it
FROM stored_candidates c
JOIN whole_snapshots s ON s.id = c.snapshot_id
JOIN audit_log_entries e ON e.snapshot_id = c.snapshot_id AND e.number = c.entry_number;

CREATE VIEW findings AS -- The outcome of every rule in every snapshot that is not pruned.
SELECT
  s.id AS snapshot_id, -- the snapshot
  s.taken_at, -- its instant, RFC 3339 UTC, whole seconds
  s.organization_id, -- id of the organization; null if the run failed before it was known
  v.rule_id, -- the rule, such as SCIM-001
  w.title, -- the rule in words
  v.severity, -- critical, high, medium, low or info
  v.status, -- fail, pass, not_assessed or excepted
  v.original_status, -- status before an exception was applied; null if there is no exception
  v.subject_type, -- scim_configuration, sso_configuration, organization or member
  v.subject_id, -- id of the subject
  v.subject_name, -- its name
  v.observed, -- what was found; for not_assessed, why it could not be assessed
  w.expected, -- what the rule expects
  v.id AS fingerprint, -- SHA-256, in hex, of rule, organization id, subject type and subject id
  v.first_seen, -- since when it has been open without a break, RFC 3339 UTC; null if it is not open
  CAST(julianday(s.taken_at) - julianday(v.first_seen) + 0.000001 AS INTEGER) AS days_open, -- null if not open
  w.remedy, -- what to do about a failure
  v.exception_number -- number of the exception that covers it, or covered it until it expired; null if none
FROM whole_snapshots s
JOIN finding_versions v ON v.organization_key = s.organization_key
  AND v.valid_from <= s.id AND (v.valid_to IS NULL OR v.valid_to > s.id)
LEFT JOIN rule_wordings w ON w.rule_set_id = s.rule_set_id AND w.rule_id = v.rule_id
UNION ALL
SELECT s.id, s.taken_at, o.id, v.rule_id, w.title, v.severity, v.status, v.original_status, v.subject_type,
  v.subject_id, v.subject_name, v.observed, w.expected, v.id, v.first_seen,
  CAST(julianday(s.taken_at) - julianday(v.first_seen) + 0.000001 AS INTEGER), w.remedy, v.exception_number
FROM stored_snapshots s
JOIN failed_findings v ON v.snapshot_id = s.id
LEFT JOIN organizations o ON o.key = s.organization_key
LEFT JOIN rule_wordings w ON w.rule_set_id = s.rule_set_id AND w.rule_id = v.rule_id;

CREATE VIEW carried_findings AS -- Findings that stay open although a whole snapshot could not assess them.
SELECT
  s.id AS snapshot_id, -- the snapshot
  v.id AS fingerprint, -- fingerprint of the finding
  v.rule_id, -- the rule
  v.first_seen, -- since when it has been open, RFC 3339 UTC
  v.last_seen -- the last snapshot in which it failed or was excepted, RFC 3339 UTC
FROM whole_snapshots s
JOIN carried_finding_versions v ON v.organization_key = s.organization_key
  AND v.valid_from <= s.id AND (v.valid_to IS NULL OR v.valid_to > s.id);

CREATE VIEW exceptions AS -- The exceptions as every complete snapshot saw them.
SELECT
  s.id AS snapshot_id, -- the snapshot
  s.taken_at, -- its instant, RFC 3339 UTC, whole seconds
  s.organization_id, -- id of the organization
  CAST(v.id AS INTEGER) AS number, -- place in the exceptions file among those that concern the organization, from 1
  v.rule_id, -- the rule whose failures are accepted
  v.subject_id, -- the subject that it covers; null for every subject in the organization
  v.accepted_organization_id, -- the organization named in the exception; null if none is named
  v.owner, -- who accepts the risk
  v.reason, -- why
  v.ticket, -- ticket of the decision; null if not stated
  v.expires, -- last day on which it is in force, UTC, yyyy-mm-dd
  v.in_force, -- 1, or 0 if it had expired
  v.bearing, -- applied, not_assessed or unmatched
  v.findings -- number of findings that it covers, or would cover if it had not expired
FROM whole_snapshots s
JOIN exception_versions v ON v.organization_key = s.organization_key
  AND v.valid_from <= s.id AND (v.valid_to IS NULL OR v.valid_to > s.id);

CREATE VIEW exchanges AS -- Each request of every whole snapshot, with the response that was accepted.
SELECT
  x.snapshot_id, -- the snapshot
  x.number, -- place in the snapshot, from 1
  q.method, -- service and method, such as gitpod.v1.OrganizationService/ListSCIMConfigurations
  q.body AS request, -- the body that was sent, JSON; never a token
  x.status, -- HTTP status of the response
  CAST(
    strftime('%Y-%m-%dT%H:%M:%S', x.sent_ms / 1000, 'unixepoch') || printf('.%03d000000Z', x.sent_ms % 1000) AS TEXT
  ) AS sent_at, -- when it was sent, RFC 3339 UTC with nine digits, whole milliseconds
  x.duration_us, -- microseconds from sending to the last byte
  CAST(strftime('%Y-%m-%dT%H:%M:%SZ', x.server_date_s, 'unixepoch') AS TEXT) AS server_date, -- Date header of the response, RFC 3339 UTC; null if it had none
  x.records, -- configurations in the response
  x.retries, -- why each earlier attempt was not accepted, a JSON array of texts
  a.sha256 AS response_sha256 -- SHA-256 of the response, in hex; its bytes are in responses
FROM stored_exchanges x
JOIN requests q ON q.id = x.request_id
JOIN responses a ON a.id = x.response_id;

-- Recorded rows are never rewritten. Only retention removes rows, and only those that no unpruned snapshot shows.

CREATE TRIGGER ledger_no_update BEFORE UPDATE ON ledger
BEGIN SELECT RAISE(ABORT, 'ledger is never rewritten'); END;
CREATE TRIGGER ledger_no_delete BEFORE DELETE ON ledger
BEGIN SELECT RAISE(ABORT, 'ledger is never deleted'); END;
CREATE TRIGGER databases_no_update BEFORE UPDATE ON databases
BEGIN SELECT RAISE(ABORT, 'databases are never rewritten'); END;
CREATE TRIGGER databases_no_delete BEFORE DELETE ON databases
BEGIN SELECT RAISE(ABORT, 'databases are never deleted'); END;
CREATE TRIGGER run_starts_no_update BEFORE UPDATE ON run_starts
BEGIN SELECT RAISE(ABORT, 'run_starts are never rewritten'); END;
CREATE TRIGGER run_starts_no_delete BEFORE DELETE ON run_starts
BEGIN SELECT RAISE(ABORT, 'run_starts are never deleted'); END;
CREATE TRIGGER run_ends_no_update BEFORE UPDATE ON run_ends
BEGIN SELECT RAISE(ABORT, 'run_ends are never rewritten'); END;
CREATE TRIGGER run_ends_no_delete BEFORE DELETE ON run_ends
BEGIN SELECT RAISE(ABORT, 'run_ends are never deleted'); END;
CREATE TRIGGER rule_sets_no_update BEFORE UPDATE ON rule_sets
BEGIN SELECT RAISE(ABORT, 'rule_sets are never rewritten'); END;
CREATE TRIGGER rule_sets_no_delete BEFORE DELETE ON rule_sets
BEGIN SELECT RAISE(ABORT, 'rule_sets are never deleted'); END;
CREATE TRIGGER rule_wordings_no_update BEFORE UPDATE ON rule_wordings
BEGIN SELECT RAISE(ABORT, 'rule_wordings are never rewritten'); END;
CREATE TRIGGER rule_wordings_no_delete BEFORE DELETE ON rule_wordings
BEGIN SELECT RAISE(ABORT, 'rule_wordings are never deleted'); END;
CREATE TRIGGER organizations_no_update BEFORE UPDATE ON organizations
BEGIN SELECT RAISE(ABORT, 'organizations are never rewritten'); END;
CREATE TRIGGER organizations_no_delete BEFORE DELETE ON organizations
BEGIN SELECT RAISE(ABORT, 'organizations are never deleted'); END;
CREATE TRIGGER stored_snapshots_no_update BEFORE UPDATE ON stored_snapshots
BEGIN SELECT RAISE(ABORT, 'stored_snapshots are never rewritten'); END;
CREATE TRIGGER stored_snapshots_no_delete BEFORE DELETE ON stored_snapshots
BEGIN SELECT RAISE(ABORT, 'stored_snapshots are never deleted'); END;
CREATE TRIGGER schedules_no_update BEFORE UPDATE ON schedules
BEGIN SELECT RAISE(ABORT, 'schedules are never rewritten'); END;
CREATE TRIGGER schedules_no_delete BEFORE DELETE ON schedules
BEGIN SELECT RAISE(ABORT, 'schedules are never deleted'); END;
CREATE TRIGGER reviews_no_update BEFORE UPDATE ON reviews
BEGIN SELECT RAISE(ABORT, 'reviews are never rewritten'); END;
CREATE TRIGGER reviews_no_delete BEFORE DELETE ON reviews
BEGIN SELECT RAISE(ABORT, 'reviews are never deleted'); END;
CREATE TRIGGER prunes_no_update BEFORE UPDATE ON prunes
BEGIN SELECT RAISE(ABORT, 'prunes are never rewritten'); END;
CREATE TRIGGER prunes_no_delete BEFORE DELETE ON prunes
BEGIN SELECT RAISE(ABORT, 'prunes are never deleted'); END;
CREATE TRIGGER pruned_snapshots_no_update BEFORE UPDATE ON pruned_snapshots
BEGIN SELECT RAISE(ABORT, 'pruned_snapshots are never rewritten'); END;
CREATE TRIGGER pruned_snapshots_no_delete BEFORE DELETE ON pruned_snapshots
BEGIN SELECT RAISE(ABORT, 'pruned_snapshots are never deleted'); END;
CREATE TRIGGER pruned_reports_no_update BEFORE UPDATE ON pruned_reports
BEGIN SELECT RAISE(ABORT, 'pruned_reports are never rewritten'); END;
CREATE TRIGGER pruned_reports_no_delete BEFORE DELETE ON pruned_reports
BEGIN SELECT RAISE(ABORT, 'pruned_reports are never deleted'); END;
CREATE TRIGGER pruned_versions_no_update BEFORE UPDATE ON pruned_versions
BEGIN SELECT RAISE(ABORT, 'pruned_versions are never rewritten'); END;
CREATE TRIGGER pruned_versions_no_delete BEFORE DELETE ON pruned_versions
BEGIN SELECT RAISE(ABORT, 'pruned_versions are never deleted'); END;

CREATE TRIGGER organization_versions_no_update BEFORE UPDATE OF
  organization_key, id, valid_from, name, tier, created_at, updated_at, invite_domains, unknown_fields, raw,
  row_sha256 ON organization_versions
BEGIN SELECT RAISE(ABORT, 'organization_versions are never rewritten'); END;
CREATE TRIGGER organization_versions_close_once BEFORE UPDATE OF valid_to ON organization_versions
WHEN OLD.valid_to IS NOT NULL OR NEW.valid_to IS NULL
BEGIN SELECT RAISE(ABORT, 'organization_versions are closed once'); END;
CREATE TRIGGER organization_versions_no_delete BEFORE DELETE ON organization_versions
WHEN OLD.valid_to IS NULL OR EXISTS (SELECT 1 FROM whole_snapshots s
  WHERE s.organization_key = OLD.organization_key AND s.id >= OLD.valid_from AND s.id < OLD.valid_to)
BEGIN SELECT RAISE(ABORT, 'organization_versions are deleted only when every snapshot that shows them is pruned'); END;

CREATE TRIGGER policy_versions_no_update BEFORE UPDATE OF
  organization_key, id, valid_from, restrict_account_creation_to_scim, unknown_fields, raw,
  row_sha256 ON policy_versions
BEGIN SELECT RAISE(ABORT, 'policy_versions are never rewritten'); END;
CREATE TRIGGER policy_versions_close_once BEFORE UPDATE OF valid_to ON policy_versions
WHEN OLD.valid_to IS NOT NULL OR NEW.valid_to IS NULL
BEGIN SELECT RAISE(ABORT, 'policy_versions are closed once'); END;
CREATE TRIGGER policy_versions_no_delete BEFORE DELETE ON policy_versions
WHEN OLD.valid_to IS NULL OR EXISTS (SELECT 1 FROM whole_snapshots s
  WHERE s.organization_key = OLD.organization_key AND s.id >= OLD.valid_from AND s.id < OLD.valid_to)
BEGIN SELECT RAISE(ABORT, 'policy_versions are deleted only when every snapshot that shows them is pruned'); END;

CREATE TRIGGER scim_versions_no_update BEFORE UPDATE OF
  organization_key, id, valid_from, stated_organization_id, name, enabled, sso_configuration_id, created_at,
  updated_at, token_expires_at, allow_unverified_email_account_linking, unknown_fields, raw, row_sha256 ON scim_versions
BEGIN SELECT RAISE(ABORT, 'scim_versions are never rewritten'); END;
CREATE TRIGGER scim_versions_close_once BEFORE UPDATE OF valid_to ON scim_versions
WHEN OLD.valid_to IS NOT NULL OR NEW.valid_to IS NULL
BEGIN SELECT RAISE(ABORT, 'scim_versions are closed once'); END;
CREATE TRIGGER scim_versions_no_delete BEFORE DELETE ON scim_versions
WHEN OLD.valid_to IS NULL OR EXISTS (SELECT 1 FROM whole_snapshots s
  WHERE s.organization_key = OLD.organization_key AND s.id >= OLD.valid_from AND s.id < OLD.valid_to)
BEGIN SELECT RAISE(ABORT, 'scim_versions are deleted only when every snapshot that shows them is pruned'); END;

CREATE TRIGGER sso_versions_no_update BEFORE UPDATE OF
  organization_key, id, valid_from, stated_organization_id, display_name, issuer_url, provider_type, state,
  client_id, email_domain, email_domains, additional_scopes, claims, claims_expression, unknown_fields, raw,
  row_sha256 ON sso_versions
BEGIN SELECT RAISE(ABORT, 'sso_versions are never rewritten'); END;
CREATE TRIGGER sso_versions_close_once BEFORE UPDATE OF valid_to ON sso_versions
WHEN OLD.valid_to IS NOT NULL OR NEW.valid_to IS NULL
BEGIN SELECT RAISE(ABORT, 'sso_versions are closed once'); END;
CREATE TRIGGER sso_versions_no_delete BEFORE DELETE ON sso_versions
WHEN OLD.valid_to IS NULL OR EXISTS (SELECT 1 FROM whole_snapshots s
  WHERE s.organization_key = OLD.organization_key AND s.id >= OLD.valid_from AND s.id < OLD.valid_to)
BEGIN SELECT RAISE(ABORT, 'sso_versions are deleted only when every snapshot that shows them is pruned'); END;

CREATE TRIGGER domain_versions_no_update BEFORE UPDATE OF
  organization_key, id, valid_from, stated_organization_id, domain, state, verified_at, unknown_fields, raw,
  row_sha256 ON domain_versions
BEGIN SELECT RAISE(ABORT, 'domain_versions are never rewritten'); END;
CREATE TRIGGER domain_versions_close_once BEFORE UPDATE OF valid_to ON domain_versions
WHEN OLD.valid_to IS NOT NULL OR NEW.valid_to IS NULL
BEGIN SELECT RAISE(ABORT, 'domain_versions are closed once'); END;
CREATE TRIGGER domain_versions_no_delete BEFORE DELETE ON domain_versions
WHEN OLD.valid_to IS NULL OR EXISTS (SELECT 1 FROM whole_snapshots s
  WHERE s.organization_key = OLD.organization_key AND s.id >= OLD.valid_from AND s.id < OLD.valid_to)
BEGIN SELECT RAISE(ABORT, 'domain_versions are deleted only when every snapshot that shows them is pruned'); END;

CREATE TRIGGER member_versions_no_update BEFORE UPDATE OF
  organization_key, id, valid_from, role, status, login_provider, member_since, full_name, email, avatar_url,
  unknown_fields, raw, row_sha256 ON member_versions
BEGIN SELECT RAISE(ABORT, 'member_versions are never rewritten'); END;
CREATE TRIGGER member_versions_close_once BEFORE UPDATE OF valid_to ON member_versions
WHEN OLD.valid_to IS NOT NULL OR NEW.valid_to IS NULL
BEGIN SELECT RAISE(ABORT, 'member_versions are closed once'); END;
CREATE TRIGGER member_versions_no_delete BEFORE DELETE ON member_versions
WHEN OLD.valid_to IS NULL OR EXISTS (SELECT 1 FROM whole_snapshots s
  WHERE s.organization_key = OLD.organization_key AND s.id >= OLD.valid_from AND s.id < OLD.valid_to)
BEGIN SELECT RAISE(ABORT, 'member_versions are deleted only when every snapshot that shows them is pruned'); END;

CREATE TRIGGER member_token_versions_no_update BEFORE UPDATE OF
  organization_key, id, valid_from, user_id, description, created_at, expires_at, last_used, read_only,
  unknown_fields, raw, row_sha256 ON member_token_versions
BEGIN SELECT RAISE(ABORT, 'member_token_versions are never rewritten'); END;
CREATE TRIGGER member_token_versions_close_once BEFORE UPDATE OF valid_to ON member_token_versions
WHEN OLD.valid_to IS NOT NULL OR NEW.valid_to IS NULL
BEGIN SELECT RAISE(ABORT, 'member_token_versions are closed once'); END;
CREATE TRIGGER member_token_versions_no_delete BEFORE DELETE ON member_token_versions
WHEN OLD.valid_to IS NULL OR EXISTS (SELECT 1 FROM whole_snapshots s
  WHERE s.organization_key = OLD.organization_key AND s.id >= OLD.valid_from AND s.id < OLD.valid_to)
BEGIN SELECT RAISE(ABORT, 'member_token_versions are deleted only if every showing snapshot is pruned'); END;

CREATE TRIGGER finding_versions_no_update BEFORE UPDATE OF
  organization_key, id, valid_from, rule_id, severity, status, original_status, subject_type, subject_id,
  subject_name, observed, first_seen, exception_number, row_sha256 ON finding_versions
BEGIN SELECT RAISE(ABORT, 'finding_versions are never rewritten'); END;
CREATE TRIGGER finding_versions_close_once BEFORE UPDATE OF valid_to ON finding_versions
WHEN OLD.valid_to IS NOT NULL OR NEW.valid_to IS NULL
BEGIN SELECT RAISE(ABORT, 'finding_versions are closed once'); END;
CREATE TRIGGER finding_versions_no_delete BEFORE DELETE ON finding_versions
WHEN OLD.valid_to IS NULL OR EXISTS (SELECT 1 FROM whole_snapshots s
  WHERE s.organization_key = OLD.organization_key AND s.id >= OLD.valid_from AND s.id < OLD.valid_to)
BEGIN SELECT RAISE(ABORT, 'finding_versions are deleted only when every snapshot that shows them is pruned'); END;

CREATE TRIGGER exception_versions_no_update BEFORE UPDATE OF
  organization_key, id, valid_from, rule_id, subject_id, accepted_organization_id, owner, reason, ticket,
  expires, in_force, bearing, findings, row_sha256 ON exception_versions
BEGIN SELECT RAISE(ABORT, 'exception_versions are never rewritten'); END;
CREATE TRIGGER exception_versions_close_once BEFORE UPDATE OF valid_to ON exception_versions
WHEN OLD.valid_to IS NOT NULL OR NEW.valid_to IS NULL
BEGIN SELECT RAISE(ABORT, 'exception_versions are closed once'); END;
CREATE TRIGGER exception_versions_no_delete BEFORE DELETE ON exception_versions
WHEN OLD.valid_to IS NULL OR EXISTS (SELECT 1 FROM whole_snapshots s
  WHERE s.organization_key = OLD.organization_key AND s.id >= OLD.valid_from AND s.id < OLD.valid_to)
BEGIN SELECT RAISE(ABORT, 'exception_versions are deleted only when every snapshot that shows them is pruned'); END;

CREATE TRIGGER carried_finding_versions_no_update BEFORE UPDATE OF
  organization_key, id, valid_from, rule_id, first_seen, last_seen, row_sha256 ON carried_finding_versions
BEGIN SELECT RAISE(ABORT, 'carried_finding_versions are never rewritten'); END;
CREATE TRIGGER carried_finding_versions_close_once BEFORE UPDATE OF valid_to ON carried_finding_versions
WHEN OLD.valid_to IS NOT NULL OR NEW.valid_to IS NULL
BEGIN SELECT RAISE(ABORT, 'carried_finding_versions are closed once'); END;
CREATE TRIGGER carried_finding_versions_no_delete BEFORE DELETE ON carried_finding_versions
WHEN OLD.valid_to IS NULL OR EXISTS (SELECT 1 FROM whole_snapshots s
  WHERE s.organization_key = OLD.organization_key AND s.id >= OLD.valid_from AND s.id < OLD.valid_to)
BEGIN SELECT RAISE(ABORT, 'carried_finding_versions are deleted only if every showing snapshot is pruned'); END;

CREATE TRIGGER failed_findings_no_update BEFORE UPDATE ON failed_findings
BEGIN SELECT RAISE(ABORT, 'failed_findings are never rewritten'); END;
CREATE TRIGGER failed_findings_no_delete BEFORE DELETE ON failed_findings
WHEN NOT EXISTS (SELECT 1 FROM pruned_snapshots g WHERE g.snapshot_id = OLD.snapshot_id)
BEGIN SELECT RAISE(ABORT, 'failed_findings are deleted only with a pruned snapshot'); END;
CREATE TRIGGER stored_changes_no_update BEFORE UPDATE ON stored_changes
BEGIN SELECT RAISE(ABORT, 'stored_changes are never rewritten'); END;
CREATE TRIGGER stored_changes_no_delete BEFORE DELETE ON stored_changes
WHEN NOT EXISTS (SELECT 1 FROM pruned_snapshots g WHERE g.snapshot_id = OLD.snapshot_id)
BEGIN SELECT RAISE(ABORT, 'stored_changes are deleted only with a pruned snapshot'); END;
CREATE TRIGGER audit_log_readings_no_update BEFORE UPDATE ON audit_log_readings
BEGIN SELECT RAISE(ABORT, 'audit_log_readings are never rewritten'); END;
CREATE TRIGGER audit_log_readings_no_delete BEFORE DELETE ON audit_log_readings
WHEN NOT EXISTS (SELECT 1 FROM pruned_snapshots g WHERE g.snapshot_id = OLD.snapshot_id)
BEGIN SELECT RAISE(ABORT, 'audit_log_readings are deleted only with a pruned snapshot'); END;
CREATE TRIGGER audit_log_entries_no_update BEFORE UPDATE ON audit_log_entries
BEGIN SELECT RAISE(ABORT, 'audit_log_entries are never rewritten'); END;
CREATE TRIGGER audit_log_entries_no_delete BEFORE DELETE ON audit_log_entries
WHEN NOT EXISTS (SELECT 1 FROM pruned_snapshots g WHERE g.snapshot_id = OLD.snapshot_id)
BEGIN SELECT RAISE(ABORT, 'audit_log_entries are deleted only with a pruned snapshot'); END;
CREATE TRIGGER stored_candidates_no_update BEFORE UPDATE ON stored_candidates
BEGIN SELECT RAISE(ABORT, 'stored_candidates are never rewritten'); END;
CREATE TRIGGER stored_candidates_no_delete BEFORE DELETE ON stored_candidates
WHEN NOT EXISTS (SELECT 1 FROM pruned_snapshots g WHERE g.snapshot_id = OLD.snapshot_id)
BEGIN SELECT RAISE(ABORT, 'stored_candidates are deleted only with a pruned snapshot'); END;
CREATE TRIGGER stored_exchanges_no_update BEFORE UPDATE ON stored_exchanges
BEGIN SELECT RAISE(ABORT, 'stored_exchanges are never rewritten'); END;
CREATE TRIGGER stored_exchanges_no_delete BEFORE DELETE ON stored_exchanges
WHEN NOT EXISTS (SELECT 1 FROM pruned_snapshots g WHERE g.snapshot_id = OLD.snapshot_id)
BEGIN SELECT RAISE(ABORT, 'stored_exchanges are deleted only with a pruned snapshot'); END;
CREATE TRIGGER requests_no_update BEFORE UPDATE ON requests
BEGIN SELECT RAISE(ABORT, 'requests are never rewritten'); END;
CREATE TRIGGER requests_no_delete BEFORE DELETE ON requests
WHEN EXISTS (SELECT 1 FROM stored_exchanges x WHERE x.request_id = OLD.id)
BEGIN SELECT RAISE(ABORT, 'requests are deleted only with their last exchange'); END;
CREATE TRIGGER responses_no_update BEFORE UPDATE ON responses
WHEN (NEW.id, NEW.sha256, NEW.size) <> (OLD.id, OLD.sha256, OLD.size) OR NEW.body IS NOT NULL AND OLD.body IS NOT NULL
BEGIN SELECT RAISE(ABORT, 'responses are never rewritten; retention may only remove the body'); END;
CREATE TRIGGER responses_no_delete BEFORE DELETE ON responses
BEGIN SELECT RAISE(ABORT, 'responses are never deleted'); END;

-- INSERT OR REPLACE would delete a row without a DELETE trigger: https://www.sqlite.org/lang_conflict.html

CREATE TRIGGER databases_no_replace BEFORE INSERT ON databases WHEN EXISTS (
  SELECT 1 FROM databases t WHERE t.id = NEW.id
) BEGIN SELECT RAISE(ABORT, 'databases are never replaced'); END;
CREATE TRIGGER ledger_no_replace BEFORE INSERT ON ledger WHEN EXISTS (
  SELECT 1 FROM ledger t WHERE t.number = NEW.number
) BEGIN SELECT RAISE(ABORT, 'ledger is never replaced'); END;
CREATE TRIGGER run_starts_no_replace BEFORE INSERT ON run_starts WHEN EXISTS (
  SELECT 1 FROM run_starts t WHERE t.id = NEW.id
) BEGIN SELECT RAISE(ABORT, 'run_starts are never replaced'); END;
CREATE TRIGGER run_ends_no_replace BEFORE INSERT ON run_ends WHEN EXISTS (
  SELECT 1 FROM run_ends t WHERE t.run_id = NEW.run_id
) BEGIN SELECT RAISE(ABORT, 'run_ends are never replaced'); END;
CREATE TRIGGER rule_sets_no_replace BEFORE INSERT ON rule_sets WHEN EXISTS (
  SELECT 1 FROM rule_sets t WHERE t.id = NEW.id
) BEGIN SELECT RAISE(ABORT, 'rule_sets are never replaced'); END;
CREATE TRIGGER rule_wordings_no_replace BEFORE INSERT ON rule_wordings WHEN EXISTS (
  SELECT 1 FROM rule_wordings t WHERE t.rule_set_id = NEW.rule_set_id AND t.rule_id = NEW.rule_id
) BEGIN SELECT RAISE(ABORT, 'rule_wordings are never replaced'); END;
CREATE TRIGGER organizations_no_replace BEFORE INSERT ON organizations WHEN EXISTS (
  SELECT 1 FROM organizations t WHERE t.key = NEW.key OR t.id = NEW.id
) BEGIN SELECT RAISE(ABORT, 'organizations are never replaced'); END;
CREATE TRIGGER stored_snapshots_no_replace BEFORE INSERT ON stored_snapshots WHEN EXISTS (
  SELECT 1 FROM stored_snapshots t WHERE t.id = NEW.id
) BEGIN SELECT RAISE(ABORT, 'stored_snapshots are never replaced'); END;
CREATE TRIGGER schedules_no_replace BEFORE INSERT ON schedules WHEN EXISTS (
  SELECT 1 FROM schedules t WHERE t.id = NEW.id
) BEGIN SELECT RAISE(ABORT, 'schedules are never replaced'); END;
CREATE TRIGGER reviews_no_replace BEFORE INSERT ON reviews WHEN EXISTS (
  SELECT 1 FROM reviews t WHERE t.id = NEW.id
) BEGIN SELECT RAISE(ABORT, 'reviews are never replaced'); END;
CREATE TRIGGER prunes_no_replace BEFORE INSERT ON prunes WHEN EXISTS (
  SELECT 1 FROM prunes t WHERE t.id = NEW.id
) BEGIN SELECT RAISE(ABORT, 'prunes are never replaced'); END;
CREATE TRIGGER pruned_snapshots_no_replace BEFORE INSERT ON pruned_snapshots WHEN EXISTS (
  SELECT 1 FROM pruned_snapshots t WHERE t.snapshot_id = NEW.snapshot_id
) BEGIN SELECT RAISE(ABORT, 'pruned_snapshots are never replaced'); END;
CREATE TRIGGER pruned_reports_no_replace BEFORE INSERT ON pruned_reports WHEN EXISTS (
  SELECT 1 FROM pruned_reports t WHERE t.run_id = NEW.run_id AND t.prune_id = NEW.prune_id
) BEGIN SELECT RAISE(ABORT, 'pruned_reports are never replaced'); END;
CREATE TRIGGER pruned_versions_no_replace BEFORE INSERT ON pruned_versions WHEN EXISTS (
  SELECT 1 FROM pruned_versions t WHERE t.organization_key = NEW.organization_key AND t.kind = NEW.kind AND t.id = NEW.id AND t.valid_from = NEW.valid_from
) BEGIN SELECT RAISE(ABORT, 'pruned_versions are never replaced'); END;
CREATE TRIGGER organization_versions_no_replace BEFORE INSERT ON organization_versions WHEN EXISTS (
  SELECT 1 FROM organization_versions t WHERE t.organization_key = NEW.organization_key AND t.id = NEW.id AND t.valid_from = NEW.valid_from
) BEGIN SELECT RAISE(ABORT, 'organization_versions are never replaced'); END;
CREATE TRIGGER policy_versions_no_replace BEFORE INSERT ON policy_versions WHEN EXISTS (
  SELECT 1 FROM policy_versions t WHERE t.organization_key = NEW.organization_key AND t.id = NEW.id AND t.valid_from = NEW.valid_from
) BEGIN SELECT RAISE(ABORT, 'policy_versions are never replaced'); END;
CREATE TRIGGER scim_versions_no_replace BEFORE INSERT ON scim_versions WHEN EXISTS (
  SELECT 1 FROM scim_versions t WHERE t.organization_key = NEW.organization_key AND t.id = NEW.id AND t.valid_from = NEW.valid_from
) BEGIN SELECT RAISE(ABORT, 'scim_versions are never replaced'); END;
CREATE TRIGGER sso_versions_no_replace BEFORE INSERT ON sso_versions WHEN EXISTS (
  SELECT 1 FROM sso_versions t WHERE t.organization_key = NEW.organization_key AND t.id = NEW.id AND t.valid_from = NEW.valid_from
) BEGIN SELECT RAISE(ABORT, 'sso_versions are never replaced'); END;
CREATE TRIGGER domain_versions_no_replace BEFORE INSERT ON domain_versions WHEN EXISTS (
  SELECT 1 FROM domain_versions t WHERE t.organization_key = NEW.organization_key AND t.id = NEW.id AND t.valid_from = NEW.valid_from
) BEGIN SELECT RAISE(ABORT, 'domain_versions are never replaced'); END;
CREATE TRIGGER member_versions_no_replace BEFORE INSERT ON member_versions WHEN EXISTS (
  SELECT 1 FROM member_versions t WHERE t.organization_key = NEW.organization_key AND t.id = NEW.id AND t.valid_from = NEW.valid_from
) BEGIN SELECT RAISE(ABORT, 'member_versions are never replaced'); END;
CREATE TRIGGER member_token_versions_no_replace BEFORE INSERT ON member_token_versions WHEN EXISTS (
  SELECT 1 FROM member_token_versions t WHERE t.organization_key = NEW.organization_key AND t.id = NEW.id AND t.valid_from = NEW.valid_from
) BEGIN SELECT RAISE(ABORT, 'member_token_versions are never replaced'); END;
CREATE TRIGGER finding_versions_no_replace BEFORE INSERT ON finding_versions WHEN EXISTS (
  SELECT 1 FROM finding_versions t WHERE t.organization_key = NEW.organization_key AND t.id = NEW.id AND t.valid_from = NEW.valid_from
) BEGIN SELECT RAISE(ABORT, 'finding_versions are never replaced'); END;
CREATE TRIGGER exception_versions_no_replace BEFORE INSERT ON exception_versions WHEN EXISTS (
  SELECT 1 FROM exception_versions t WHERE t.organization_key = NEW.organization_key AND t.id = NEW.id AND t.valid_from = NEW.valid_from
) BEGIN SELECT RAISE(ABORT, 'exception_versions are never replaced'); END;
CREATE TRIGGER carried_finding_versions_no_replace BEFORE INSERT ON carried_finding_versions WHEN EXISTS (
  SELECT 1 FROM carried_finding_versions t WHERE t.organization_key = NEW.organization_key AND t.id = NEW.id AND t.valid_from = NEW.valid_from
) BEGIN SELECT RAISE(ABORT, 'carried_finding_versions are never replaced'); END;
CREATE TRIGGER failed_findings_no_replace BEFORE INSERT ON failed_findings WHEN EXISTS (
  SELECT 1 FROM failed_findings t WHERE t.snapshot_id = NEW.snapshot_id AND t.id = NEW.id
) BEGIN SELECT RAISE(ABORT, 'failed_findings are never replaced'); END;
CREATE TRIGGER stored_changes_no_replace BEFORE INSERT ON stored_changes WHEN EXISTS (
  SELECT 1 FROM stored_changes t WHERE t.snapshot_id = NEW.snapshot_id AND t.number = NEW.number
) BEGIN SELECT RAISE(ABORT, 'stored_changes are never replaced'); END;
CREATE TRIGGER audit_log_readings_no_replace BEFORE INSERT ON audit_log_readings WHEN EXISTS (
  SELECT 1 FROM audit_log_readings t WHERE t.snapshot_id = NEW.snapshot_id
) BEGIN SELECT RAISE(ABORT, 'audit_log_readings are never replaced'); END;
CREATE TRIGGER audit_log_entries_no_replace BEFORE INSERT ON audit_log_entries WHEN EXISTS (
  SELECT 1 FROM audit_log_entries t WHERE t.snapshot_id = NEW.snapshot_id AND t.number = NEW.number
) BEGIN SELECT RAISE(ABORT, 'audit_log_entries are never replaced'); END;
CREATE TRIGGER stored_candidates_no_replace BEFORE INSERT ON stored_candidates WHEN EXISTS (
  SELECT 1 FROM stored_candidates t WHERE t.snapshot_id = NEW.snapshot_id AND t.change_number = NEW.change_number AND t.entry_number = NEW.entry_number
) BEGIN SELECT RAISE(ABORT, 'stored_candidates are never replaced'); END;
CREATE TRIGGER stored_exchanges_no_replace BEFORE INSERT ON stored_exchanges WHEN EXISTS (
  SELECT 1 FROM stored_exchanges t WHERE t.snapshot_id = NEW.snapshot_id AND t.number = NEW.number
) BEGIN SELECT RAISE(ABORT, 'stored_exchanges are never replaced'); END;
CREATE TRIGGER requests_no_replace BEFORE INSERT ON requests WHEN EXISTS (
  SELECT 1 FROM requests t WHERE t.id = NEW.id OR (t.method = NEW.method AND t.body = NEW.body)
) BEGIN SELECT RAISE(ABORT, 'requests are never replaced'); END;
CREATE TRIGGER responses_no_replace BEFORE INSERT ON responses WHEN EXISTS (
  SELECT 1 FROM responses t WHERE t.id = NEW.id OR t.sha256 = NEW.sha256
) BEGIN SELECT RAISE(ABORT, 'responses are never replaced'); END;

-- +goose Down
DROP VIEW exchanges; DROP VIEW exceptions; DROP VIEW carried_findings;
DROP VIEW findings; DROP VIEW change_candidates; DROP VIEW changes;
DROP VIEW member_history; DROP VIEW member_tokens; DROP VIEW current_members; DROP VIEW members;
DROP VIEW sso_configuration_history; DROP VIEW scim_configuration_history; DROP VIEW organization_details;
DROP VIEW organization_policies; DROP VIEW domain_verifications; DROP VIEW current_sso_configurations; DROP VIEW sso_configurations;
DROP VIEW current_scim_configurations; DROP VIEW scim_configurations; DROP VIEW whole_snapshots;
DROP VIEW snapshots; DROP VIEW heads; DROP VIEW runs;
DROP TABLE stored_exchanges; DROP TABLE responses; DROP TABLE requests;
DROP TABLE stored_candidates; DROP TABLE audit_log_entries; DROP TABLE audit_log_readings;
DROP TABLE stored_changes; DROP TABLE failed_findings; DROP TABLE carried_finding_versions;
DROP TABLE exception_versions; DROP TABLE finding_versions;
DROP TABLE member_token_versions; DROP TABLE member_versions; DROP TABLE domain_versions; DROP TABLE sso_versions;
DROP TABLE scim_versions; DROP TABLE policy_versions; DROP TABLE organization_versions;
DROP TABLE pruned_versions; DROP TABLE pruned_reports; DROP TABLE pruned_snapshots; DROP TABLE prunes; DROP TABLE reviews;
DROP TABLE schedules; DROP TABLE stored_snapshots; DROP TABLE organizations;
DROP TABLE rule_wordings; DROP TABLE rule_sets; DROP TABLE run_ends;
DROP TABLE run_starts; DROP TABLE databases; DROP TABLE ledger;
PRAGMA user_version = 0;
PRAGMA application_id = 0;
