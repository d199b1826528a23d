"""Seconds from `pgmind up` to ready, on an empty directory and on an existing one."""
import statistics

import support

ROUNDS = 3


def main():
    first, second = [], []
    for _ in range(ROUNDS):
        with support.Server() as server:
            first.append(server.ready_seconds)
            server.stop()
            server.start()
            second.append(server.ready_seconds)
    support.report("startup", "Start of a coordinator and two shards until ready",
                   [("first start (initdb, schema)", statistics.median(first), "s", None, "< 10"),
                    ("later start", statistics.median(second), "s", None, "")], rounds=ROUNDS)


if __name__ == "__main__":
    main()
