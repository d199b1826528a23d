"""Vector search by `ruhnsw` side by side with pgvector in one server, and hnswlib in process.

    bench/vector_search.py [--full] [--rows N] [--tenants N] [--only PART,PART]

Parts: images, text, tenants, large (100,000 x 384), million (1,000,000 x 128 in 256 MB of
maintenance_work_mem), parameters (m, ef_construction, settings). The default is images,
text and tenants, of 10,000 vectors and 100 tenants; --full takes all parts but million, all of the
data and 1,000 tenants.

Both get the same rows, queries, settings, m and ef_construction. Speeds are compared at equal
recall@10, interpolated between values of ef_search, with all in shared buffers; clients are
prepared and binary. PGMIND_PGVECTOR names a folder that pgvector was installed to with DESTDIR
where it is not installed; HNSWLIB one with hnswlib's sources.
"""
import argparse
import functools
import json
import os
import pathlib
import subprocess
import tempfile
import time

import support
import postgres_cluster
import vector_parameters
import vector_sets
import vector_tenants
from vector_engines import find_engines, library_path
from vector_race import Client, Searches, around, at_recall, race, recall_of

EF = [10, 12, 15, 20, 25, 30, 40, 50, 60, 80, 100, 130, 160, 200, 250, 300, 400, 500, 650, 800,
      1000]
RECALLS = [0.95, 0.99]
M, EF_CONSTRUCTION = 16, 200
SETTINGS = {"shared_buffers": "3GB", "maintenance_work_mem": "1GB", "max_wal_size": "16GB",
            "fsync": "off", "autovacuum": "off", "jit": "off", "checkpoint_timeout": "1h",
            "max_parallel_maintenance_workers": "1", "min_parallel_table_scan_size": "0"}
TICKS = os.sysconf("SC_CLK_TCK")


