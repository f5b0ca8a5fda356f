"""A lake in a blob store (Azurite): what a folder holds is there too, two syncs at once and one that is killed damage
nothing, refusals say what to do, and the Python package deltalake opens the tables.

    python .ci/stores_check.py HOBBS CACHE

Azurite is installed into CACHE with npm. hobbs signs in with a certificate, to the simulated tenant and with a token of
it to Azurite, which takes tokens over https alone: so it needs openssl too, for a certificate of this machine.
"""

import base64
import contextlib
import json
import os
import re
import secrets
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

from deltalake import DeltaTable

from readers import Checks

AZURITE = "3.35.0"
ACCOUNT, CONTAINER = "acme", "hobbs"
# What both lakes must hold in common: fingerprints are keyed for each lake, and runs have ids of their own.
ROWS = (
    "SELECT user_id, session_id, interaction_id, etag, created_at, app, kind, content, content_chars, mark "
    "FROM interactions ORDER BY user_id, session_id, interaction_id"
)
VERDICTS = "SELECT verdict, rule, count(*) AS n, sum(parts) AS parts FROM exchanges GROUP BY verdict, rule ORDER BY 1, 2"
TABLES = ["interactions", "users", "runs", "coverage", "exchanges", "conversations", "resources"]


def skip(reason):
    print(f"SKIPPED: {reason}, so lakes in object stores were not tried")
    sys.exit(0)


def azurite(cache):
    """Where Azurite is; installed once for each version."""
    folder = os.path.join(cache, "tools", f"azurite-{AZURITE}")
    program = os.path.join(folder, "node_modules", "azurite", "dist", "src", "blob", "main.js")
    if not os.path.exists(program):
        os.makedirs(folder, exist_ok=True)
        install = ["npm", "install", "--prefix", folder, "--no-audit", "--no-fund", "--no-save", f"azurite@{AZURITE}"]
        if subprocess.run(install, capture_output=True, timeout=900).returncode:
            shutil.rmtree(folder)
            skip("Azurite could not be installed with npm")
    return program


@contextlib.contextmanager
def running(command, pattern, environment):
    """A server, and what `pattern` finds in what it says first; ended at the end."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=environment)
    silent_for_too_long = threading.Timer(60, process.kill)
    silent_for_too_long.start()
    try:
        said = ""
        while not (found := re.search(pattern, said, re.S)):
            line = process.stdout.readline()
            if not line:
                sys.exit(f"{command[0]} ended: {said}")
            said += line
        silent_for_too_long.cancel()
        yield found
    finally:
        silent_for_too_long.cancel()
        process.terminate()
        process.wait(30)


class World:
    """hobbs with a lake in the folder or in the store."""

    def __init__(self, binary, folder, tenant, endpoint, certificate_of_store):
        self.binary, self.folder, self.endpoint = binary, folder, endpoint
        self.tls = ssl.create_default_context(cafile=certificate_of_store)
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("AZURE_")}
        self.environment |= {name: tenant[name] for name in tenant if name != "AZURE_CLIENT_SECRET"}
        self.environment |= {
            "AZURE_CLIENT_CERTIFICATE_PATH": os.path.join(folder, "app", "hobbs.pem"),
            "AZURE_STORAGE_ACCOUNT_NAME": ACCOUNT,
            "AZURE_STORAGE_ENDPOINT": endpoint,
            "SSL_CERT_FILE": certificate_of_store,
            "NO_COLOR": "1",
        }
        self.tenant = tenant

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

    def ask_store(self, method, path, body=None, **headers):
        """A request of the store, with a token of the tenant."""
        form = {
            "client_id": self.tenant["AZURE_CLIENT_ID"],
            "client_secret": self.tenant["AZURE_CLIENT_SECRET"],
            "grant_type": "client_credentials",
            "scope": "https://storage.azure.com/.default",
        }
        address = f"{self.tenant['HOBBS_AUTHORITY_URL']}/{self.tenant['AZURE_TENANT_ID']}/oauth2/v2.0/token"
        with urllib.request.urlopen(address, urllib.parse.urlencode(form).encode()) as answer:
            token = json.load(answer)["access_token"]
        headers |= {"Authorization": f"Bearer {token}", "x-ms-version": "2023-11-03"}
        request = urllib.request.Request(f"{self.endpoint}/{path}", data=body, method=method, headers=headers)
        with urllib.request.urlopen(request, context=self.tls) as answer:
            return answer.read().decode()

    def file_in_use(self, table):
        """A file of a table's newest version, by the commits of its log."""
        used = set()
        for name in self.names(f"lake/{table}/_delta_log/0"):
            if name.endswith(".json"):
                for action in map(json.loads, self.ask_store("GET", f"{CONTAINER}/{name}").splitlines()):
                    used |= {action["add"]["path"]} if "add" in action else set()
                    used -= {action["remove"]["path"]} if "remove" in action else set()
        return f"lake/{table}/{min(used)}"

    def names(self, prefix):
        listed = self.ask_store("GET", f"{CONTAINER}?restype=container&comp=list&prefix={prefix}")
        return re.findall("<Name>([^<]+)</Name>", listed)


