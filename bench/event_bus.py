"""Microseconds that publishing one domain event costs the publisher, three subscribers."""
import json
import subprocess

import support


def main():
    subprocess.run(["ninja", "-C", str(support.ROOT / "build" / "release"), "--quiet",
                    "event_bus_bench"], check=True)
    binary = support.ROOT / "build" / "release" / "bench" / "events" / "event_bus_bench"
    result = subprocess.run([str(binary), "--benchmark_format=json"], check=True, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    rows = []
    for measured in json.loads(result.stdout)["benchmarks"]:
        if measured.get("error_occurred"):
            raise RuntimeError(measured["error_message"])
        threads = measured["threads"]
        rows.append((f"publish, {threads} thread{'s' if threads > 1 else ''} at once",
                     threads * 1e6 / measured["items_per_second"], "us", None, "< 10"))
    support.report("event_bus", "Publishing one domain event to three subscribers", rows)


if __name__ == "__main__":
    main()
