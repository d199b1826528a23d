#!/usr/bin/env python3
"""Prints line coverage by context from llvm-cov's summary; exits 1 if a context is below 80 %."""
import collections
import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
GOAL = 80.0
CONTEXTS = {"cluster", "memory", "intelligence", "security", "integration"}


def group_of(path):
    parts = path.relative_to(ROOT).parts
    if parts[0] == "src":
        return "/".join(parts[1:3]) if parts[1] == "platform" else parts[1]
    return "/".join(parts[:2])


def main():
    summary = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
    lines = collections.defaultdict(lambda: [0, 0])
    for file in summary["data"][0]["files"]:
        path = pathlib.Path(file["filename"])
        if ROOT in path.parents:
            counts = lines[group_of(path)]
            counts[0] += file["summary"]["lines"]["covered"]
            counts[1] += file["summary"]["lines"]["count"]
    print(f"{'module':24} {'lines':>8} {'covered':>8}")
    low = []
    for group, (covered, count) in sorted(lines.items()):
        percent = 100.0 * covered / count if count else 100.0
        print(f"{group:24} {count:8} {percent:7.1f}%")
        if group in CONTEXTS and percent < GOAL:
            low.append(group)
    if low:
        print(f"below {GOAL:.0f} %: {', '.join(low)}", file=sys.stderr)
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main())
