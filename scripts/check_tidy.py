#!/usr/bin/env python3
"""The tidy test: holds every tracked file against the rules of docs/HACKING.md.

Prints `path:line: message; fix [rule]` for each finding and exits 1; 0 when there is none, 2 when
the files cannot be read. A line that must break a rule says so in a comment:
`tidy: allow RULE because REASON`.
"""
import argparse
import pathlib
import subprocess
import sys

from tidy_rules import allowances, banned, cpp, shape, tree, unused

RULES = {
    "allowance": "an allowance names a rule, gives a reason, and is needed",
    "braces": "braces balance, so that functions can be measured",
    "broken-link": "links in pages and names of scripts lead to tracked files",
    "co-await": "one co_await in a statement",
    "coroutine-default": "no default arguments on coroutines",
    "dead-file": "every source, header, SQL file, script and page is used by another",
    "file-length": f"at most {shape.FILE_LINES_MAX} lines in a file",
    "function-length": f"at most {shape.FUNCTION_LINES_MAX} lines in a function",
    "line-length": f"at most {shape.COLUMNS_MAX} columns in C++, CMake, Python and shell",
    "machine-path": "no path of one machine, also in data",
    "module-line": "every module under src/ has its line in src/README.md",
    "pragma-once": "every header begins with #pragma once",
    "registry-host": "lock files name no mirror",
    "shell-strict": "shell scripts stop at the first failure",
    "swallowed-error": "no empty catch",
    "syntax": "Python files parse",
    "trailing-space": "no white space at the end of a line",
}
RULES.update({row.rule: "banned: " + row.fix for row in reversed(banned.ROWS)})
# They hold samples of what is banned.
SAMPLES = {"scripts/tidy_rules/banned.py", "tests/tidy/test_check_tidy.py"}
SAMPLE_RULES = {row.rule for row in banned.ROWS} | {"allowance", "machine-path", "registry-host"}


def findings_of(files):
    """All findings of a tree, in order of path and line, allowances applied."""
    found = list(unused.check(files))
    for file in files.files:
        found += shape.check(file)
        if file.written:
            code = cpp.mask(file.text) if file.kind == "cpp" else file.text
            found += banned.check(file, code)
    by_path = {}
    for finding in found:
        by_path.setdefault(finding.path, []).append(finding)
    kept = []
    for file in files.files:
        local = allowances.Allowances(file, RULES)
        mine = [finding for finding in by_path.pop(file.path, []) if not local.allows(finding)]
        if file.written:
            mine += local.leftovers()
        if file.path in SAMPLES:
            mine = [finding for finding in mine if finding.rule not in SAMPLE_RULES]
        kept += mine
    for rest in by_path.values():
        kept += rest
    return sorted(set(kept))


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--root", type=pathlib.Path,
                        default=pathlib.Path(__file__).resolve().parent.parent,
                        help="the repository (default: the one of this script)")
    parser.add_argument("--rules", action="store_true", help="list the rules and exit")
    parser.add_argument("paths", nargs="*", help="report on these files and folders only")
    options = parser.parse_args(arguments)
    if options.rules:
        for rule, meaning in sorted(RULES.items()):
            print(f"{rule:18} {meaning}")
        return 0
    try:
        files = tree.Tree.of_git(options.root)
    except (OSError, subprocess.CalledProcessError) as error:
        detail = getattr(error, "stderr", b"") or str(error).encode()
        print(f"check_tidy: cannot list the tracked files: {detail.decode().strip()}",
              file=sys.stderr)
        return 2
    wanted = tuple(path.rstrip("/") for path in options.paths)
    found = [finding for finding in findings_of(files)
             if not wanted or any(finding.path == path or finding.path.startswith(path + "/")
                                  for path in wanted)]
    for finding in found:
        print(finding)
    print(f"tidy: {len(files.files)} files, {len(found)} findings", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
