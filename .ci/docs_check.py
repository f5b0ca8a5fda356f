"""Finds that the documents say what the program does: the sample configuration, the tables' columns, the SQL.

    python .ci/docs_check.py HOBBS LAKE
"""

import os
import re
import subprocess
import tempfile
import tomllib

from deltalake import DeltaTable

from readers import Checks, program_arguments, query


def blocks(path, language):
    with open(path, encoding="utf-8") as file:
        return re.findall(rf"^```{language}\n(.*?)^```", file.read(), flags=re.S | re.M)


def sample_configuration(binary, checks):
    """Each tenant of the sample is understood: hobbs gets as far as looking for the lake."""
    [sample] = blocks("docs/configuration.md", "toml")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "hobbs.toml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(sample.replace('lake = "abfss://', 'lake = "'))
        for name in tomllib.loads(sample)["tenants"]:
            command = [binary, "--config", path, "--tenant", name, "lake", "status"]
            result = subprocess.run(command, capture_output=True, text=True, cwd=folder)
            found = (result.returncode, "there is no lake" in result.stderr)
            checks.same(f"sample configuration, tenant {name}: {result.stderr.strip()}", found, (1, True))


def type_name(field_type):
    """A Delta type as docs/lake.md writes it."""
    name = getattr(field_type, "type", None)
    if name != "array":
        return str(name)
    return "list of (" + ", ".join(f"`{field.name}`" for field in field_type.element_type.fields) + ")"


def documented_columns():
    """For each table of docs/lake.md: name, type and whether it may be null, of each column."""
    with open("docs/lake.md", encoding="utf-8") as file:
        sections = re.split(r"^## ", file.read(), flags=re.M)
    tables = {}
    for section in sections:
        rows = re.findall(r"^\| (`[^|]+`) \| ([^|]+) \| [^|]+ \|$", section, flags=re.M)
        columns = set()
        for names, kind in rows:
            null = kind.endswith(", null")
            columns |= {(name, kind.removesuffix(", null"), null) for name in re.findall(r"`([^`]+)`", names)}
        tables[section.split("\n")[0]] = columns
    return tables


def readme_columns():
    with open("README.md", encoding="utf-8") as file:
        rows = re.findall(r"^\| `(\w+)` \| [^|]+ \| ((?:`\w+`(?:, )?)+) \|$", file.read(), flags=re.M)
    return {table: re.findall(r"`(\w+)`", columns) for table, columns in rows}


def main():
    binary, lake = program_arguments()
    checks = Checks()
    sample_configuration(binary, checks)
    documented, in_readme = documented_columns(), readme_columns()
    for table in ["interactions", "users", "licenses", "runs", "coverage", "exchanges", "conversations", "resources"]:
        fields = DeltaTable(os.path.join(lake, table)).schema().fields
        columns = {(field.name, type_name(field.type), field.nullable) for field in fields}
        checks.same(f"docs/lake.md: {table}, what only one has", documented[table] ^ columns, set())
        checks.same(f"README.md: columns of {table}", in_readme.get(table), [field.name for field in fields])
    for sql in blocks("docs/lake.md", "sql"):
        query(binary, lake, sql)
        checks.passed += 1
    checks.end("the documents")


if __name__ == "__main__":
    main()
