"""Opens a lake with the Python packages deltalake and duckdb, and finds what `hobbs query` finds.

    python .ci/lake_check.py HOBBS LAKE

First some items are imported, and again with a later etag, so that the tables hold more than one commit and a file
that the log has removed: a reader that only lists files would count its rows twice.
"""

import datetime
import glob
import json
import os
import tempfile
from collections import Counter

import duckdb
import duckdb_ext
from deltalake import DeltaTable

from readers import Checks, hobbs, program_arguments, query

TABLES = ["interactions", "users", "licenses", "runs", "coverage"]
USER = "4f2c9f0e-5b0a-4a39-9c58-3a9b1f0d7c11"
BODIES = ["=1+1", "@SUM(A1:A9)", "plain words", '<p>bold <b>move</b> &amp; "quotes"</p>']


def items(etag_plus):
    """Items as Graph writes them; `etag_plus` makes the same items later versions of themselves."""
    start_ms = 1_790_000_000_000
    for number, body in enumerate(BODIES):
        ms = start_ms + number * 60_000
        created = datetime.datetime.fromtimestamp(ms / 1000, datetime.timezone.utc)
        yield {
            "id": str(ms),
            "sessionId": None if number == 2 else "19:check@thread.v2",
            "requestId": f"0e5c8a52-0000-4000-8000-00000000000{number}",
            "appClass": "IPM.SkypeTeams.Message.Copilot.Word",
            "interactionType": "userPrompt",
            "conversationType": "appchat",
            "etag": str(ms + etag_plus),
            "createdDateTime": created.strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03}Z",
            "locale": "en-us",
            "contexts": [],
            "from": {"user": {"id": USER, "displayName": "Check"}},
            "body": {"contentType": "html" if body.startswith("<") else "text", "content": body},
            "attachments": [],
            "links": [{"linkUrl": f"https://example.com/{number}", "displayName": None, "linkType": "web"}],
            "mentions": [],
        }


def import_twice(binary, lake):
    with tempfile.TemporaryDirectory() as folder:
        for name, etag_plus in [("first.json", 0), ("second.json", 5000)]:
            path = os.path.join(folder, name)
            with open(path, "w", encoding="utf-8") as file:
                json.dump({"value": list(items(etag_plus))}, file)
            hobbs(binary, lake, "import", path, "--user", USER, "--content", "full")


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def figures_of_hobbs(binary, lake):
    groups = query(binary, lake, "SELECT app, kind, count(*) AS n FROM interactions GROUP BY app, kind")
    [sums] = query(
        binary,
        lake,
        "SELECT count(*) AS n, sum(content_chars) AS chars, sum(content_words) AS words, count(mark) AS marks, "
        "count(content) AS texts, min(created_at) AS first, max(created_at) AS last, sum(array_length(links)) AS links, "
        "count(DISTINCT concat(tenant_id, '|', user_id, '|', coalesce(session_id, ''), '|', interaction_id)) AS keys "
        "FROM interactions",
    )
    sums["first"], sums["last"] = moment(sums["first"]), moment(sums["last"])
    return {(row["app"], row["kind"]): row["n"] for row in groups}, sums


def figures_of_deltalake(lake):
    """In plain Python over the values, with no engine between."""
    rows = DeltaTable(os.path.join(lake, "interactions")).to_pyarrow_table().to_pylist()
    keys = {(row["tenant_id"], row["user_id"], row["session_id"] or "", row["interaction_id"]) for row in rows}
    return dict(Counter((row["app"], row["kind"]) for row in rows)), {
        "n": len(rows),
        "chars": sum(row["content_chars"] for row in rows),
        "words": sum(row["content_words"] for row in rows),
        "marks": sum(row["mark"] is not None for row in rows),
        "texts": sum(row["content"] is not None for row in rows),
        "first": min(row["created_at"] for row in rows),
        "last": max(row["created_at"] for row in rows),
        "links": sum(len(row["links"] or []) for row in rows),
        "keys": len(keys),
    }


def duckdb_with_delta():
    """DuckDB with its Delta extension from PyPI, since its own server of extensions may be out of reach."""
    connection = duckdb.connect()
    [extension] = [
        path
        for folder in duckdb_ext.__path__
        for path in glob.glob(os.path.join(folder, "extensions", "*", "*", "delta.duckdb_extension"))
    ]
    connection.execute(f"LOAD '{extension}'")
    return connection


def figures_of_duckdb(connection, lake):
    table = f"delta_scan('{os.path.join(lake, 'interactions')}')"
    groups = connection.execute(f"SELECT app, kind, count(*) FROM {table} GROUP BY ALL").fetchall()
    sums = connection.execute(
        "SELECT count(*), sum(content_chars), sum(content_words), count(mark), count(content), "
        "epoch_us(min(created_at)), epoch_us(max(created_at)), sum(len(links)), "
        "count(DISTINCT (tenant_id, user_id, coalesce(session_id, ''), interaction_id)) "
        f"FROM {table}"
    ).fetchone()
    sums = dict(zip(["n", "chars", "words", "marks", "texts", "first", "last", "links", "keys"], sums))
    epoch = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
    for name in ("first", "last"):
        sums[name] = epoch + datetime.timedelta(microseconds=sums[name])
    return {(app, kind): count for app, kind, count in groups}, sums


def main():
    binary, lake = program_arguments()
    checks = Checks()
    [before] = query(binary, lake, "SELECT count(*) AS n FROM interactions")
    import_twice(binary, lake)

    groups, sums = figures_of_hobbs(binary, lake)
    checks.same("rows after an import and its repetition", sums["n"], before["n"] + len(BODIES))
    checks.same("each interaction stands once", sums["keys"], sums["n"])
    for row, item in zip(
        query(binary, lake, f"SELECT etag FROM interactions WHERE user_id = '{USER}' ORDER BY created_at"), items(5000)
    ):
        checks.same("the latest etag stands", row["etag"], item["etag"])

    for engine, (other_groups, other_sums) in {
        "deltalake": figures_of_deltalake(lake),
        "duckdb": figures_of_duckdb(connection := duckdb_with_delta(), lake),
    }.items():
        checks.same(f"{engine}: rows by app and kind", other_groups, groups)
        for name, value in sums.items():
            checks.same(f"{engine}: {name}", other_sums[name], value)

    for name in TABLES:
        path = os.path.join(lake, name)
        table = DeltaTable(path)
        protocol = table.protocol()
        checks.same(f"{name}: reader version", protocol.min_reader_version, 1)
        checks.same(f"{name}: writer version", protocol.min_writer_version, 2)
        [by_hobbs] = query(binary, lake, f"SELECT count(*) AS n FROM {name}")
        checks.same(f"{name}: rows by deltalake", table.to_pyarrow_table().num_rows, by_hobbs["n"])
        [by_duckdb] = connection.execute(f"SELECT count(*) FROM delta_scan('{path}')").fetchone()
        checks.same(f"{name}: rows by duckdb", by_duckdb, by_hobbs["n"])
    removed = len(glob.glob(os.path.join(lake, "interactions", "*.parquet"))) > len(
        DeltaTable(os.path.join(lake, "interactions")).file_uris()
    )
    checks.same("a file that the log removed is still there, and nobody counted it", removed, True)
    checks.end(f"the lake ({sums['n']} rows)")


if __name__ == "__main__":
    main()