class Bench:
    def __init__(self, cluster, engines, sets, tool, quick):
        self.cluster = cluster
        self.engines = engines
        self.sets = sets
        self.tool = tool
        self.quick = quick
        self.seconds, self.rounds = (0.4, 4) if quick else (0.5, 12)
        self.table = []
        self.notes = {}

    def sql(self, statements):
        """Each statement is a transaction of its own, all in one session."""
        parts = [word for part in statements.split("; ") for word in ("-c", part)]
        return self.cluster.tool("psql", "-qXAt", "-v", "ON_ERROR_STOP=1", *parts).strip()

    def timed(self, statements):
        """Seconds by the clock, and those that processors worked for it in all processes."""
        postmaster = self.cluster.postmaster()
        children = pathlib.Path(f"/proc/{postmaster}/task/{postmaster}/children")
        before = set(children.read_text().split())
        busy = reaped_seconds(postmaster)
        start = time.monotonic()
        self.sql(statements)
        seconds = time.monotonic() - start
        deadline = time.monotonic() + 10
        # The server counts what a process used when it has ended.
        while not set(children.read_text().split()) <= before and time.monotonic() < deadline:
            time.sleep(0.005)
        return seconds, reaped_seconds(postmaster) - busy

    def add(self, figure, values, unit, goal=""):
        """`values`: of ours, and of pgvector where it is there."""
        self.table.append((figure, values["ours"], unit, values.get("pgvector"), goal))
        print(f"  {figure}: " + ", ".join(f"{name} {value:.4g} {unit}"
                                          for name, value in values.items()), flush=True)

    def add_timed(self, figure, results, goal):
        """Of results of `timed` by engine."""
        self.add(figure, {name: result[0] for name, result in results.items()}, "s", goal)
        self.add(figure + ", processor", {name: result[1] for name, result in results.items()},
                 "s", goal)

    def load(self, engine, base):
        """The table of one data set without index."""
        _, dims = vector_sets.shape(base)
        self.sql(f"DROP TABLE IF EXISTS {engine.table}; "
                 f"CREATE TABLE {engine.table} (id integer, v {engine.type}({dims}))")
        with subprocess.Popen([self.tool, "copy", base], stdout=subprocess.PIPE) as copy:
            self.cluster.tool("psql", "-qX", "-c",
                              f"COPY {engine.table} FROM STDIN (FORMAT binary)", stdin=copy.stdout)
        self.sql(f"VACUUM ANALYZE {engine.table}; CHECKPOINT")

    def build(self, engine, metric, workers, m=M, ef_construction=EF_CONSTRUCTION):
        table = engine.table
        self.sql(f"DROP INDEX IF EXISTS {table}_v; "
                 f"ALTER TABLE {table} SET (parallel_workers = {workers}); CHECKPOINT")
        return self.timed(f"SET max_parallel_maintenance_workers = {workers}; "
                          f"CREATE INDEX {table}_v ON {table} USING {engine.method} "
                          f"(v {engine.classes[metric]}) "
                          f"WITH (m = {m}, ef_construction = {ef_construction})")

    def index_bytes(self, engine):
        return int(self.sql(f"SELECT pg_relation_size('{engine.table}_v')"))

    def sweep(self, engine, sql, searches):
        """Recall by ef, up to the highest that is asked for."""
        curve = []
        for ef in EF:
            curve.append({"ef": ef, **recall_of(self, engine, sql, searches, ef)})
            if curve[-1]["recall"] >= max(RECALLS):
                break
        return curve

    def speeds(self, sql_of, searches, curves, clients):
        """The curves, each with the points around the recalls only, and their speeds."""
        starters = {}
        for engine in self.engines:
            points = [point for recall in RECALLS for point in around(curves[engine.name], recall)]
            for ef in sorted({point["ef"] for point in points}):
                starters[engine, ef] = functools.partial(Client, self, engine, sql_of(engine),
                                                         searches, ef)
        figures = race(starters, self.seconds, self.rounds, clients)
        return {engine.name: [{"ef": ef, **figures[e, ef]} for e, ef in figures if e is engine]
                for engine in self.engines}

    def compare(self, name, sql_of, searches, goal=">= 3"):
        """Speeds at equal recall."""
        curves = {engine.name: self.sweep(engine, sql_of(engine), searches)
                  for engine in self.engines}
        self.notes[f"{name}: recall"] = curves
        for clients in (1, 2):
            near = self.speeds(sql_of, searches, curves, clients)
            self.notes[f"{name}: {clients} clients"] = near
            for recall in RECALLS:
                self.add_speeds(name, near, recall, clients, goal)

    def add_speeds(self, name, curves, recall, clients, goal):
        figures = [("rate", "queries/s", goal)]
        if clients == 1:
            figures += [("cpu_us", "us", ""), ("p50_ms", "ms", ""), ("p95_ms", "ms", "")]
        for figure, unit, wanted in figures:
            values = {engine: at_recall(curve, recall, figure) for engine, curve in curves.items()}
            if any(value is None for value in values.values()):
                print(f"  {name}: recall {recall} is not reached by all: {values}")
                continue
            title = "2 clients" if clients == 2 else figure.split("_", maxsplit=1)[0]
            self.add(f"{name} {recall}: {title}", values, unit, wanted)

    def measure_set(self, name, data, metric, workers=(0, 1), changes=True):
        """Build, search, insert, VACUUM of one table."""
        rows, dims = vector_sets.shape(data.base)
        print(f"{name}: {rows:,} x {dims}, {metric}", flush=True)
        for engine in self.engines:
            self.load(engine, data.base)
        for count in workers:
            self.add_timed(f"{name}: build, {count} workers", {
                engine.name: self.build(engine, metric, count) for engine in self.engines}, "<= 1")
        self.add(f"{name}: index", {engine.name: self.index_bytes(engine) / 1e6
                                    for engine in self.engines}, "MB")
        self.warm()
        self.compare(name, lambda engine: engine.search(metric),
                     Searches(data.queries, data.exact))
        self.measure_hnswlib(name, data, metric)
        if changes:
            self.measure_changes(name, rows)

    def warm(self):
        for engine in self.engines:
            self.sql(f"CREATE EXTENSION IF NOT EXISTS pg_prewarm; CHECKPOINT; "
                     f"SELECT pg_prewarm('{engine.table}'); "
                     f"SELECT pg_prewarm('{engine.table}_v')")

    def measure_hnswlib(self, name, data, metric):
        result = subprocess.run(
            [self.tool, "hnswlib", data.base, data.queries, data.exact, metric, str(M),
             str(EF_CONSTRUCTION)], stdout=subprocess.PIPE, text=True, check=False)
        if result.returncode == 3:
            print("  hnswlib: skipped, its headers are not there (libhnswlib-dev, or HNSWLIB=DIR)")
            return
        result.check_returncode()
        lines = [json.loads(line) for line in result.stdout.splitlines()]
        self.notes[f"{name}: hnswlib"] = lines
        print(f"  hnswlib in process: build {lines[0]['build_seconds']} s", flush=True)
        for recall in RECALLS:
            rate = at_recall(lines[1:], recall, "rate")
            print(f"  hnswlib in process: {rate and round(rate)} queries/s at recall {recall}")

    def wal_bytes(self):
        return int(self.sql("SELECT pg_current_wal_insert_lsn() - '0/0'"))

    def measure_changes(self, name, rows):
        """Rows that come one by one in a transaction, and VACUUM after a tenth went."""
        count = min(2500, rows // 20)
        rates, processor, first, later, vacuums = {}, {}, {}, {}, {}
        for engine in self.engines:
            table = engine.table
            self.sql(f"CREATE TABLE spare (LIKE {table}); CREATE TABLE bare (LIKE {table}); "
                     f"INSERT INTO spare SELECT * FROM {table} WHERE id < {2 * count}; "
                     f"DELETE FROM {table} WHERE id < {2 * count}; VACUUM {table}; CHECKPOINT")
            low = "INSERT INTO {} SELECT * FROM spare WHERE id < " + str(count)
            high = low.replace("<", ">=")
            # What of the WAL is the table's own is no cost of the index.
            start = self.wal_bytes()
            self.sql(low.format("bare"))
            bare = self.wal_bytes() - start
            start = self.wal_bytes()
            low_seconds = self.timed(low.format(table))
            middle = self.wal_bytes()
            high_seconds = self.timed(high.format(table))
            first[engine.name] = (middle - start - bare) / count / 1000
            later[engine.name] = (self.wal_bytes() - middle - bare) / count / 1000
            rates[engine.name] = 2 * count / (low_seconds[0] + high_seconds[0])
            processor[engine.name] = 2 * count / (low_seconds[1] + high_seconds[1])
            self.sql(f"DROP TABLE bare, spare; DELETE FROM {table} WHERE id % 10 = 7")
            vacuums[engine.name] = self.timed(f"VACUUM {table}")
        self.add(f"{name}: insert", rates, "rows/s", ">= 3")
        self.add(f"{name}: insert", processor, "rows/processor s", ">= 3")
        self.add(f"{name}: WAL of the index after a checkpoint", first, "kB/row")
        self.add(f"{name}: WAL of the index later", later, "kB/row")
        self.add_timed(f"{name}: VACUUM after 10 % deletes", vacuums, "<= 0.2")


def reaped_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[13]) + int(fields[14])) / TICKS


