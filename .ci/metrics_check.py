"""Runs each metric by each slice in hobbs, and the SQL that hobbs prints in DuckDB over the same Delta tables.

    python .ci/metrics_check.py HOBBS LAKE [NAME ...]

Every value must be the same, to the last digit.
"""

import datetime
import json
import os
import sys

from lake_check import duckdb_with_delta
from readers import Checks, hobbs

# A window that holds everything.
WHOLE = ["--days", "400"]


def plain(value):
    """A value of DuckDB as JSON has it."""
    if isinstance(value, (datetime.date, datetime.datetime)):
        return value.isoformat()
    return value


def compare(checks, binary, lake, connection, metric, arguments):
    name = metric["name"]
    what = " ".join([name, *arguments])
    found = json.loads(hobbs(binary, lake, "metrics", "run", name, *arguments, "--format", "json"))
    sql = hobbs(binary, lake, "metrics", "show", name, *arguments, "--sql")
    try:
        result = connection.execute(sql)
    except Exception as error:  # any objection of DuckDB is a difference
        checks.same(f"{what}: runs in DuckDB", str(error), "")
        return 0
    columns = [column[0] for column in result.description]
    rows = [[plain(value) for value in row] for row in result.fetchall()]
    checks.same(f"{what}: columns", found["columns"], columns)
    # JSON leaves nulls out.
    ours = [[row.get(column) for column in columns] for row in found["rows"]]
    checks.same(f"{what}: number of rows", len(ours), len(rows))
    for number, (here, there) in enumerate(zip(ours, rows)):
        if here != there:
            checks.same(f"{what}: row {number + 1}", here, there)
            return len(rows)
    checks.same(f"{what}: rows", True, True)
    grain = [column for column in metric["grain"] if column in columns]
    keys = {tuple(row[columns.index(column)] for column in grain) for row in rows}
    checks.same(f"{what}: one row for each {', '.join(grain) or 'metric'}", len(keys), len(rows))
    return len(rows)


def main():
    if len(sys.argv) < 3:
        sys.exit("usage: metrics_check.py HOBBS LAKE [NAME ...]")
    binary, lake, names = sys.argv[1], os.path.abspath(sys.argv[2]), sys.argv[3:]
    checks = Checks()
    connection = duckdb_with_delta()
    for table in ["exchanges", "conversations", "resources", "users"]:
        path = os.path.join(lake, table)
        connection.execute(f"CREATE VIEW {table} AS SELECT * FROM delta_scan('{path}')")
    metrics = json.loads(hobbs(binary, lake, "metrics", "list", "--json"))
    rows, empty = 0, []
    for metric in metrics:
        if names and metric["name"] not in names:
            continue
        ways = [[], WHOLE, *(["--by", slice, *WHOLE] for slice in metric["slices"])]
        counts = [compare(checks, binary, lake, connection, metric, arguments) for arguments in ways]
        rows += sum(counts)
        if max(counts) == 0:
            empty.append(metric["name"])
    # Two empty results are the same, and show nothing.
    checks.same("metrics without any row", empty, [])
    checks.end(f"metrics in DuckDB ({rows} rows)")


if __name__ == "__main__":
    main()
