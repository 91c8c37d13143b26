#!/usr/bin/env python3
"""Recompute every hash of an auditor database, with Python's standard library alone. The format is in verification.md.

Usage: python3 verify.py auditor.db        exits with 0 when every hash holds, with 1 when one does not.
"""
import hashlib
import pathlib
import sqlite3
import sys
import zlib

CONTENT = [("organization", "organization_details", "id"), ("policies", "organization_policies", "id"),
           ("scim", "scim_configurations", "id"), ("sso", "sso_configurations", "id")]
RECORDS = [("exchange", "exchanges", "number"), ("change", "changes", "number"), ("finding", "findings", "fingerprint"),
           ("audit_log", "audit_log_readings", "snapshot_id"), ("audit_log_entry", "audit_log_entries", "number"),
           ("candidate", "stored_candidates", "change_number, entry_number"), ("exception", "exceptions", "number"),
           ("finding_exception", "finding_exceptions", "fingerprint"), ("carried_finding", "carried_findings", "fingerprint")]
NOT_HASHED = {"snapshot_id", "taken_at", "organization_id", "organization_name", "baseline_id", "sso_configuration_name", "days_open"}
RUN = ["id", "started_at", "scheduled_for", "trigger", "tool_version", "host"]


def netstring(value):
    data = str(value).encode()
    return str(len(data)).encode() + b":" + data + b","


def record(kind, row):
    """A row as bytes: its kind, then the name and the value of each column that is not null, sorted by name, then a line feed."""
    pairs = ((name, row[name]) for name in sorted(row) if row[name] is not None)
    return netstring(kind) + b"".join(netstring(name) + netstring(value) for name, value in pairs) + b"\n"


def rows(db, query, *arguments):
    cursor = db.execute(query, arguments)
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row)) for row in cursor]


def digest(db, views, snapshot_id):
    total = hashlib.sha256()
    for kind, view, order in views:
        for row in rows(db, f"SELECT * FROM {view} WHERE snapshot_id = ? ORDER BY {order}", snapshot_id):
            total.update(record(kind, {name: value for name, value in row.items() if name not in NOT_HASHED}))
    return total.hexdigest()


def chain(db, previous, header):
    run = rows(db, f"SELECT {', '.join(RUN)} FROM runs WHERE id = ?", header["run_id"])[0]
    own = {name: value for name, value in header.items() if name not in ("chain_sha256", "pruned_at")}
    return hashlib.sha256(netstring(previous) + record("run", run) + record("snapshot", own)).hexdigest()


def check(db):
    """Yield a line for each hash that does not hold."""
    previous = ""
    for header in rows(db, "SELECT * FROM snapshots ORDER BY id"):
        expected = {"chain_sha256": chain(db, previous, header)}
        if header["pruned_at"] is None:
            expected["records_sha256"] = digest(db, RECORDS, header["id"])
            if header["outcome"] == "complete":
                expected["content_sha256"] = digest(db, CONTENT, header["id"])
        for name, value in sorted(expected.items()):
            if header[name] != value:
                yield f"snapshot {header['id']}: {name}: the database says {header[name]}, it comes to {value}"
        previous = header["chain_sha256"]
    for answer in db.execute("SELECT sha256, body FROM responses WHERE body IS NOT NULL ORDER BY sha256"):
        if hashlib.sha256(zlib.decompress(answer[1])).hexdigest() != answer[0]:
            yield f"answer {answer[0]}: its bytes are others"


def main():
    path = pathlib.Path(sys.argv[1]).resolve()
    db = sqlite3.connect(path.as_uri() + "?mode=ro", uri=True)
    problems = list(check(db))
    for line in problems:
        print(line)
    count = db.execute("SELECT count(*) FROM snapshots").fetchone()[0]
    print(f"{count} snapshots, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
