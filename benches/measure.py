#!/usr/bin/env python3
"""Measures the figures of docs/measurements.md against the simulated tenant over real HTTP.

    python3 benches/measure.py HOBBS [NAME ...]

HOBBS is the built program (cargo build --release). Without names all measures run. Needs Python 3.9
and nothing else. Each measure prints what was found and ends with PASS or FAIL against its figure.
"""

import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HOBBS = None
FAILED = []


class Tenant:
    """A simulated tenant in a process of its own."""

    def __init__(self, folder, *flags):
        self.truth_file = os.path.join(folder, "truth.ndjson")
        command = [HOBBS, "tenant", "--json", "--port", "0", *flags]
        if "--no-truth" in flags:
            command.remove("--no-truth")
        else:
            command += ["--truth", self.truth_file]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        text = ""
        while True:
            text += self.process.stdout.readline()
            try:
                self.environment = json.loads(text)
                break
            except json.JSONDecodeError:
                if self.process.poll() is not None:
                    raise SystemExit("the tenant did not start")

    def truth(self):
        with open(self.truth_file, encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def end(self):
        """Ends the tenant and gives what it counted."""
        self.process.send_signal(signal.SIGINT)
        text, _ = self.process.communicate(timeout=30)
        return json.loads(text.strip().splitlines()[-1])


def hobbs(tenant, lake, *arguments, check=True, extra=None):
    environment = {**os.environ, **(tenant.environment if tenant else {}), "HOBBS_LAKE": lake, **(extra or {})}
    result = subprocess.run([HOBBS, *arguments], env=environment, capture_output=True, text=True, cwd=os.path.dirname(lake))
    if check and result.returncode not in (0, 3):
        raise SystemExit(f"hobbs {arguments} ended with {result.returncode}: {result.stderr}")
    return result


# Between this process and the one that is measured: a child begins with the memory of whom it is a child of, and its
# peak counts that in.
MEASURER = """
import json, os, sys, time
start = time.monotonic()
pid = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
_, status, usage = os.wait4(pid, 0)
wall = time.monotonic() - start
with open(sys.argv[1], "w") as out:
    json.dump([os.waitstatus_to_exitcode(status), wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024], out)
"""


def timed(tenant, lake, *arguments, extra=None):
    """Runs hobbs; gives the result, wall seconds, CPU seconds, and the peak of its memory in bytes."""
    environment = {**os.environ, **(tenant.environment if tenant else {}), "HOBBS_LAKE": lake, **(extra or {})}
    with tempfile.TemporaryFile("w+") as out, tempfile.NamedTemporaryFile("r") as cost:
        subprocess.run([sys.executable, "-S", "-c", MEASURER, cost.name, HOBBS, *arguments], env=environment, stdout=out, stderr=subprocess.DEVNULL, cwd=os.path.dirname(lake))
        code, wall, cpu, memory = json.load(cost)
        out.seek(0)
        text = out.read()
    if code not in (0, 3):
        raise SystemExit(f"hobbs {arguments} ended with {code}")
    return text, wall, cpu, memory


def keys_of_lake(lake):
    result = hobbs(None, lake, "query", "SELECT user_id, session_id, interaction_id, etag, content_chars FROM interactions", "--format", "ndjson")
    return [(row["user_id"], row["session_id"], row["interaction_id"]) for row in map(json.loads, result.stdout.splitlines())]


def compare(truth, lake, without=()):
    """Rows lost, extra and twice; users of `without` may lack rows, but have none that are not true."""
    true = [(item["user_id"], item["session_id"], item["id"]) for item in truth]
    found = keys_of_lake(lake)
    lost = {key for key in set(true) - set(found) if key[0] not in without}
    return len(lost), len(set(found) - set(true)), len(found) - len(set(found))


def verdict(name, passed, text):
    print(f"{name}: {text}: {'PASS' if passed else 'FAIL'}", flush=True)
    if not passed:
        FAILED.append(name)


def least_requests(truth, users_asked):
    rows = {}
    for item in truth:
        rows[item["user_id"]] = rows.get(item["user_id"], 0) + 1
    return sum((count + 99) // 100 for count in rows.values()) + users_asked - len(rows)


def measure_truth(folder):
    """300 users, 20,000 rows, documented limits: nothing lost; and the same sync again."""
    lake = os.path.join(folder, "lake")
    tenant = Tenant(folder, "--users", "300", "--rows", "20000", "--frozen")
    first = json.loads(hobbs(tenant, lake, "sync", "--json").stdout)
    lost, extra, twice = compare(tenant.truth(), lake)
    rows = first["rows_new"]
    verdict("rows after a sync of 300 users", (lost, extra, twice) == (0, 0, 0), f"{rows} rows, {lost} lost, {extra} extra, {twice} twice")
    least = least_requests(tenant.truth(), first["users_asked"])
    ratio = first["requests_for_interactions"] / least
    verdict("requests of the first sync", ratio <= 1.1, f"{first['requests_for_interactions']} requests, the least possible {least}: {ratio:.3f} times")
    second = json.loads(hobbs(tenant, lake, "sync", "--json").stdout)
    passed = second["rows_new"] == 0 and second["requests_for_interactions"] <= second["users_asked"]
    verdict("a second sync", passed, f"{second['rows_new']} new rows, {second['requests_for_interactions']} requests for {second['users_asked']} users")
    tenant.end()


FAULTS = {
    "throttle_seconds": 0.05, "throttle_date": 0.05, "throttle_bare": 0.05, "error_500": 0.1, "bad_gateway_html": 0.1,
    "unavailable_503": 0.1, "timeout_504": 0.1, "cut_body": 0.1, "truncated_json": 0.1, "reset": 0.1, "expired_token": 0.1,
    "hang": 0.005, "token_unavailable": 0.2, "null_item": 0.05, "no_time": 0.05, "time_in_id": 0.05, "no_id": 0.05, "repeated_item": 0.3, "unknown_kind": 0.05,
    "odd_fields": 0.1, "filter_refused": 0.2, "foreign_next_link": 0.1, "license_removed": 0.1,
}


def measure_faults(folder):
    """The same with each fault by itself, then all together at lower rates."""
    cases = [(name, {name: rate}) for name, rate in FAULTS.items()]
    cases.append(("all", {name: rate / 6 for name, rate in FAULTS.items()}))
    for name, faults in cases:
        place = os.path.join(folder, name)
        os.makedirs(place)
        lake = os.path.join(place, "lake")
        flags = [flag for fault, rate in faults.items() for flag in ("--fault", f"{fault}={rate:.3f}")]
        with open(os.path.join(place, "hobbs.toml"), "w", encoding="utf-8") as file:
            file.write("[limits]\nrequest_timeout_s = 3\n[tenants.simulated]\n")
        # Only histories of several pages have links to follow and licenses to lose on the way.
        pages = name in ("filter_refused", "foreign_next_link", "license_removed", "all")
        volume = ("--rows-a-user", "250") if pages else ("--rows", "6000")
        tenant = Tenant(place, "--users", "60", *volume, "--frozen", *flags)
        result = hobbs(tenant, lake, "sync", "--json", extra={"HOBBS_CONFIG": os.path.join(place, "hobbs.toml")})
        summary = json.loads(result.stdout)
        failed = {user["user_id"] for user in summary["failed"]}
        lost, extra, twice = compare(tenant.truth(), lake, without=failed)
        expected_code = 3 if failed or summary["unkept"] else 0
        passed = (lost, extra, twice) == (0, 0, 0) and result.returncode == expected_code
        verdict(f"fault {name}", passed, f"{summary['rows_new']} rows, {lost} lost, {extra} extra, {twice} twice; {len(failed)} users named, exit code {result.returncode}; {summary['requests']} requests, {sum(u['count'] for u in summary['unkept'])} items unkept")
        tenant.end()


def measure_kill(folder):
    """kill -9 at 50 random moments, then one sync."""
    seed = 7
    moments = random.Random(seed)
    lake = os.path.join(folder, "lake")
    tenant = Tenant(folder, "--users", "300", "--rows", "20000", "--frozen", "--latency-ms", "20-60")
    environment = {**os.environ, **tenant.environment, "HOBBS_LAKE": lake}
    ended = 0
    for _ in range(50):
        process = subprocess.Popen([HOBBS, "sync", "--full", "--quiet"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(moments.uniform(0.05, 14))
        ended += process.poll() is not None
        process.kill()
        process.wait()
    summary = json.loads(hobbs(tenant, lake, "sync", "--json").stdout)
    lost, extra, twice = compare(tenant.truth(), lake)
    verdict("kill -9 at 50 random moments, then one sync", (lost, extra, twice) == (0, 0, 0), f"{lost} lost, {extra} extra, {twice} twice; {ended} had ended before the kill; the last sync added {summary['rows_new']} rows and repaired {summary['repaired']} commits")
    tenant.end()


def measure_rate(folder):
    """Two minutes at 300 to 2,000 ms a page."""
    lake = os.path.join(folder, "lake")
    tenant = Tenant(folder, "--no-truth", "--users", "4000", "--everyone-licensed", "--rows-a-user", "90", "--frozen", "--latency-ms", "300-2000")
    environment = {**os.environ, **tenant.environment, "HOBBS_LAKE": lake}
    process = subprocess.Popen([HOBBS, "sync", "--json"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    start = time.monotonic()
    time.sleep(130)
    process.send_signal(signal.SIGINT)
    stopped = time.monotonic()
    text, _ = process.communicate(timeout=60)
    ending = time.monotonic() - stopped
    summary = json.loads(text)
    statistics = tenant.end()
    seconds = stopped - start
    requests = statistics["requests_by_route"]["history"]
    share = statistics["answers_by_status"].get("429", 0) / max(1, requests)
    rate = requests / seconds
    verdict("sustained rate", rate >= 0.97 * 25 and share < 0.005, f"{requests} requests in {seconds:.1f} s from the start of the process: {rate:.2f} a second ({rate / 25:.1%} of 25); {share:.2%} answered 429; most in a second {statistics['peaks']['in_a_second']}")
    verdict("an interrupted sync ends in order", ending < 5 and summary["status"] == "partial", f"after {ending:.1f} s, exit code {process.returncode}")
    return rate


def measure_heavy(folder):
    """One user with 5,000 rows at 500 ms a page."""
    tenant = Tenant(folder, "--users", "1", "--everyone-licensed", "--rows-a-user", "5000", "--history-days", "90", "--frozen", "--latency-ms", "500")
    user = tenant.truth()[0]["user_id"]
    for name, flags in (("all history", ()), ("90 days", ("--days", "91"))):
        time.sleep(12)  # the tenant's window of ten seconds is empty again
        lake = os.path.join(folder, f"lake-{len(flags)}")
        summary = json.loads(hobbs(tenant, lake, "sync", "--json", "--user", user, *flags).stdout)
        seconds = (summary["ended_at_ms"] - summary["started_at_ms"]) / 1000
        lost, extra, twice = compare(tenant.truth(), lake)
        chain = 0.5 * 50
        verdict(f"one user with 5,000 rows, {name}", chain / seconds >= 8 and (lost, extra, twice) == (0, 0, 0), f"{seconds:.2f} s with sign-in, directory and commit; page by page takes {chain:.1f} s: {chain / seconds:.1f} times faster; {summary['requests_for_interactions']} requests; {lost} lost")
    tenant.end()


FAST = {"HOBBS_BURST_PER_SECOND": "100000", "HOBBS_SUSTAINED_PER_SECOND": "100000"}


def measure_million(folder):
    """1,000,000 rows without throttling."""
    lake = os.path.join(folder, "lake")
    tenant = Tenant(folder, "--no-truth", "--users", "1000", "--everyone-licensed", "--rows-a-user", "1000", "--frozen", "--no-limits")
    text, wall, cpu, memory = timed(tenant, lake, "sync", "--json", extra=FAST)
    summary = json.loads(text)
    rows = summary["rows_new"]
    verdict("1,000,000 rows", rows / cpu >= 50_000 and memory < 300e6 and rows == 1_000_000, f"{rows} rows in {wall:.1f} s, {cpu:.1f} s of CPU: {rows / cpu:,.0f} rows a second of CPU; peak memory {memory / 1e6:.0f} MB")
    tenant.end()
    size = sum(os.path.getsize(os.path.join(root, name)) for root, _, names in os.walk(lake) for name in names)
    print(f"  the lake takes {size / 1e6:.0f} MB, texts not kept", flush=True)
    out = os.path.join(folder, "report.xlsx")
    _, wall, cpu, memory = timed(None, lake, "report", "-o", out)
    verdict("workbook of 1,000,000 rows out of the lake", memory < 300e6, f"{wall:.1f} s, {cpu:.1f} s of CPU, peak memory {memory / 1e6:.0f} MB, {os.path.getsize(out) / 1e6:.0f} MB")


def new_rows_file(folder, run, users):
    """1,000 rows newer than everything, in a file: what a sync commits, without its requests."""
    file = os.path.join(folder, f"new-{run}.json")
    now = int(time.time() * 1000)
    with open(file, "w", encoding="utf-8") as out:
        for n in range(1000):
            # Within the last 20 s: a tenant that stands still since before its sync has nothing as new.
            at = now - n * 20
            stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at / 1000)) + f".{at % 1000:03}Z"
            out.write(json.dumps({"id": str(now - n), "etag": str(now), "sessionId": f"s{run}", "appClass": "IPM.SkypeTeams.Message.Copilot.Word", "interactionType": "userPrompt", "createdDateTime": stamp, "from": {"user": {"id": f"u{n % users}"}}, "body": {"contentType": "text", "content": "new"}}) + "\n")
    return file


def measure_growth(folder):
    """A sync of 1,000 new rows into 10,000 and into 10,000,000."""
    times = {}
    for rows, users in ((10_000, 1000), (10_000_000, 1000)):
        place = os.path.join(folder, str(rows))
        os.makedirs(place)
        lake = os.path.join(place, "lake")
        tenant = Tenant(place, "--no-truth", "--users", str(users), "--everyone-licensed", "--rows-a-user", str(rows // users), "--frozen", "--no-limits")
        summary = json.loads(hobbs(tenant, lake, "sync", "--json", extra=FAST).stdout)
        print(f"  {summary['rows_new']} rows in {(summary['ended_at_ms'] - summary['started_at_ms']) / 1000:.1f} s", flush=True)
        tenant.end()
        optimized = time.monotonic()
        hobbs(None, lake, "lake", "optimize")
        print(f"  optimized in {time.monotonic() - optimized:.1f} s", flush=True)
        runs = []
        for run in range(5):
            file = new_rows_file(place, run, users)
            _, wall, cpu, _ = timed(tenant, lake, "import", file, "--json")
            runs.append((wall, cpu))
        times[rows] = min(runs)
        print(f"  1,000 new rows into {rows:,}: {times[rows][0]:.2f} s ({times[rows][1]:.2f} s of CPU), of {[f'{wall:.2f}' for wall, _ in runs]}", flush=True)
    small, large = times[10_000][0], times[10_000_000][0]
    verdict("1,000 new rows into 10,000,000", large < 1.5 * small, f"{large:.2f} s against {small:.2f} s into 10,000: {large / small:.2f} times")


MEASURES = {
    "truth": measure_truth,
    "heavy": measure_heavy,
    "faults": measure_faults,
    "rate": measure_rate,
    "million": measure_million,
    "kill": measure_kill,
    "growth": measure_growth,
}


def main():
    global HOBBS
    if len(sys.argv) < 2:
        raise SystemExit(__doc__)
    HOBBS = os.path.abspath(sys.argv[1])
    for name in sys.argv[2:] or MEASURES:
        folder = tempfile.mkdtemp(prefix=f"hobbs-{name}-")
        print(f"-- {name}: {MEASURES[name].__doc__}", flush=True)
        try:
            MEASURES[name](folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    raise SystemExit(1 if FAILED else 0)


if __name__ == "__main__":
    main()
