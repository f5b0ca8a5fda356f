"""Measures every metric in hobbs against DuckDB on the same Delta tables, side by side.

    pip install duckdb duckdb-ext-delta deltalake
    python benches/metrics.py HOBBS LAKE LAST_DAY DAYS [--by SLICE] [--runs N] [NAME ...]

Runs of the two alternate, and the least of each is taken. Each run of either is a process of its own, so that both pay
for the first reading of footers and pages. Of hobbs all of it counts: start, opening of the lake, planning, running,
JSON; "less start" is without what `hobbs query "SELECT 1"` takes. DuckDB's time begins when it is connected and has its
views, with two threads and the tables' Parquet files by name, and ends with an Arrow table; "warm" is the same query
asked of it a second time. CPU time is shown besides, since other work on the machine shows less in it. PASS: under 1 s,
and less start under 1.3 times DuckDB.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time

from deltalake import DeltaTable

SECONDS_MOST, RATIO_MOST = 1.0, 1.3


def process(command):
    """Seconds and CPU seconds of a process."""
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    result = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    seconds = time.perf_counter() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if result.returncode != 0:
        return None, result.stderr.strip().splitlines()[-1]
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


IN_DUCKDB = """
import json, sys, time
import duckdb
views, sql = json.load(sys.stdin)
connection = duckdb.connect()
for statement in ["SET threads = 2", "CREATE TABLE nothing AS SELECT 1", *views]:
    connection.execute(statement)
connection.execute("SELECT * FROM nothing").fetch_arrow_table()
times = []
for _ in range(2):
    started, cpu = time.perf_counter(), time.process_time()
    connection.execute(sql).fetch_arrow_table()
    times.append((time.perf_counter() - started, time.process_time() - cpu))
json.dump(times, sys.stdout)
"""


def in_duckdb(views, sql):
    """Seconds and CPU seconds of a query in a DuckDB that has just begun, and seconds of the same asked again."""
    child = subprocess.run([sys.executable, "-c", IN_DUCKDB], input=json.dumps([views, sql]), capture_output=True, text=True, check=True)
    (seconds, cpu), (warm, _) = json.loads(child.stdout)
    return seconds, cpu, warm


def measured(hobbs, lake, last_day, days, by=None, runs=5, names=()):
    """Yields what the start of a process takes; then of each metric (name, ours, theirs). All are the least seconds and
    CPU seconds of all runs (of theirs, the seconds of a second query too), or, of ours, None and an error."""
    start_of = [hobbs, "--lake", lake, "--quiet"]
    window = ["--to", last_day, "--days", str(days), *(["--by", by] if by else [])]
    views = []
    for table in ["exchanges", "conversations", "resources", "users"]:
        files = DeltaTable(os.path.join(lake, table)).file_uris()
        views.append(f"CREATE VIEW {table} AS SELECT * FROM read_parquet({files})")
    yield tuple(map(min, zip(*(process([*start_of, "query", "SELECT 1", "--format", "json"]) for _ in range(runs)))))
    metrics = json.loads(subprocess.run([*start_of, "metrics", "list", "--json"], check=True, capture_output=True).stdout)
    for metric in metrics:
        name = metric["name"]
        if (names and name not in names) or (by and by not in metric["slices"]):
            continue
        show = [*start_of, "metrics", "show", name, *window, "--sql"]
        sql = subprocess.run(show, check=True, capture_output=True, text=True).stdout
        ours, theirs = [], []
        for _ in range(runs):
            ours.append(process([*start_of, "metrics", "run", name, *window, "--format", "json"]))
            theirs.append(in_duckdb(views, sql))
        if any(seconds is None for seconds, _ in ours):
            yield name, ours[0], None
            continue
        yield name, tuple(map(min, zip(*ours))), tuple(map(min, zip(*theirs)))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("hobbs")
    parser.add_argument("lake")
    parser.add_argument("last_day")
    parser.add_argument("days")
    parser.add_argument("--by")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("names", nargs="*")
    asked = parser.parse_intermixed_args()
    results = measured(asked.hobbs, os.path.abspath(asked.lake), asked.last_day, asked.days, asked.by, asked.runs, asked.names)
    start, _ = next(results)
    print(f"start of the process and opening of the lake: {start * 1000:.0f} ms")
    print(f"{'':26} {'hobbs':>7} {'cpu':>7} {'less start':>10} {'DuckDB':>7} {'cpu':>7} {'warm':>7}  ratio  of cpu")
    failed = 0
    for name, ours, theirs in results:
        if theirs is None:
            failed += 1
            print(f"{name:26} FAIL: {ours[1]}", flush=True)
            continue
        (seconds, cpu), (duck_seconds, duck_cpu, duck_warm) = ours, theirs
        engine = seconds - start
        passed = seconds < SECONDS_MOST and engine < RATIO_MOST * duck_seconds
        failed += not passed
        print(
            f"{name:26} {seconds * 1000:7.0f} {cpu * 1000:7.0f} {engine * 1000:10.0f} {duck_seconds * 1000:7.0f}"
            f" {duck_cpu * 1000:7.0f} {duck_warm * 1000:7.0f} {engine / duck_seconds:6.2f} {cpu / duck_cpu:7.2f}  {'PASS' if passed else 'FAIL'}",
            flush=True,
        )
    print(f"{failed} missed their figure")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
