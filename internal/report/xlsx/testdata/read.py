# Reads a workbook with openpyxl and prints what it found as JSON: for each sheet its rows as [type, text], its tables, and what is frozen.
import datetime
import json
import sys

import openpyxl
from openpyxl.utils.escape import unescape


def cell(value):
    if value is None:
        return None
    if isinstance(value, datetime.datetime):
        return ["date", (value + datetime.timedelta(microseconds=500000)).strftime("%Y-%m-%d %H:%M:%S")]
    if isinstance(value, (int, float)):
        return ["number", str(value)]
    return ["text", unescape(value)]  # ECMA-376 Part 1, 22.9.2.19, which openpyxl leaves to its caller


found = {}
for sheet in openpyxl.load_workbook(sys.argv[1]):
    found[sheet.title] = {
        "rows": [[cell(value) for value in row] for row in sheet.iter_rows(values_only=True)],
        "tables": [[table.ref, table.autoFilter.ref if table.autoFilter else ""] for table in sheet.tables.values()],
        "frozen": sheet.freeze_panes or "",
    }
json.dump(found, sys.stdout)
