#!/usr/bin/env python3
"""Recompute every hash of an auditor database with Python's standard library. The format is in verification.md.

Usage: python3 verify.py auditor.db
Exit code 0: every hash matches. Exit code 1: the first one that does not is printed.
"""
import collections
import hashlib
import pathlib
import sqlite3
import sys
import zlib

CONTENT = ["organization", "policy", "scim", "sso", "domain", "member", "member_token"]
RECORDS = ["finding", "exception", "carried_finding"]
# Rows that belong to one snapshot each, in ROWS: the kind, the table or query, the sort order in the snapshot.
# Tables, and no views: whoever alters a row can alter a view to show the original.
EXCHANGES = """(SELECT x.snapshot_id, x.number, q.method, q.body AS request, x.status, x.duration_us, x.records, x.retries,
    strftime('%Y-%m-%dT%H:%M:%S', x.sent_ms / 1000, 'unixepoch') || printf('.%03d000000Z', x.sent_ms % 1000) AS sent_at,
    strftime('%Y-%m-%dT%H:%M:%SZ', x.server_date_s, 'unixepoch') AS server_date, a.sha256 AS response_sha256
    FROM stored_exchanges x JOIN requests q ON q.id = x.request_id JOIN responses a ON a.id = x.response_id)"""
SNAPSHOTS = """(SELECT s.*, (SELECT id FROM organizations WHERE key = s.organization_key) AS organization_id
    FROM stored_snapshots s)"""
ROWS = [("exchange", EXCHANGES, "number"), ("change", "stored_changes", "number"),
        ("audit_log", "audit_log_readings", "snapshot_id"), ("audit_log_entry", "audit_log_entries", "number"),
        ("candidate", "stored_candidates", "change_number, entry_number")]
# Facts in the ledger: the kind, the table or query, the column that row_id refers to.
FACTS = [("database", "databases", "id"), ("run_start", "run_starts", "id"), ("run_end", "run_ends", "run_id"),
         ("snapshot", SNAPSHOTS, "id"), ("schedule", "schedules", "id"), ("prune", "prunes", "id"),
         ("rule_set", "rule_sets", "id"), ("review", "reviews", "id")]
# Columns that are in no record: they say which snapshots show a row.
SHOWN_IN = ("organization_key", "snapshot_id", "valid_from", "valid_to", "row_sha256")


class Mismatch(Exception):
    """A stored value differs from the computed one."""


def netstring(value):
    data = str(value).encode("utf-8", "surrogateescape")
    return b"%d:%b," % (len(data), data)


def record(kind, row, without=()):
    """Return a row as bytes: its kind, the name and the value of each column that is not null, sorted by name, a line feed."""
    parts = [netstring(kind)]
    for name in sorted(row):
        if row[name] is not None and name not in without:
            parts += [netstring(name), netstring(row[name])]
    return b"".join(parts) + b"\n"


def rows(db, query, *arguments):
    cursor = db.execute(query, arguments)
    names = [column[0] for column in cursor.description]
    for values in cursor:
        yield dict(zip(names, values))


def expect(what, stored, computed):
    if stored != computed:
        raise Mismatch(f"{what}: stored {stored}, computed {computed}")


def checked_rows(db, kind, table, query, *arguments):
    """Yield the rows of a query; each must match its row_sha256."""
    for row in rows(db, query, *arguments):
        computed = hashlib.sha256(record(kind, row, SHOWN_IN)).hexdigest()
        expect(f"{table} row {row['id']}, snapshot {row.get('valid_from', row.get('snapshot_id'))}: row_sha256",
               row["row_sha256"].hex(), computed)
        yield row


def check_ledger(db):
    """Check that every link is the hash of the previous link and its fact, and that every fact has one link."""
    facts = {}
    for kind, table, key in FACTS:
        for row in rows(db, f"SELECT * FROM {table}"):
            facts[kind, row[key]] = row
    pruned = collections.defaultdict(list)
    for row in rows(db, "SELECT prune_id, snapshot_id FROM pruned_snapshots ORDER BY snapshot_id"):
        pruned[row["prune_id"]].append(str(row["snapshot_id"]))
    reports = collections.defaultdict(list)
    for row in rows(db, "SELECT * FROM pruned_reports ORDER BY run_id"):
        reports[row["prune_id"]].append(f"{row['run_id']} {row['folder']} {row['sums_sha256']}")
    number, chain = 0, ""
    for link in rows(db, "SELECT * FROM ledger ORDER BY number"):
        number += 1
        expect("number of a ledger link", link["number"], number)
        kind, row_id = link["kind"], link["row_id"]
        fact = facts.pop((kind, row_id), None)
        if fact is None:
            raise Mismatch(f"ledger link {number}: its fact, {kind} {row_id}, is missing or has another link")
        without = ()
        if kind in ("snapshot", "review"):
            expect(f"{kind} {row_id}: ledger_number", fact["ledger_number"], number)
        if kind == "snapshot":
            without = ("organization_key",)
        elif kind == "prune":
            fact["snapshots"] = ",".join(pruned[row_id])
            fact["reports"] = ",".join(reports[row_id])
        chain = hashlib.sha256(netstring(chain) + record(kind, fact, without)).hexdigest()
        expect(f"ledger link {number}, {kind} {row_id}", link["chain_sha256"], chain)
    for kind, row_id in facts:
        raise Mismatch(f"{kind} {row_id} has no link in the ledger")
    return number, chain


