#!/usr/bin/env python3
"""What whole commands take beside the least that the same work can take, measured in the same run.

    pip install duckdb duckdb-ext-delta deltalake pyarrow XlsxWriter
    python benches/floors.py HOBBS [--rows N] [--skip fetching,workbook]

| what | floor |
| --- | --- |
| fetching: requests a second of a sync over 130 s, pages taking 300 to 2,000 ms | the documented pace, 25 a second |
| ingest: CPU time of a first sync without throttling | serde_json reading the bytes of the same pages into any JSON, and Arrow's Parquet writer writing the rows that came of them, with the same compression |
| queries: CPU time of each metric, less that of starting and opening the lake | DuckDB running the same SQL over the same files |
| workbook: CPU time, rows drawn in memory | Python's XlsxWriter writing the same cells |

The first and the last of these need programs of this repository, which are built where they are missing.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request

import measure
from measure import FAST, Tenant, timed

HERE = os.path.dirname(os.path.abspath(__file__))
USERS = 300


def row(name, ours, floor, of_what):
    print(f"{name:44} {ours:>10} {floor:>10} {of_what}", flush=True)


def cpu_of(command):
    """CPU seconds of a process."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{command} ended with {os.waitstatus_to_exitcode(status)}")
    return usage.ru_utime + usage.ru_stime


def ask(url, token=None, form=None):
    request = urllib.request.Request(url, data=form and urllib.parse.urlencode(form).encode())
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request) as answer:
        return answer.read()


def save_pages(tenant, path):
    """The bytes that a sync reads: every page of every user, a line each."""
    names = tenant.environment
    form = {"client_id": names["AZURE_CLIENT_ID"], "client_secret": names["AZURE_CLIENT_SECRET"], "grant_type": "client_credentials", "scope": "https://graph.microsoft.com/.default"}
    token = json.loads(ask(f"{names['HOBBS_AUTHORITY_URL']}/{names['AZURE_TENANT_ID']}/oauth2/v2.0/token", form=form))["access_token"]
    graph = names["HOBBS_GRAPH_URL"] + "/v1.0"
    with open(path, "wb") as out:
        users = f"{graph}/users?$select=id&$top=999"
        while users:
            listing = json.loads(ask(users, token))
            users = listing.get("@odata.nextLink")
            for user in listing["value"]:
                page = f"{graph}/copilot/users/{user['id']}/interactionHistory/getAllEnterpriseInteractions?$top=100"
                while page:
                    body = ask(page, token)
                    out.write(body + b"\n")
                    page = json.loads(body).get("@odata.nextLink")


def ingest(hobbs, folder, rows):
    """Gives the lake, for what comes after."""
    import pyarrow.parquet
    from deltalake import DeltaTable

    lake, pages = os.path.join(folder, "lake"), os.path.join(folder, "pages.ndjson")
    tenant = Tenant(folder, "--no-truth", "--users", str(USERS), "--everyone-licensed", "--rows-a-user", str(rows // USERS), "--frozen", "--no-limits")
    text, _, cpu, _ = timed(tenant, lake, "sync", "--json", extra=FAST)
    save_pages(tenant, pages)
    tenant.end()
    summary = json.loads(text)
    example = ["cargo", "run", "--release", "--quiet", "--manifest-path", os.path.join(HERE, "criterion", "Cargo.toml"), "--example", "read_json", "--", pages]
    read = json.loads(subprocess.run(example, check=True, capture_output=True).stdout)
    table = DeltaTable(os.path.join(lake, "interactions")).to_pyarrow_table()
    if table.num_rows != summary["rows_new"]:
        raise SystemExit(f"{summary['rows_new']} rows were written, {table.num_rows} are there")
    writes = []
    for _ in range(3):
        before = time.process_time()
        pyarrow.parquet.write_table(table, os.path.join(folder, "floor.parquet"), compression="zstd")
        writes.append(time.process_time() - before)
    floor = read["seconds"] + min(writes)
    row(f"ingest of {summary['rows_new']:,} rows, s of CPU", f"{cpu:.2f}", f"{floor:.2f}", f"{cpu / floor:.2f} times: serde_json {read['seconds']:.2f} s for {read['bytes'] / 1e6:.0f} MB, Parquet {min(writes):.2f} s")
    return lake


def queries(hobbs, lake):
    import metrics

    results = metrics.measured(hobbs, lake, time.strftime("%Y-%m-%d"), 365, runs=3)
    _, start = next(results)
    row("start of a process, ms of CPU", f"{start * 1000:.0f}", "", "opening the lake; not in the lines below")
    ratios = []
    for name, ours, theirs in results:
        if theirs is None:
            raise SystemExit(f"{name}: {ours[1]}")
        engine = max(ours[1] - start, 0)
        ratios.append(engine / theirs[1])
        row(f"metric {name}, ms of CPU", f"{engine * 1000:.0f}", f"{theirs[1] * 1000:.0f}", f"{ratios[-1]:.2f} times DuckDB")
    row("metrics, the median", "", "", f"{statistics.median(ratios):.2f} times DuckDB")


def workbook(folder, rows):
    example = ["cargo", "build", "--release", "-p", "hobbs-report", "--example", "workbook_speed", "--message-format", "json"]
    built = subprocess.run(example, check=True, capture_output=True, text=True, cwd=os.path.dirname(HERE)).stdout
    messages = [json.loads(line) for line in built.splitlines() if line.startswith("{")]
    program = next(it["executable"] for it in messages if it.get("executable") and it["target"]["name"] == "workbook_speed")
    arguments = [str(rows), "100", os.path.join(folder, "out.xlsx")]
    ours = cpu_of([program, *arguments])
    floor = cpu_of([sys.executable, os.path.join(HERE, "workbook_xlsxwriter.py"), *arguments])
    row(f"workbook of {rows:,} rows, s of CPU", f"{ours:.2f}", f"{floor:.2f}", f"{ours / floor:.2f} times XlsxWriter")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("hobbs")
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--skip", default="", help="fetching, ingest (and queries with it), queries, workbook")
    asked = parser.parse_args()
    measure.HOBBS = hobbs = os.path.abspath(asked.hobbs)
    skipped = asked.skip.split(",")
    folder = tempfile.mkdtemp(prefix="hobbs-floors-")
    try:
        row("", "hobbs", "floor", "")
        if "ingest" not in skipped:
            lake = ingest(hobbs, folder, asked.rows)
            if "queries" not in skipped:
                queries(hobbs, lake)
        if "workbook" not in skipped:
            workbook(folder, asked.rows)
        if "fetching" not in skipped:
            place = os.path.join(folder, "fetching")
            os.mkdir(place)
            rate = measure.measure_rate(place)
            row("fetching, requests a second", f"{rate:.2f}", "25.00", f"{25 / rate:.3f} times the documented pace")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
