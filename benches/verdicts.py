#!/usr/bin/env python3
"""Precision and recall of verdicts on the labelled corpus of the simulated tenant.

    python3 benches/verdicts.py HOBBS [--corpus tuning|held_out] [--users N] [--days N] [--content none|full]

Syncs the corpus over real HTTP, compares the verdict of each exchange with what truly happened, and again with the
rules that `hobbs rules suggest` found, unread, as suspected. Prints Markdown. Needs Python 3.9 and nothing else.
"""

import argparse
import collections
import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import measure

VERDICTS = ["typed", "clicked", "automatic", "system", "noise", "unknown"]


def true_exchanges(tenant):
    """For each exchange of the truth: verdict, language, generator, and the ids of its rows, oldest first."""
    exchanges = {}
    for item in tenant.truth():
        key = (item["user_id"], item["exchange"])
        exchange = exchanges.setdefault(key, {"verdict": item["verdict"], "language": item["language"], "generator": item["generator"], "rows": []})
        exchange["rows"].append((item["created_at_ms"], item["interaction_type"] != "userPrompt", item["session_id"] or "", item["id"]))
    for (user, _), exchange in exchanges.items():
        exchange["rows"] = [(user, session, id) for _, _, session, id in sorted(exchange["rows"])]
    return list(exchanges.values())


def found_verdicts(lake):
    """The verdict of each exchange of the lake, by its first row and by its prompt."""
    sql = "SELECT user_id, session_id, first_id, prompt_id, verdict, rule FROM exchanges"
    found, rows = {}, 0
    for line in measure.hobbs(None, lake, "query", sql, "--format", "ndjson").stdout.splitlines():
        row = json.loads(line)
        rows += 1
        for id in {row["first_id"], row["prompt_id"]} - {None}:
            found[(row["user_id"], row["session_id"] or "", id)] = (row["verdict"], row["rule"])
    return found, rows


def confusion(truth, found):
    """Counts of (language, true verdict, found verdict); None where no exchange of the lake begins with one of the rows."""
    counts, wrong = collections.Counter(), collections.Counter()
    for exchange in truth:
        verdict, rule = next((found[row] for row in exchange["rows"] if row in found), (None, None))
        counts[exchange["language"], exchange["verdict"], verdict] += 1
        if verdict != exchange["verdict"]:
            wrong[exchange["generator"], exchange["verdict"], verdict, rule] += 1
    return counts, wrong


def rates(counts, verdict, language=None):
    chosen = {key: n for key, n in counts.items() if language in (None, key[0])}
    hit = sum(n for (_, true, found), n in chosen.items() if true == found == verdict)
    said = sum(n for (_, _, found), n in chosen.items() if found == verdict)
    there = sum(n for (_, true, _), n in chosen.items() if true == verdict)
    return hit / said if said else None, hit / there if there else None, there


def number(rate):
    return "" if rate is None else f"{rate:.3f}"


def show(title, counts, wrong):
    print(f"\n### {title}\n\n| verdict | exchanges | precision | recall |\n| --- | --- | --- | --- |")
    for verdict in VERDICTS:
        precision, recall, there = rates(counts, verdict)
        print(f"| {verdict} | {there:,} | {number(precision)} | {number(recall)} |")
    print("\n| true, found → | " + " | ".join(VERDICTS) + " |\n| --- |" + " --- |" * len(VERDICTS))
    for true in VERDICTS:
        cells = [sum(n for (_, t, f), n in counts.items() if (t, f) == (true, found)) for found in VERDICTS]
        print(f"| {true} | " + " | ".join(f"{cell:,}" for cell in cells) + " |")
    print("\n| language | typed exchanges | precision of typed | recall of typed | recall of clicked | recall of automatic |\n| --- | --- | --- | --- | --- | --- |")
    for language in sorted({key[0] for key in counts}):
        precision, recall, there = rates(counts, "typed", language)
        others = [number(rates(counts, verdict, language)[1]) for verdict in ("clicked", "automatic")]
        print(f"| {language} | {there:,} | {number(precision)} | {number(recall)} | {others[0]} | {others[1]} |")
    print("\nThe most frequent mistakes (generator: true, found, by rule):\n")
    for (generator, true, verdict, rule), n in wrong.most_common(12):
        print(f"- {n:,} × {generator}: {true}, found {verdict} by {rule}")
    sys.stdout.flush()


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("hobbs")
    arguments.add_argument("--corpus", default="held_out")
    arguments.add_argument("--users", default="2000")
    arguments.add_argument("--days", default="90")
    arguments.add_argument("--content", default="none")
    asked = arguments.parse_args()
    measure.HOBBS = os.path.abspath(asked.hobbs)
    folder = tempfile.mkdtemp(prefix="hobbs-verdicts-")
    try:
        lake = os.path.join(folder, "lake")
        tenant = measure.Tenant(folder, "--users", asked.users, "--history-days", asked.days, "--corpus", asked.corpus, "--frozen", "--no-limits", "--everyone-licensed")
        measure.hobbs(tenant, lake, "sync", "--content", asked.content, extra=measure.FAST)
        truth = true_exchanges(tenant)
        tenant.end()
        found, rows = found_verdicts(lake)
        print(f"Corpus {asked.corpus}: {asked.users} users, {asked.days} days, {len(truth):,} exchanges; the lake has {rows:,}; content policy {asked.content}.")
        show("The rules that are built in", *confusion(truth, found))
        rules = os.path.join(folder, "suggested.toml")
        measure.hobbs(None, lake, "rules", "suggest", "-o", rules)
        with open(rules, encoding="utf-8") as file:
            count = file.read().count("[[rule]]")
        measure.hobbs(None, lake, "rules", "apply", extra={"HOBBS_RULES": rules})
        show(f"With the {count} rules that `hobbs rules suggest` found, as suspected", *confusion(truth, found_verdicts(lake)[0]))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