def check_rule_sets(db):
    for rule_set in list(rows(db, "SELECT * FROM rule_sets ORDER BY id")):
        digest = hashlib.sha256()
        for row in rows(db, "SELECT * FROM rule_wordings WHERE rule_set_id = ? ORDER BY rule_id", rule_set["id"]):
            digest.update(record("rule_wording", row, ("rule_set_id",)))
        expect(f"rule set {rule_set['id']}", rule_set["sha256"], digest.hexdigest())


def check_prunes(db):
    for prune in list(rows(db, "SELECT * FROM prunes ORDER BY id")):
        digest = hashlib.sha256()
        query = "SELECT * FROM pruned_versions WHERE prune_id = ? ORDER BY organization_key, kind, id, valid_from"
        for row in rows(db, query, prune["id"]):
            digest.update(record("pruned_version", row, ("prune_id",)))
        expect(f"prune {prune['id']}: versions_sha256", prune["versions_sha256"], digest.hexdigest())


def versions_of(db, key):
    """Return the versions of an organization by kind: (valid_from, valid_to, row_sha256), sorted by id."""
    versions = {}
    for kind in CONTENT + RECORDS:
        table = kind + "_versions"
        query = f"SELECT * FROM {table} WHERE organization_key = ? ORDER BY id, valid_from"
        versions[kind] = [(row["valid_from"], row["valid_to"] or float("inf"), row["row_sha256"])
                          for row in checked_rows(db, kind, table, query, key)]
    return versions


def update(digest, kind, hashes):
    digest.update(netstring(kind) + b"".join(hashes))


def content_of(snapshot, versions):
    digest = hashlib.sha256()
    for kind in CONTENT:
        not_assessed = {"sso": snapshot["sso_not_assessed"], "policy": snapshot["policies_not_assessed"],
                        "domain": snapshot["domains_not_assessed"], "member": snapshot["members_not_assessed"],
                        "member_token": snapshot["member_tokens_not_assessed"]}.get(kind)
        update(digest, kind, shown(snapshot, versions[kind]) if not_assessed is None else [])
    return digest.hexdigest()


def shown(snapshot, versions):
    return [sha256 for valid_from, valid_to, sha256 in versions if valid_from <= snapshot["id"] < valid_to]


def records_of(db, snapshot, versions):
    digest = hashlib.sha256()
    if snapshot["outcome"] == "complete":
        for kind in RECORDS:
            update(digest, kind, shown(snapshot, versions[kind]))
    else:
        query = "SELECT * FROM failed_findings WHERE snapshot_id = ? ORDER BY id"
        findings = checked_rows(db, "finding", "failed_findings", query, snapshot["id"])
        update(digest, "finding", [row["row_sha256"] for row in findings])
        update(digest, "exception", [])
        update(digest, "carried_finding", [])
    for kind, table, order in ROWS:
        for row in rows(db, f"SELECT * FROM {table} WHERE snapshot_id = ? ORDER BY {order}", snapshot["id"]):
            digest.update(record(kind, row, SHOWN_IN))
    return digest.hexdigest()


def check_snapshots(db):
    """Check the two hashes of every snapshot that is not pruned, one organization after the other."""
    checked = 0
    keys = [row["key"] for row in rows(db, "SELECT key FROM organizations ORDER BY key")]
    for key in [None] + keys:  # None: snapshots that failed before their organization was known
        versions = versions_of(db, key)
        query = """SELECT * FROM stored_snapshots
            WHERE organization_key IS ? AND id NOT IN (SELECT snapshot_id FROM pruned_snapshots) ORDER BY id"""
        for snapshot in list(rows(db, query, key)):
            checked += 1
            if snapshot["outcome"] == "complete":
                expect(f"snapshot {snapshot['id']}: content_sha256", snapshot["content_sha256"], content_of(snapshot, versions))
            expect(f"snapshot {snapshot['id']}: records_sha256", snapshot["records_sha256"], records_of(db, snapshot, versions))
    return checked


def check_responses(db):
    checked = 0
    for response in rows(db, "SELECT sha256, body FROM responses WHERE body IS NOT NULL ORDER BY id"):
        expect("response", response["sha256"], hashlib.sha256(zlib.decompress(response["body"])).hexdigest())
        checked += 1
    return checked


def main():
    path = pathlib.Path(sys.argv[1]).resolve()
    db = sqlite3.connect(path.as_uri() + "?mode=ro", uri=True)
    db.text_factory = lambda data: data.decode("utf-8", "surrogateescape")
    try:
        links, head = check_ledger(db)
        check_rule_sets(db)
        check_prunes(db)
        snapshots = check_snapshots(db)
        responses = check_responses(db)
    except (Mismatch, sqlite3.Error, zlib.error) as problem:
        print(problem)
        return 1
    print(f"Every hash matches: {links} links in the ledger, {snapshots} snapshots that are not pruned, {responses} responses.")
    print(f"The newest link is {head or 'none'}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
