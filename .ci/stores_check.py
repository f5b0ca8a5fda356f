"""A lake in an object store (Azurite, and moto for S3): what a folder holds is there too, two syncs at once and one that
is killed damage nothing, refusals say what to do, and the Python package deltalake opens the tables.

    python .ci/stores_check.py HOBBS CACHE

Azurite is installed into CACHE with npm. hobbs signs in with a certificate, to the simulated tenant and with a token of
it to Azurite, which takes tokens over https alone: so it needs openssl too, for a certificate of this machine.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import unittest.mock

from deltalake import DeltaTable

from readers import Checks
from stores import CONTAINER, S3, Azure, Skipped, running

# What both lakes must hold in common: fingerprints are keyed for each lake, and runs have ids of their own.
ROWS = (
    "SELECT user_id, session_id, interaction_id, etag, created_at, app, kind, content, content_chars, mark "
    "FROM interactions ORDER BY user_id, session_id, interaction_id"
)
VERDICTS = "SELECT verdict, rule, count(*) AS n, sum(parts) AS parts FROM exchanges GROUP BY verdict, rule ORDER BY 1, 2"
TABLES = ["interactions", "users", "runs", "coverage", "exchanges", "conversations", "resources"]
# Variables of whoever runs this.
FOREIGN = ("AZURE_", "AWS_", "HOBBS_")


class World:
    """hobbs with a lake in the folder or in the store."""

    def __init__(self, binary, folder, tenant, store):
        self.binary, self.folder, self.store = binary, folder, store
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        self.environment |= {name: tenant[name] for name in tenant if name != "AZURE_CLIENT_SECRET"}
        self.environment |= {
            "AZURE_CLIENT_CERTIFICATE_PATH": os.path.join(folder, "app", "hobbs.pem"),
            "NO_COLOR": "1",
        }
        self.environment |= store.environment

    def address(self, folder):
        return f"{self.store.scheme}://{CONTAINER}/{folder}"

    def command(self, lake, *arguments):
        return [self.binary, "--lake", lake, *arguments]

    def run(self, lake, *arguments, ends_with=0, **environment):
        result = subprocess.run(
            self.command(lake, *arguments), capture_output=True, text=True, env=self.environment | environment, cwd=self.folder
        )
        if result.returncode != ends_with:
            sys.exit(f"hobbs {' '.join(arguments)}: {result.returncode}\n{result.stdout}{result.stderr}")
        return result.stdout + result.stderr

    def start(self, lake, *arguments):
        return subprocess.Popen(
            self.command(lake, *arguments), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=self.environment
        )

    def query(self, lake, sql):
        return json.loads(self.run(lake, "--quiet", "query", sql, "--format", "json"))

    def file_in_use(self, table):
        """A file of a table's newest version, by the commits of its log."""
        used = set()
        for name in self.store.names(f"lake/{table}/_delta_log/0"):
            if name.endswith(".json"):
                for action in map(json.loads, self.store.read(name).splitlines()):
                    used |= {action["add"]["path"]} if "add" in action else set()
                    used -= {action["remove"]["path"]} if "remove" in action else set()
        return f"lake/{table}/{min(used)}"


def refusals(world, lake, checks):
    """What is wrong with the way to the store is said, before anything is written."""
    checks.same("no container", "make it" in world.run(lake, "sync", ends_with=1), True)
    checks.same("no container, read", "make it" in world.run(lake, "report", ends_with=1), True)
    world.store.make_container()
    wrong, secret = world.store.wrong
    said = world.run(lake, "sync", ends_with=1, **wrong)
    checks.same("a wrong key", "does not accept the sign-in" in said, True)
    checks.same("the wrong key is not repeated", secret in said, False)
    world.store.refusals(world, lake, checks)
    checks.same("nothing was written", world.store.names("lake"), [])


def tried_by_doctor(world, lake, checks):
    checks.same("doctor tries the store", "a file there is not written over" in world.run(lake, "doctor"), True)
    checks.same("and leaves nothing of that", [name for name in world.store.names("lake/.") if "probe" in name], [])


def the_same(world, folder, lake, checks):
    checks.same("interactions", world.query(lake, ROWS), world.query(folder, ROWS))
    checks.same("verdicts", world.query(lake, VERDICTS), world.query(folder, VERDICTS))


