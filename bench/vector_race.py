"""Searches of one server by several clients, in turns. The best turn of each counts: what else the
machine does can only slow one."""
import dataclasses
import json
import math
import subprocess


@dataclasses.dataclass(frozen=True)
class Searches:
    """What is asked: files of vectors, of what is exactly nearest, and of keys (see
    extension/bench/vector_load.cpp)."""
    queries: object
    exact: object
    targets: object = None
    limit: int = 0

    def words(self):
        words = [self.queries, self.exact]
        if self.targets:
            words += [self.targets] + ([str(self.limit)] if self.limit else [])
        return words


class Client:
    """One connection. It has searched everything once when `found` is there."""

    def __init__(self, bench, engine, sql, searches, ef, options=""):
        environment = {**bench.cluster.environment(),
                       "PGOPTIONS": f"-c {engine.ef}={ef} -c enable_seqscan=off {options}"}
        self.sql = sql
        self.process = subprocess.Popen([bench.tool, "run", sql, *searches.words()], text=True,
                                        env=environment, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)
        self.found_ = None

    def found(self):
        if self.found_ is None:
            self.found_ = self.read()
        return self.found_

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"vector_load failed: {self.sql}")
        return json.loads(line)

    def start(self, seconds):
        self.process.stdin.write(f"{seconds}\n")
        self.process.stdin.flush()

    def close(self):
        self.process.stdin.close()
        self.process.stdout.close()
        self.process.wait()


def recall_of(*arguments, **options):
    client = Client(*arguments, **options)
    try:
        return client.found()
    finally:
        client.close()


def race(starters, seconds, rounds, clients=1):
    """`starters`: functions that give a Client, by name. Gives the figures of each by name: the
    clients' rates together, the other figures of the first."""
    teams = {}
    try:
        for name, starter in starters.items():
            teams[name] = [starter() for _ in range(clients)]
            for client in teams[name]:
                client.found()
        turns = {name: [] for name in teams}
        for _ in range(rounds):
            for name, team in teams.items():
                for client in team:
                    client.start(seconds)
                figures = [client.read() for client in team]
                turns[name].append({**figures[0], "rate": sum(f["rate"] for f in figures)})
        return {name: {**teams[name][0].found(),
                       "rate": max(turn["rate"] for turn in turns[name]),
                       **{figure: min(turn[figure] for turn in turns[name])
                          for figure in ("p50_ms", "p95_ms", "cpu_us")}} for name in teams}
    finally:
        for team in teams.values():
            for client in team:
                client.close()


def around(curve, recall):
    """The points of a curve (by rising ef) between which the recall lies; one where it is met by
    the first, none where it is not reached."""
    before = None
    for point in curve:
        if point["recall"] >= recall:
            return [point] if before is None else [before, point]
        before = point
    return []


def at_recall(curve, recall, figure):
    """The figure where the curve crosses the recall, interpolated; at the first point where that
    is beyond it already; None where the recall is not reached."""
    points = around(curve, recall)
    if len(points) < 2 or points[0]["recall"] == points[1]["recall"]:
        return points[-1][figure] if points else None
    part = (recall - points[0]["recall"]) / (points[1]["recall"] - points[0]["recall"])
    logs = [math.log(max(point[figure], 1e-9)) for point in points]
    return math.exp(logs[0] + part * (logs[1] - logs[0]))