def refusals(world, lake, checks):
    """What is wrong with the way to the store is said, before anything is written."""
    nowhere = f"az://{CONTAINER}-of-nobody/lake"
    checks.same("no container", "make it" in world.run(nowhere, "sync", ends_with=1), True)
    checks.same("no container, read", "make it" in world.run(nowhere, "report", ends_with=1), True)
    wrong = {"AZURE_STORAGE_ACCOUNT_KEY": base64.b64encode(b"not the key").decode()}
    said = world.run(lake, "sync", ends_with=1, **wrong)
    checks.same("a wrong key", "does not accept the sign-in" in said, True)
    checks.same("the wrong key is not repeated", wrong["AZURE_STORAGE_ACCOUNT_KEY"] in said, False)
    said = world.run("abfss://lake@acme.dfs.example.com/hobbs", "sync", ends_with=2, AZURE_STORAGE_ENDPOINT="")
    checks.same("a foreign host gets no token", "is no host of Azure's storage" in said, True)


def the_same(world, folder, lake, checks):
    checks.same("interactions", world.query(lake, ROWS), world.query(folder, ROWS))
    checks.same("verdicts", world.query(lake, VERDICTS), world.query(folder, VERDICTS))


def killed_and_run_again(world, lake):
    """Killed while it writes its first files; the sync after it goes on."""
    killed = world.start(lake, "--quiet", "sync")
    deadline = time.monotonic() + 60
    while killed.poll() is None and time.monotonic() < deadline:
        if any(name.endswith(".parquet") for name in world.names("lake/interactions")):
            break
        time.sleep(0.05)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    world.run(lake, "--quiet", "sync")


def two_at_once(world, checks):
    """Of two first syncs into one lake at least one goes through; the other too, or it says why not."""
    lake = f"az://{CONTAINER}/twice"
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
    world.ask_store("DELETE", f"{CONTAINER}/{file}")
    checks.same("a missing file is named", file in world.run(lake, "lake", "check", ends_with=4), True)
    world.run(lake, "lake", "check", "--repair")
    world.run(lake, "--quiet", "sync")
    cut = world.file_in_use("exchanges")
    commit = [name for name in world.names("lake/coverage/_delta_log") if name.endswith(".json")][-1]
    for name in (cut, commit):
        world.ask_store("PUT", f"{CONTAINER}/{name}", b"PAR1", **{"x-ms-blob-type": "BlockBlob"})
    said = world.run(lake, "lake", "check", ends_with=4)
    checks.same("a file that was cut is named", cut in said, True)
    checks.same("a commit that is none is named", commit in said, True)
    world.run(lake, "lake", "check", "--repair")
    world.run(lake, "--quiet", "sync")
    world.run(lake, "lake", "check")


