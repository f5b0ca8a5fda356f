#!/usr/bin/env python3
"""Cost against size: seconds and peak memory of each command, for lakes of many sizes.

    python3 benches/growth.py HOBBS [--small] [--sizes 10000,100000] [--users 100,1000] [--out FOLDER] [--runs N]

Two axes: interactions (10⁴ to 10⁷ of 1,000 users) and users (10² to 2·10⁵ with 6 interactions each). A size that stands
whole in FOLDER/growth.csv is not measured again, so that a run can be resumed, or one size be measured at a time; --small
takes the two smallest of each axis. At the end FOLDER/growth-interactions.svg and growth-users.svg are drawn of all that
stands there; each line says with which power of the size its cost grows from the second largest size to the largest.
Needs Python 3.9 and nothing else. 10⁷ interactions take some 20 GB of disk and hours.
"""

import argparse
import csv
import json
import os
import shutil
import tempfile
import time

import measure
import plot
from measure import FAST, Tenant, new_rows_file, timed

SIZES = {"interactions": [10_000, 100_000, 1_000_000, 10_000_000], "users": [100, 1_000, 10_000, 100_000, 200_000]}
USERS, ROWS_A_USER = 1_000, 6
COLUMNS = ["axis", "size", "step", "seconds", "cpu_seconds", "memory_bytes", "rows"]
# In the plots' panels; metrics have one of their own.
PANELS = [
    ("Sync and derivation", ["first sync", "derive all"]),
    ("What a day brings", ["sync, nothing new", "import of 1,000 new rows"]),
    ("Reports", ["report", "page", "workbook"]),
]
METRICS_SHOWN = 6