def measure(bench, options):
    sets = bench.sets
    rows = options.rows
    for part in options.only.split(","):
        if part == "images":
            bench.measure_set("images", sets.images(rows), "l2")
        elif part == "text":
            bench.measure_set("text", sets.text(min(rows, 60_000), 256), "cosine")
        elif part == "tenants":
            vector_tenants.measure(bench, sets.text(max(rows, 30_000), 256), options.tenants)
        elif part == "parameters":
            vector_parameters.measure(bench, sets.text(min(rows, 20_000), 256), "text", "cosine")
            vector_parameters.measure(bench, sets.images(min(rows, 20_000)), "images", "l2")
        elif part == "large":
            bench.measure_set("large", sets.text(100_000, 384), "cosine", workers=(1,),
                              changes=False)
        elif part == "million":
            bench.sql("ALTER SYSTEM SET maintenance_work_mem = '256MB'; SELECT pg_reload_conf()")
            count = 1_000_000 if options.full else rows
            bench.measure_set("million", sets.patches(count), "l2", workers=(1,), changes=False)
        else:
            raise SystemExit(f"there is no part {part}")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--full", action="store_true", help="all of the data; takes an hour")
    parser.add_argument("--rows", type=int, default=10_000, help="of each set (default 10,000)")
    parser.add_argument("--tenants", type=int, default=100)
    parser.add_argument("--only", help="parts: images,text,tenants,parameters,large,million")
    options = parser.parse_args()
    if options.full:
        options.rows, options.tenants = 1 << 30, 1000
        options.only = options.only or "images,text,tenants,parameters,large"
    options.only = options.only or "images,text,tenants"
    return options


def main():
    options = arguments()
    subprocess.run(["make", "--no-print-directory", "-s", "-C", support.ROOT / "extension",
                    f"HNSWLIB={os.environ.get('HNSWLIB', '')}", "bench-vector-load"], check=True)
    tool = support.ROOT / "build" / "extension" / "vector_load"
    installation = postgres_cluster.Installation()
    try:
        engines = find_engines(installation)
        settings = {**SETTINGS, "dynamic_library_path": library_path(installation)}
        with tempfile.TemporaryDirectory(prefix="pgmind-vectors-") as folder, \
                postgres_cluster.Cluster(installation, **settings).init().start() as cluster:
            bench = Bench(cluster, engines, vector_sets.Sets(folder, tool), tool, not options.full)
            for engine in engines:
                bench.sql(f"CREATE EXTENSION {engine.extension}")
            bench.notes["versions"] = bench.sql(
                "SELECT string_agg(extname || ' ' || extversion, ', ') FROM pg_extension")
            measure(bench, options)
    finally:
        installation.close()
    support.report("vector_search", "Vector search, ours against pgvector", bench.table,
                   m=M, ef_construction=EF_CONSTRUCTION, settings=SETTINGS, **bench.notes)


if __name__ == "__main__":
    main()
