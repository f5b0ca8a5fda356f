"""Usage segments are those of Microsoft's vivainsights library for the same weekly counts.

    python .ci/segments_check.py HOBBS [LAKE]

300 people over 35 weeks are drawn, so that all segments and their borders occur, and the SQL that hobbs prints is run
over them in DuckDB (metrics_check.py shows that hobbs and DuckDB agree). Then the segments that hobbs finds in a lake
are compared, from the lake's own weekly counts.
"""

import contextlib
import datetime
import io
import json
import os
import random
import re
import sys

import duckdb
import pandas
import pyarrow as pa
from vivainsights.identify_usage_segments import identify_usage_segments

from readers import Checks, hobbs

PEOPLE, WEEKS = 300, 35
SEGMENTS = {"Power User", "Habitual User", "Novice User", "Low User", "Non-user"}


def counts_of(person, weeks, chance):
    """Typed and clicked exchanges of a person, week by week."""
    kind = person % 10
    if kind == 0:
        return [0] * weeks
    if kind == 1:  # at the border of power: 15 a week, now and then one more or one less
        return [15 + chance.choice([-1, 0, 0, 1]) for _ in range(weeks)]
    if kind == 2:  # at the border of habit: about 9 of 12 weeks
        return [chance.choice([1, 1, 1, 0]) * chance.randint(1, 30) for _ in range(weeks)]
    if kind == 3:  # at the border of novice: about 12 in 12 weeks
        return [chance.choice([0, 0, 1, 3]) for _ in range(weeks)]
    if kind == 4:  # once, then never again
        return [1 if week == person % weeks else 0 for week in range(weeks)]
    if kind == 5:  # begins late
        return [0 if week < person % weeks else chance.randint(0, 40) for week in range(weeks)]
    level = chance.choice([0.2, 1, 3, 10, 20, 60])
    return [int(chance.expovariate(1 / level)) for _ in range(weeks)]


def vivainsights(rows):
    """Segments by person and week, from (person, week, count)."""
    data = pandas.DataFrame(rows, columns=["PersonId", "MetricDate", "asked"])
    data["MetricDate"] = pandas.to_datetime(data["MetricDate"])
    with contextlib.redirect_stdout(io.StringIO()):
        found = identify_usage_segments(data, metric="asked", version="12w", return_type="data")
    return {
        (row.PersonId, row.MetricDate.date().isoformat()): (
            row.UsageSegments_12w,
            row.UsageSegments_4w,
            row.target_metric_l12w,
            row.target_metric_l4w,
        )
        for row in found.itertuples()
    }


def compare(checks, what, ours, theirs):
    """`ours` and `theirs`: segments and averages by person and week."""
    checks.same(f"{what}: people and weeks", sorted(ours), sorted(theirs))
    different = [key for key in ours if ours[key][:2] != theirs.get(key, ("", ""))[:2]]
    checks.same(f"{what}: segments of {len(ours)} people and weeks", [(k, ours[k], theirs.get(k)) for k in different[:3]], [])
    # The library adds up and takes away as the window moves, so its averages carry what was rounded.
    far = [key for key in ours if any(abs(a - b) > 1e-9 for a, b in zip(ours[key][2:], theirs[key][2:]))]
    checks.same(f"{what}: averages", [(k, ours[k], theirs[k]) for k in far[:3]], [])


def by_key(columns, rows):
    at = {name: columns.index(name) for name in columns}
    return {
        (row[at["user_key"]], str(row[at["week"]])[:10]): (
            row[at["segment_12"]],
            row[at["segment_4"]],
            row[at["average_12"]],
            row[at["average_4"]],
        )
        for row in rows
    }


def drawn(checks, binary):
    """300 people, 35 weeks, in the last whole weeks of a window."""
    days = str(WEEKS * 7 + 6)
    sql = hobbs(binary, ".", "metrics", "show", "segments_by_user", "--days", days, "--sql")
    weeks = re.findall(r"\((\d+), DATE '([\d-]+)', 1\)", sql)[-WEEKS:]
    checks.same("whole weeks in the window", len(weeks), WEEKS)
    chance = random.Random(35)
    counts, exchanges = [], {"user_key": [], "week_number": [], "day": [], "verdict": []}
    for person in range(PEOPLE):
        for (number, monday), count in zip(weeks, counts_of(person, WEEKS, chance)):
            counts.append((person, monday, count))
            # What nobody asked for must not count.
            for verdict in ["typed", "clicked"] * (count // 2) + ["typed"] * (count % 2) + ["automatic", "unknown"]:
                exchanges["user_key"].append(person)
                exchanges["week_number"].append(int(number))
                exchanges["day"].append(datetime.date.fromisoformat(monday))
                exchanges["verdict"].append(verdict)
    connection = duckdb.connect()
    connection.register("exchanges", pa.table(exchanges))
    people = range(PEOPLE)
    connection.register(
        "users",
        pa.table(
            {
                "user_key": pa.array(people, pa.int64()),
                "user_id": [str(person) for person in people],
                "user_principal_name": [f"person{person}@example.com" for person in people],
                "department": pa.nulls(PEOPLE, pa.string()),
                "licensed": [True] * PEOPLE,
                "valid_from": [datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)] * PEOPLE,
                "valid_to": pa.nulls(PEOPLE, pa.timestamp("us", tz="UTC")),
            }
        ),
    )
    result = connection.execute(sql)
    ours = by_key([column[0] for column in result.description], result.fetchall())
    compare(checks, "drawn", ours, vivainsights(counts))
    for at, span in enumerate(["12", "4"]):
        checks.same(f"drawn: segments of {span} weeks that occur", {value[at] for value in ours.values()}, SEGMENTS)


def in_lake(checks, binary, lake):
    found = json.loads(
        hobbs(binary, lake, "metrics", "run", "segments_by_user", "--days", "730", "--format", "json")
    )
    columns = found["columns"]
    rows = [[row.get(column) for column in columns] for row in found["rows"]]
    at = [columns.index(name) for name in ("user_key", "week", "asked")]
    ours = by_key(columns, rows)
    checks.same("the lake has whole weeks", bool(ours), True)
    compare(checks, "in the lake", ours, vivainsights([tuple(row[column] for column in at) for row in rows]))


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit("usage: segments_check.py HOBBS [LAKE]")
    binary, lake = sys.argv[1], os.path.abspath(sys.argv[2]) if len(sys.argv) == 3 else None
    checks = Checks()
    drawn(checks, binary)
    if lake:
        in_lake(checks, binary, lake)
    checks.end("usage segments as vivainsights has them")


if __name__ == "__main__":
    main()