def tenant(axis, size, folder):
    users, rows_a_user = (USERS, size // USERS) if axis == "interactions" else (size, ROWS_A_USER)
    flags = ["--users", str(users), "--everyone-licensed", "--rows-a-user", str(rows_a_user), "--frozen", "--no-limits"]
    return Tenant(folder, "--no-truth", *flags), users


def least(runs, measured):
    """The run with the least CPU time: other work on the machine shows less in it than in seconds."""
    return min((measured(run) for run in range(runs)), key=lambda result: result[2])


def measured(axis, size, runs, folder):
    """Yields (step, seconds, CPU seconds, memory in bytes, rows) of one size."""
    lake = os.path.join(folder, "lake")
    serving, users = tenant(axis, size, folder)
    everyone = os.path.join(folder, "hobbs.toml")
    with open(everyone, "w", encoding="utf-8") as file:
        file.write('[sync]\nask = "everyone"\n')
    settings = {**FAST, "HOBBS_CONFIG": everyone}

    def sync(_):
        text, *cost = timed(serving, lake, "sync", "--json", extra=settings)
        return json.loads(text)["rows_new"], *cost

    def step(name, result):
        rows, seconds, cpu, memory = result
        return name, seconds, cpu, memory, rows

    def run(*arguments):
        return least(runs, lambda _: (None, *timed(None, lake, *arguments)[1:]))

    first = sync(0)
    yield step("first sync", first)
    yield step("sync, nothing new", least(runs, sync))
    serving.end()
    yield step("optimize", (None, *timed(None, lake, "lake", "optimize")[1:]))
    files = [new_rows_file(folder, at, users) for at in range(runs)]
    yield step("import of 1,000 new rows", least(runs, lambda at: (1000, *timed(serving, lake, "import", files[at], "--json")[1:])))
    yield step("derive all", (None, *timed(None, lake, "rules", "apply", "--full", "--json")[1:]))
    yield step("report", run("report", "--json"))
    yield step("page", run("report", "-o", os.path.join(folder, "r.html")))
    yield step("workbook", run("report", "-o", os.path.join(folder, "r.xlsx")))
    yield step("start", run("query", "SELECT 1", "--format", "json"))
    for metric in json.loads(timed(None, lake, "metrics", "list", "--json")[0]):
        yield step(f"metric {metric['name']}", run("metrics", "run", metric["name"], "--format", "json"))


def numbers(text):
    return [int(number) for number in text.split(",") if number]


def read(path):
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def write(path, rows):
    staged = path + ".new"
    with open(staged, "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    os.replace(staged, path)


def draw(rows, axis, path):
    rows = [row for row in rows if row["axis"] == axis]
    steps = {}
    for row in rows:
        steps.setdefault(row["step"], []).append(row)

    def lines(names, column, scale):
        lines = {name: [(int(row["size"]), max(float(row[column]) * scale, 1e-3)) for row in steps.get(name, [])] for name in names}
        return {name.removeprefix("metric "): sorted(line) for name, line in lines.items() if line}

    largest = max(int(row["size"]) for row in rows)
    slowest = [(float(row["seconds"]), row["step"]) for row in rows if row["step"].startswith("metric ") and int(row["size"]) == largest]
    slowest = [name for _, name in sorted(slowest, reverse=True)[:METRICS_SHOWN]]
    groups = [*PANELS, ("Metrics: the slowest at the largest size", [*slowest, "start"])]
    panels = [(name, "s", lines(names, "seconds", 1)) for name, names in groups]
    everything = [name for _, names in PANELS for name in names]
    panels.append(("Peak memory", "MB", lines(everything, "memory_bytes", 1e-6)))
    with open(path, "w", encoding="utf-8") as file:
        file.write(plot.svg(f"Cost against {axis}; at each line its exponent", panels))


def table(rows, axis):
    """Every step with its seconds at each size, and the exponent."""
    steps = {}
    for row in rows:
        if row["axis"] == axis:
            steps.setdefault(row["step"], []).append((int(row["size"]), float(row["seconds"]), int(row["memory_bytes"])))
    for step, points in steps.items():
        points.sort()
        slopes = [plot.exponent([(size, point[at]) for size, *point in points]) for at in (0, 1)]
        cells = "".join(f" {size:>11,}: {seconds:8.2f} s {memory / 1e6:6.0f} MB" for size, seconds, memory in points)
        ends = "" if slopes[0] is None else f"  exponents {slopes[0]:5.2f} and {slopes[1]:5.2f}"
        print(f"{step:38}{cells}{ends}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("hobbs")
    parser.add_argument("--small", action="store_true")
    parser.add_argument("--sizes", type=numbers)
    parser.add_argument("--users", type=numbers)
    parser.add_argument("--out", default="growth")
    parser.add_argument("--runs", type=int, default=3)
    asked = parser.parse_args()
    measure.HOBBS = os.path.abspath(asked.hobbs)
    os.makedirs(asked.out, exist_ok=True)
    path = os.path.join(asked.out, "growth.csv")
    # Naming sizes of one axis measures that one alone.
    wanted = {"interactions": asked.sizes, "users": asked.users}
    if asked.sizes is None and asked.users is None:
        wanted = {axis: sizes[:2] if asked.small else sizes for axis, sizes in SIZES.items()}
    for axis, sizes in wanted.items():
        for size in sizes or []:
            kept = read(path)
            if any(row["axis"] == axis and row["size"] == str(size) for row in kept):
                print(f"-- {size:,} {axis}: measured already", flush=True)
                continue
            print(f"-- {size:,} {axis}", flush=True)
            folder, rows, began = tempfile.mkdtemp(prefix="hobbs-growth-"), [], time.monotonic()
            try:
                for step, seconds, cpu, memory, count in measured(axis, size, asked.runs, folder):
                    rows.append(dict(zip(COLUMNS, (axis, size, step, f"{seconds:.3f}", f"{cpu:.3f}", memory, count))))
                    print(f"   {step}: {seconds:.2f} s, {cpu:.2f} s of CPU, {memory / 1e6:.0f} MB{'' if count is None else f', {count:,} rows'}", flush=True)
            finally:
                shutil.rmtree(folder, ignore_errors=True)
            # A size stands there whole or not at all.
            write(path, [*kept, *rows])
            print(f"   {time.monotonic() - began:.0f} s in all", flush=True)
    rows = read(path)
    for axis in SIZES:
        if any(row["axis"] == axis for row in rows):
            print(f"\n{axis}")
            table(rows, axis)
            draw(rows, axis, os.path.join(asked.out, f"growth-{axis}.svg"))


if __name__ == "__main__":
    main()