def by_deltalake(world, lake, checks, key, certificate):
    os.environ |= {"AZURITE_BLOB_STORAGE_URL": world.endpoint.removesuffix(f"/{ACCOUNT}"), "SSL_CERT_FILE": certificate}
    options = {"use_emulator": "true", "account_name": ACCOUNT, "account_key": key, "allow_invalid_certificates": "true"}
    for name in TABLES:
        table = DeltaTable(f"az://{CONTAINER}/lake/{name}", storage_options=options)
        [by_hobbs] = world.query(lake, f"SELECT count(*) AS n FROM {name}")
        checks.same(f"{name}: rows by deltalake", table.to_pyarrow_table().num_rows, by_hobbs["n"])


def check(world, key, certificate, checks):
    folder, lake = os.path.join(world.folder, "lake"), f"az://{CONTAINER}/lake"
    world.run(folder, "--quiet", "sync", "--content", "full")
    world.environment["HOBBS_CONTENT"] = "full"
    refusals(world, lake, checks)
    world.ask_store("PUT", f"{CONTAINER}?restype=container", **{"Content-Length": "0"})
    checks.same("doctor tries the store", "a file there is not written over" in world.run(lake, "doctor"), True)
    checks.same("and leaves nothing of that", [name for name in world.names("lake/.") if "probe" in name], [])
    killed_and_run_again(world, lake)
    the_same(world, folder, lake, checks)
    the_same(world, folder, two_at_once(world, checks), checks)
    damaged(world, lake, checks)
    the_same(world, folder, lake, checks)
    checks.same("the report", '"interactions"' in world.run(lake, "--json", "report"), True)
    world.run(lake, "lake", "optimize")
    the_same(world, folder, lake, checks)
    by_deltalake(world, lake, checks, key, certificate)


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: stores_check.py HOBBS CACHE")
    binary, cache = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
    for program in ("npm", "node", "openssl"):
        if not shutil.which(program):
            skip(f"there is no {program} here")
    server = azurite(cache)
    started = time.monotonic()
    checks = Checks()
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        pair = [os.path.join(folder, name) for name in ("store.pem", "store.key")]
        request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
        request += ["-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE"]
        subprocess.run([*request, "-out", pair[0], "-keyout", pair[1]], check=True, capture_output=True)
        app = ["init", "--tenant-id", "5d1ad1be-6b2c-4f7e-9a52-3f0f6c0c4e11", "--client-id", "0a9c1f9e-54b7-4a2b-8b53-6a4c1d0d7c22"]
        subprocess.run([binary, *app, "--folder", os.path.join(folder, "app")], check=True, capture_output=True)
        tenant = [binary, "--json", "tenant", "--port", "0", "--users", "25", "--seed", "7", "--frozen", "--no-limits"]
        tenant += ["--certificate", os.path.join(folder, "app", "hobbs.pem")]
        tenant = stack.enter_context(running(tenant, r"\{.*\}", os.environ))
        key = base64.b64encode(secrets.token_bytes(64)).decode()
        blobs = ["node", server, "--blobHost", "127.0.0.1", "--blobPort", "0", "--inMemoryPersistence", "--disableTelemetry"]
        blobs += ["--silent", "--skipApiVersionCheck", "--oauth", "basic", "--cert", pair[0], "--key", pair[1]]
        accounts = os.environ | {"AZURITE_ACCOUNTS": f"{ACCOUNT}:{key}"}
        listens = stack.enter_context(running(blobs, r"listens on (https://\S+)", accounts))
        endpoint = f"{listens[1].rstrip('/')}/{ACCOUNT}"
        world = World(binary, folder, json.loads(tenant[0]), endpoint, pair[0])
        check(world, key, pair[0], checks)
    checks.end(f"lakes in a blob store ({time.monotonic() - started:.0f} s)")


if __name__ == "__main__":
    main()
