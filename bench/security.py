"""Microseconds that Security adds to one request: key, permission, audit record (no I/O)."""
import json
import subprocess

import support

# The promises that the figures are held against (microseconds of CPU).
PROMISED = {"authenticate": "< 20", "authenticate_session": "< 20", "authorize": "< 5",
            "record": "",
            "token_again": "< 20", "token_rs256": "", "token_es256": "", "token_eddsa": "",
            "whole_request": "< 60", "decide_alone": "< 5"}


def main():
    subprocess.run(["ninja", "-C", str(support.ROOT / "build" / "release"), "--quiet",
                    "security_bench"], check=True)
    binary = support.ROOT / "build" / "release" / "bench" / "security" / "security_bench"
    result = subprocess.run([str(binary), "--benchmark_format=json"], check=True, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    rows = []
    for measured in json.loads(result.stdout)["benchmarks"]:
        name = measured["run_name"].split("/")[0]
        microseconds = 1e6 / measured["items_per_second"]
        rows.append((name, microseconds, "us", None, PROMISED[name]))
    support.report("security", "Security's share of a request, 10,000 principals", rows)


if __name__ == "__main__":
    main()
