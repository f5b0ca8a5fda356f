"""What the checks share: running hobbs, and comparing."""

import json
import os
import subprocess
import sys


def hobbs(binary, lake, *arguments, may_be_partial=False):
    """The standard output of `hobbs --lake LAKE ARGUMENTS…`."""
    result = subprocess.run([binary, "--lake", lake, "--quiet", *arguments], capture_output=True, text=True)
    if result.returncode not in ((0, 3) if may_be_partial else (0,)):
        sys.exit(f"hobbs {' '.join(arguments)} ended with {result.returncode}:\n{result.stdout}{result.stderr}")
    return result.stdout


def query(binary, lake, sql):
    """The rows of a query, as dictionaries."""
    return json.loads(hobbs(binary, lake, "query", sql, "--format", "json"))


class Checks:
    """Counts what holds and names what does not."""

    def __init__(self):
        self.passed, self.failed = 0, 0

    def same(self, what, found, expected):
        if found == expected:
            self.passed += 1
        else:
            self.failed += 1
            print(f"DIFFERENT: {what}\n  found    {found!r:.2000}\n  expected {expected!r:.2000}")

    def end(self, name):
        print(f"{name}: {self.passed} comparisons hold, {self.failed} do not")
        if self.failed:
            sys.exit(1)


def program_arguments():
    """The hobbs binary and the lake's folder."""
    if len(sys.argv) != 3:
        sys.exit(f"usage: {os.path.basename(sys.argv[0])} HOBBS LAKE")
    return sys.argv[1], os.path.abspath(sys.argv[2])
