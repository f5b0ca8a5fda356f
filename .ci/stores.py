"""Object stores on loopback for stores_check.py: each with the way in that hobbs gets, and a way of our own to look at
and to damage what it holds.

Run as a program it is the S3 server itself (moto), one request at a time, so that a condition of a write
(`If-None-Match`) and the write are one step, as in S3. It knows keys and what they allow.
"""

import base64
import contextlib
import json
import os
import re
import secrets
import shutil
import ssl
import subprocess
import sys
import threading
import urllib.parse
import urllib.request

import boto3

AZURITE = "3.35.0"
ACCOUNT = "acme"
# The container or bucket; hobbs is to be refused where it does not exist yet.
CONTAINER = "hobbs"


class Skipped(Exception):
    """A store that can't be tried on this machine."""


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


class Azure:
    """Azurite. hobbs signs in with a token of the simulated tenant, which Azurite takes over https alone."""

    name, scheme = "Azurite", "az"

    def __init__(self, folder, tenant, endpoint, key, certificate):
        self.tenant, self.endpoint, self.key, self.certificate = tenant, endpoint, key, certificate
        self.tls = ssl.create_default_context(cafile=certificate)
        # What hobbs finds in its environment.
        self.environment = {
            "AZURE_STORAGE_ACCOUNT_NAME": ACCOUNT,
            "AZURE_STORAGE_ENDPOINT": endpoint,
            "SSL_CERT_FILE": certificate,
        }
        # A sign-in that is wrong, and its secret.
        wrong = base64.b64encode(b"not the key").decode()
        self.wrong = {"AZURE_STORAGE_ACCOUNT_KEY": wrong}, wrong

    @classmethod
    @contextlib.contextmanager
    def started(cls, folder, cache, tenant):
        for program in ("npm", "node", "openssl"):
            if not shutil.which(program):
                raise Skipped(f"there is no {program} here")
        server = cls.installed(cache)
        pair = [os.path.join(folder, name) for name in ("store.pem", "store.key")]
        request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
        request += ["-addext", "subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE"]
        subprocess.run([*request, "-out", pair[0], "-keyout", pair[1]], check=True, capture_output=True)
        key = base64.b64encode(secrets.token_bytes(64)).decode()
        blobs = ["node", server, "--blobHost", "127.0.0.1", "--blobPort", "0", "--inMemoryPersistence", "--disableTelemetry"]
        blobs += ["--silent", "--skipApiVersionCheck", "--oauth", "basic", "--cert", pair[0], "--key", pair[1]]
        with running(blobs, r"listens on (https://\S+)", os.environ | {"AZURITE_ACCOUNTS": f"{ACCOUNT}:{key}"}) as listens:
            yield cls(folder, tenant, f"{listens[1].rstrip('/')}/{ACCOUNT}", key, pair[0])

    @staticmethod
    def installed(cache):
        """Where Azurite is; installed once for each version."""
        folder = os.path.join(cache, "tools", f"azurite-{AZURITE}")
        program = os.path.join(folder, "node_modules", "azurite", "dist", "src", "blob", "main.js")
        if not os.path.exists(program):
            os.makedirs(folder, exist_ok=True)
            install = ["npm", "install", "--prefix", folder, "--no-audit", "--no-fund", "--no-save", f"azurite@{AZURITE}"]
            if subprocess.run(install, capture_output=True, timeout=900).returncode:
                shutil.rmtree(folder)
                raise Skipped("Azurite could not be installed with npm")
        return program

    def ask(self, method, path, body=None, **headers):
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

    def make_container(self):
        self.ask("PUT", f"{CONTAINER}?restype=container", **{"Content-Length": "0"})

    def names(self, prefix):
        listed = self.ask("GET", f"{CONTAINER}?restype=container&comp=list&prefix={prefix}")
        return re.findall("<Name>([^<]+)</Name>", listed)

    def read(self, name):
        return self.ask("GET", f"{CONTAINER}/{name}")

    def write(self, name, content):
        self.ask("PUT", f"{CONTAINER}/{name}", content, **{"x-ms-blob-type": "BlockBlob"})

    def delete(self, name):
        self.ask("DELETE", f"{CONTAINER}/{name}")

    def for_deltalake(self):
        """What deltalake takes of its environment, and its options."""
        blobs = self.endpoint.removesuffix(f"/{ACCOUNT}")
        options = {"use_emulator": "true", "account_name": ACCOUNT, "account_key": self.key, "allow_invalid_certificates": "true"}
        return {"AZURITE_BLOB_STORAGE_URL": blobs, "SSL_CERT_FILE": self.certificate}, options

    def refusals(self, world, lake, checks):
        foreign = "abfss://lake@acme.dfs.example.com/hobbs"
        said = world.run(foreign, "sync", ends_with=2, AZURE_STORAGE_ENDPOINT="")
        checks.same("a foreign host gets no token", "is no host of Azure's storage" in said, True)