def killed_and_run_again(world, lake):
    """Killed while it writes its first files; the sync after it goes on."""
    killed = world.start(lake, "--quiet", "sync")
    deadline = time.monotonic() + 60
    while killed.poll() is None and time.monotonic() < deadline:
        if any(name.endswith(".parquet") for name in world.store.names("lake/interactions")):
            break
        time.sleep(0.05)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    world.run(lake, "--quiet", "sync")


def two_at_once(world, checks):
    """Of two first syncs into one lake at least one goes through; the other too, or it says why not."""
    lake = world.address("twice")
    both = [world.start(lake, "--quiet", "sync") for _ in range(2)]
    ends = [(one.communicate()[0], one.returncode) for one in both]
    for said, code in ends:
        checks.same(f"a sync beside another ends well or says why: {said}", code == 0 or "another writer committed" in said, True)
    world.run(lake, "--quiet", "sync")
    world.run(lake, "lake", "check")
    return lake


def damaged(world, lake, checks):
    """A file that is gone, one that was cut and a commit that is no JSON are found, taken out, and made good."""
    file = world.file_in_use("interactions")
    world.store.delete(file)
    checks.same("a missing file is named", file in world.run(lake, "lake", "check", ends_with=4), True)
    world.run(lake, "lake", "check", "--repair")
    world.run(lake, "--quiet", "sync")
    cut = world.file_in_use("exchanges")
    commit = [name for name in world.store.names("lake/coverage/_delta_log") if name.endswith(".json")][-1]
    for name in (cut, commit):
        world.store.write(name, b"PAR1")
    said = world.run(lake, "lake", "check", ends_with=4)
    checks.same("a file that was cut is named", cut in said, True)
    checks.same("a commit that is none is named", commit in said, True)
    world.run(lake, "lake", "check", "--repair")
    world.run(lake, "--quiet", "sync")
    world.run(lake, "lake", "check")


def by_deltalake(world, lake, checks):
    environment, options = world.store.for_deltalake()
    with unittest.mock.patch.dict(os.environ, environment):
        for name in TABLES:
            table = DeltaTable(f"{lake}/{name}", storage_options=options)
            [by_hobbs] = world.query(lake, f"SELECT count(*) AS n FROM {name}")
            checks.same(f"{name}: rows by deltalake", table.to_pyarrow_table().num_rows, by_hobbs["n"])


def check(world, checks):
    """A whole life of a lake in a store, beside one in a folder."""
    folder, lake = os.path.join(world.folder, f"of-{world.store.scheme}"), world.address("lake")
    world.run(folder, "--quiet", "sync", "--content", "full")
    world.environment["HOBBS_CONTENT"] = "full"
    refusals(world, lake, checks)
    tried_by_doctor(world, lake, checks)
    killed_and_run_again(world, lake)
    the_same(world, folder, lake, checks)
    the_same(world, folder, two_at_once(world, checks), checks)
    damaged(world, lake, checks)
    the_same(world, folder, lake, checks)
    checks.same("the report", '"interactions"' in world.run(lake, "--json", "report"), True)
    world.run(lake, "lake", "optimize")
    the_same(world, folder, lake, checks)
    by_deltalake(world, lake, checks)


def tenant_of(binary, folder):
    """The command of a simulated tenant that knows the certificate of an app."""
    app = ["init", "--tenant-id", "5d1ad1be-6b2c-4f7e-9a52-3f0f6c0c4e11", "--client-id", "0a9c1f9e-54b7-4a2b-8b53-6a4c1d0d7c22"]
    subprocess.run([binary, *app, "--folder", os.path.join(folder, "app")], check=True, capture_output=True)
    tenant = [binary, "--json", "tenant", "--port", "0", "--users", "25", "--seed", "7", "--frozen", "--no-limits"]
    return [*tenant, "--certificate", os.path.join(folder, "app", "hobbs.pem")]


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: stores_check.py HOBBS CACHE")
    binary, cache = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder, running(tenant_of(binary, folder), r"\{.*\}", os.environ) as tenant:
        tenant = json.loads(tenant[0])
        for kind in (Azure, S3):
            started, checks = time.monotonic(), Checks()
            try:
                with kind.started(folder, cache, tenant) as store:
                    check(World(binary, folder, tenant, store), checks)
            except Skipped as reason:
                print(f"SKIPPED: {reason}, so lakes in {kind.name} were not tried")
                continue
            checks.end(f"lakes in {kind.name} ({time.monotonic() - started:.0f} s)")


if __name__ == "__main__":
    main()