class S3:
    """moto. hobbs signs in with a key that may do what docs/configuration.md says, and no more."""

    name, scheme, region = "moto", "s3", "eu-central-1"

    def __init__(self, endpoint):
        self.endpoint = endpoint
        # Nobody is looked at until all keys are there (`serve`); whoever they are for is asked with its own then.
        first = {"aws_access_key_id": "first", "aws_secret_access_key": "first"}
        iam = boto3.client("iam", endpoint_url=endpoint, region_name=self.region, **first)
        # Where many objects are deleted at once, S3 looks at the right to delete each, moto at the bucket's.
        of_bucket = ["s3:ListBucket", "s3:DeleteObject"]
        in_bucket = ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
        hobbs = self.key_of(iam, "hobbs", (of_bucket, f":s3:::{CONTAINER}"), (in_bucket, f":s3:::{CONTAINER}/*"))
        ours = self.key_of(iam, "ours", (["s3:*"], ":s3:::*"))
        self.environment = {
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_REGION": self.region,
            "AWS_ACCESS_KEY_ID": hobbs["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": hobbs["SecretAccessKey"],
        }
        wrong = "not the key, but as long as one of these"
        self.wrong = {"AWS_SECRET_ACCESS_KEY": wrong}, wrong
        ours = {"aws_access_key_id": ours["AccessKeyId"], "aws_secret_access_key": ours["SecretAccessKey"]}
        self.client = boto3.client("s3", endpoint_url=endpoint, region_name=self.region, **ours)

    @classmethod
    @contextlib.contextmanager
    def started(cls, folder, cache, tenant):
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        with running([sys.executable, __file__], r"listens on (http://\S+)", environment) as listens:
            yield cls(listens[1])

    @staticmethod
    def key_of(iam, user, *allowed):
        """A key of a new user, in three requests."""
        statements = [{"Effect": "Allow", "Action": actions, "Resource": f"arn:aws{of}"} for actions, of in allowed]
        policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
        iam.create_user(UserName=user)
        iam.put_user_policy(UserName=user, PolicyName="lake", PolicyDocument=policy)
        return iam.create_access_key(UserName=user)["AccessKey"]

    def make_container(self):
        self.client.create_bucket(Bucket=CONTAINER, CreateBucketConfiguration={"LocationConstraint": self.region})

    def names(self, prefix):
        pages = self.client.get_paginator("list_objects_v2").paginate(Bucket=CONTAINER, Prefix=prefix)
        return [file["Key"] for page in pages for file in page.get("Contents", [])]

    def read(self, name):
        return self.client.get_object(Bucket=CONTAINER, Key=name)["Body"].read().decode()

    def write(self, name, content):
        self.client.put_object(Bucket=CONTAINER, Key=name, Body=content)

    def delete(self, name):
        self.client.delete_object(Bucket=CONTAINER, Key=name)

    def for_deltalake(self):
        return {}, self.environment | {"AWS_ALLOW_HTTP": "true"}

    def refusals(self, world, lake, checks):
        nothing = {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""}
        # Where a machine of AWS's would be asked for its role; nobody answers there.
        nowhere = nothing | {"AWS_METADATA_ENDPOINT": "http://127.0.0.1:1"}
        for command in ("sync", "doctor"):
            said = world.run(lake, command, ends_with=1, **nowhere)
            checks.same(f"{command} without keys names these", "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY" in said, True)
        said = world.run(lake, "sync", ends_with=2, **nothing, AWS_PROFILE="work")
        checks.same("a profile is not read", "AWS_PROFILE names a profile of ~/.aws" in said, True)
        said = world.run(lake, "sync", ends_with=2, AWS_SECRET_ACCESS_KEY="")
        checks.same("half a key", "one of the two is missing" in said, True)
        said = world.run(lake, "sync", ends_with=2, AWS_ENDPOINT_URL="http://store.example.com")
        checks.same("plain http to another machine", "use https" in said, True)
        said = world.run("s3://of-others/lake", "sync", ends_with=1)
        checks.same("a bucket of others", "s3:PutObject" in said, True)


def serve():
    """The S3 server. Until both keys are made (`S3.key_of`, three requests each), nobody's is looked at."""
    os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = "6"
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app), threaded=False)
    print(f"listens on http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    serve()
