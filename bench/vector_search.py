"""Vector search by `ruhnsw` side by side with pgvector in one server, and hnswlib in process.

    bench/vector_search.py [--full] [--rows N] [--tenants N] [--only PART,PART]

Parts: images, text, tenants, large (100,000 x 384), million (1,000,000 x 128, only when named).

Queries per second are compared at equal recall@10, interpolated between values of ef_search. The
default takes parts of the data sets and 100 tenants; --full takes all of them, 1,000 tenants and
100,000 x 384. PGMIND_PGVECTOR names a folder that pgvector was installed to with DESTDIR where it
is not installed; HNSWLIB one with hnswlib's sources.
"""
import argparse
import json
import math
import os
import pathlib
import subprocess
import tempfile
import time

import support
import postgres_cluster
import vector_sets

EF = [10, 15, 20, 30, 40, 60, 80, 120, 200, 300, 400, 600, 800, 1000]
RECALLS = [0.95, 0.99]
M, EF_CONSTRUCTION = 16, 200
OPTIONS = f"WITH (m = {M}, ef_construction = {EF_CONSTRUCTION})"
SETTINGS = {"shared_buffers": "3GB", "maintenance_work_mem": "1GB", "max_wal_size": "8GB",
            "fsync": "off", "autovacuum": "off", "jit": "off", "checkpoint_timeout": "1h",
            "max_parallel_maintenance_workers": "1", "min_parallel_table_scan_size": "0"}


class Engine:
    """One of the two extensions: how it is spelled."""

    def __init__(self, name, extension, type_name, method, classes, setting):
        self.name = name
        self.extension = extension
        self.type = type_name
        self.method = method
        self.classes = classes
        self.setting = setting
        self.table = f"items_{name}"

    def search(self, operator, condition=""):
        return (f"SELECT id FROM {self.table} {condition} ORDER BY v {operator} $1 LIMIT 10")


OURS = Engine("ours", "pgmind", "ruvector", "ruhnsw",
              {"l2": "ruvector_l2_ops", "cosine": "ruvector_cosine_ops"}, "ruvector.ef_search")
THEIRS = Engine("pgvector", "vector", "vector", "hnsw",
                {"l2": "vector_l2_ops", "cosine": "vector_cosine_ops"}, "hnsw.ef_search")
OPERATORS = {"l2": "<->", "cosine": "<=>"}


class Bench:
    def __init__(self, cluster, engines, data, tool, quick):
        self.cluster = cluster
        self.engines = engines
        self.data = data
        self.tool = tool
        self.seconds = 0.8 if quick else 2.5
        self.table = []
        self.notes = {}

    def sql(self, statement):
        """Each part is a transaction of its own, all in one session."""
        parts = [word for part in statement.split("; ") for word in ("-c", part)]
        return self.cluster.tool("psql", "-qXAt", "-v", "ON_ERROR_STOP=1", *parts).strip()

    def timed(self, statement):
        start = time.monotonic()
        self.sql(statement)
        return time.monotonic() - start

    def add(self, figure, values, unit, goal=""):
        """`values`: of ours, and of pgvector where it is there."""
        reference = values.get("pgvector")
        self.table.append((figure, values["ours"], unit, reference, goal))
        print(f"  {figure}: " + ", ".join(f"{name} {value:.4g} {unit}"
                                          for name, value in values.items()), flush=True)

    def load(self, engine, base):
        """The table of one data set without index."""
        _, dims = vector_sets.shape(base)
        self.sql(f"DROP TABLE IF EXISTS {engine.table}")
        self.sql(f"CREATE TABLE {engine.table} (id integer, v {engine.type}({dims}))")
        self.sql(f"ALTER TABLE {engine.table} ALTER v SET STORAGE PLAIN")
        with subprocess.Popen([self.tool, "copy", base], stdout=subprocess.PIPE) as copy:
            self.cluster.tool("psql", "-qX", "-c",
                              f"COPY {engine.table} FROM STDIN (FORMAT binary)", stdin=copy.stdout)
        self.sql(f"VACUUM ANALYZE {engine.table}")

    def build(self, engine, metric, workers):
        self.sql(f"DROP INDEX IF EXISTS {engine.table}_v")
        return self.timed(f"SET max_parallel_maintenance_workers = {workers}; "
                          f"ALTER TABLE {engine.table} SET (parallel_workers = {workers}); "
                          f"CREATE INDEX {engine.table}_v ON {engine.table} USING {engine.method} "
                          f"(v {engine.classes[metric]}) {OPTIONS}")

    def run(self, engine, sql, queries, exact, ef, clients=1, targets=None, seconds=None,
            options=""):
        """One measurement: the clients' rates together, the other figures of the first."""
        environment = {**self.cluster.environment(),
                       "PGOPTIONS": f"-c {engine.setting}={ef} -c enable_seqscan=off {options}"}
        command = [self.tool, "run", sql, queries, exact, str(seconds or self.seconds)]
        command += [targets] if targets else []
        started = [subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
                   for _ in range(clients)]
        results = [process.communicate()[0] for process in started]
        if any(process.returncode for process in started):
            raise RuntimeError(f"vector_load failed: {sql}")
        figures = [json.loads(result) for result in results]
        return {**figures[0], "rate": sum(figure["rate"] for figure in figures)}

    def sweep(self, sql_of, queries, exact, targets=None, options=""):
        """Recall and speed of each engine by ef, one engine after the other at each ef."""
        curves = {engine.name: [] for engine in self.engines}
        for ef in EF:
            for engine in self.engines:
                curve = curves[engine.name]
                if curve and curve[-1]["recall"] >= max(RECALLS) + 0.002:
                    continue
                figures = self.run(engine, sql_of(engine), queries, exact, ef, targets=targets,
                                   options=options)
                curve.append({"ef": ef, **figures})
        return curves

    def compare(self, name, sql_of, queries, exact, goal):
        curves = self.sweep(sql_of, queries, exact)
        self.notes[f"{name}: curves"] = curves
        for recall in RECALLS:
            for figure, unit, wanted in [("rate", "1/s", goal), ("cpu_us", "us", ""),
                                         ("p50_ms", "ms", ""), ("p95_ms", "ms", "")]:
                values = {engine.name: at_recall(curves[engine.name], recall, figure)
                          for engine in self.engines}
                if all(value is not None for value in values.values()):
                    self.add(f"{name}: {figure} at recall {recall}", values, unit, wanted)
                else:
                    print(f"  {name}: recall {recall} is not reached by all: {values}")
            self.compare_pairs(name, sql_of, queries, exact, curves, recall, goal)
        return curves

    def compare_pairs(self, name, sql_of, queries, exact, curves, recall, goal):
        """Two clients at once, each engine at its own ef for the recall."""
        values = {}
        for engine in self.engines:
            ef = at_recall(curves[engine.name], recall, "ef")
            if ef is None:
                return
            figures = self.run(engine, sql_of(engine), queries, exact, round(ef), clients=2)
            values[engine.name] = figures["rate"]
        self.add(f"{name}: 2 clients at recall {recall}", values, "1/s", goal)

    def measure_set(self, name, data, metric):
        """Build, search, insert, VACUUM of one table."""
        rows, dims = vector_sets.shape(data.base)
        print(f"{name}: {rows:,} x {dims}, {metric}", flush=True)
        for engine in self.engines:
            self.load(engine, data.base)
        for workers in (0, 1):
            self.add(f"{name}: build, {workers} workers",
                     {engine.name: self.build(engine, metric, workers) for engine in self.engines},
                     "s", "<= 1")
        sizes = {engine.name: int(self.sql(f"SELECT pg_relation_size('{engine.table}_v')")) / 1e6
                 for engine in self.engines}
        self.add(f"{name}: index", sizes, "MB")
        for engine in self.engines:
            self.sql(f"CREATE EXTENSION IF NOT EXISTS pg_prewarm; CHECKPOINT; "
                     f"SELECT pg_prewarm('{engine.table}_v')")
        self.compare(name, lambda engine: engine.search(OPERATORS[metric]), data.queries,
                     data.exact, ">= 3")
        self.measure_hnswlib(name, data, metric)
        self.measure_changes(name, rows)

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

    def measure_changes(self, name, rows):
        """Rows that come one by one in a transaction, and VACUUM after a tenth went."""
        count = min(1000, rows // 10)
        inserts, bytes_of, vacuums = {}, {}, {}
        for engine in self.engines:
            table = engine.table
            self.sql(f"CREATE TABLE spare AS SELECT id, v FROM {table} WHERE id < {count}; "
                     f"DELETE FROM {table} WHERE id < {count}; VACUUM {table}; CHECKPOINT")
            # The bare table's WAL is not the index's.
            start = int(self.sql("SELECT pg_current_wal_insert_lsn() - '0/0'"))
            self.sql("CREATE TABLE bare (LIKE spare); INSERT INTO bare SELECT * FROM spare")
            middle = int(self.sql("SELECT pg_current_wal_insert_lsn() - '0/0'"))
            # What the first change after a checkpoint adds is the same for both, so it is counted.
            seconds = self.timed(f"INSERT INTO {table} SELECT * FROM spare")
            end = int(self.sql("SELECT pg_current_wal_insert_lsn() - '0/0'"))
            inserts[engine.name] = count / seconds
            bytes_of[engine.name] = (end - middle - (middle - start)) / count / 1000
            self.sql(f"DROP TABLE bare, spare; DELETE FROM {table} WHERE id % 10 = 7")
            vacuums[engine.name] = self.timed(f"VACUUM {table}")
        self.add(f"{name}: insert", inserts, "rows/s", ">= 3")
        self.add(f"{name}: WAL of the index", bytes_of, "kB/row")
        self.add(f"{name}: VACUUM after 10 % deletes", vacuums, "s", "<= 0.2")

    def measure_tenants(self, data, count):
        """Many tenants of 100 to 10,000 vectors in one table, and one of them alone."""
        rows, _ = vector_sets.shape(data.base)
        sizes = vector_sets.tenant_sizes(count, rows)
        targets = vector_sets.make_targets(self.data, data, sizes)
        print(f"tenants: {len(sizes)} of {min(sizes)} to {max(sizes)} vectors", flush=True)
        for engine in self.engines:
            self.load(engine, data.base)
            table = engine.table
            self.sql(f"ALTER TABLE {table} ADD k integer; CREATE TABLE bounds (k integer, low "
                     f"integer, high integer); INSERT INTO bounds VALUES " +
                     ", ".join(f"({key}, {low}, {low + size})" for key, low, size in targets.all) +
                     f"; CREATE INDEX ON bounds (low); UPDATE {table} t SET k = b.k FROM bounds b "
                     f"WHERE t.id >= b.low AND t.id < b.high; DELETE FROM {table} WHERE k IS NULL; "
                     "DROP TABLE bounds")
            self.sql(f"VACUUM FULL {table}")
            columns = "(k, v ruvector_cosine_ops)" if engine is OURS else "(v vector_cosine_ops)"
            seconds = self.timed(f"CREATE INDEX {table}_v ON {table} USING {engine.method} "
                                 f"{columns} {OPTIONS}; ANALYZE {table}")
            print(f"  {engine.name}: built in {seconds:.1f} s")
            if engine is THEIRS:
                self.sql(f"CREATE INDEX ON {table} (k)")
        self.compare_tenants(data, targets)
        self.compare_alone(data, targets)

    def compare_tenants(self, data, targets):
        condition = "WHERE k = $2"
        curves = {engine.name: [] for engine in self.engines}
        for engine in self.engines:
            # pgvector's own way to honour LIMIT under a filter; its B-tree is kept out of the plan
            # as exact search of one tenant is measured apart.
            options = ("" if engine is OURS else
                       "-c hnsw.iterative_scan=strict_order -c enable_bitmapscan=off "
                       "-c enable_sort=off -c hnsw.max_scan_tuples=1000000")
            for ef in [20, 40, 50, 60, 80, 120, 200, 400]:
                if engine is THEIRS and ef % 100 not in (0, 40):
                    continue
                figures = self.run(engine, engine.search(OPERATORS["cosine"], condition),
                                   data.queries, targets.exact, ef, targets=targets.path,
                                   options=options)
                curves[engine.name].append({"ef": ef, **figures})
                print(f"  {engine.name} ef {ef}: {figures}", flush=True)
                if figures["recall"] >= 0.99:
                    break
        self.notes["tenants: curves"] = curves
        last = {name: curve[-1] for name, curve in curves.items()}
        self.add("tenants: recall of all", {n: f["recall"] for n, f in last.items()}, "", ">= .99")
        self.add("tenants: rows missing", {n: f["missing"] for n, f in last.items()}, "", "0")
        self.add("tenants: p50", {n: f["p50_ms"] for n, f in last.items()}, "ms", "<= 0.1")
        if THEIRS in self.engines:
            exactly = self.run(THEIRS, THEIRS.search(OPERATORS["cosine"], condition), data.queries,
                               targets.exact, 40, targets=targets.path,
                               options="-c enable_indexscan=off")
            self.add("tenants: p50 against pgvector's exact search by B-tree",
                     {"ours": last["ours"]["p50_ms"], "pgvector": exactly["p50_ms"]}, "ms")
        self.ef = last["ours"]["ef"]

    def compare_alone(self, data, targets):
        """The greatest tenant in the table of all, against a table with nothing else."""
        one = targets.of_largest()
        condition = "WHERE k = $2"
        sql = OURS.search(OPERATORS["cosine"], condition)
        shared = self.run(OURS, sql, data.queries, one.exact, self.ef, targets=one.path)
        self.sql(f"CREATE TABLE alone AS SELECT * FROM {OURS.table} WHERE k = {one.key}; "
                 "ALTER TABLE alone ALTER v SET STORAGE PLAIN; CREATE INDEX ON alone USING ruhnsw "
                 f"(v ruvector_cosine_ops) {OPTIONS}; ANALYZE alone")
        alone = self.run(OURS, sql.replace(OURS.table, "alone").replace(
            condition, "WHERE $2::integer IS NOT NULL"), data.queries, one.exact, self.ef,
            targets=one.path)
        self.table.append(("tenants: p50 of the largest, against its own table", shared["p50_ms"],
                           "ms", alone["p50_ms"], "<= 2"))
        print(f"  largest tenant: {shared}\n  alone: {alone}", flush=True)
        self.sql("DROP TABLE alone")


def at_recall(curve, recall, figure):
    """The figure where the curve crosses the recall; at the first point if that is beyond it."""
    before = None
    for point in curve:
        if point["recall"] >= recall:
            if before is None or point["recall"] == before["recall"]:
                return point[figure]
            part = (recall - before["recall"]) / (point["recall"] - before["recall"])
            logs = [math.log(max(p[figure], 1e-9)) for p in (before, point)]
            return math.exp(logs[0] + part * (logs[1] - logs[0]))
        before = point
    return None


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--full", action="store_true", help="all of the data; takes an hour")
    parser.add_argument("--rows", type=int, default=10_000, help="of each set (default 10,000)")
    parser.add_argument("--tenants", type=int, default=100)
    parser.add_argument("--only", default="images,text,tenants,large",
                        help="parts: images,text,tenants,large,million")
    options = parser.parse_args()
    if options.full:
        options.rows, options.tenants = 1 << 30, 1000
    return options


def find_engines(installation):
    pgvector = os.environ.get("PGMIND_PGVECTOR")
    if pgvector:
        installation.add(pgvector)
    share = subprocess.run([postgres_cluster.PG_CONFIG, "--sharedir"], check=True, text=True,
                           stdout=subprocess.PIPE).stdout.strip()
    if pgvector or (pathlib.Path(share) / "extension" / "vector.control").exists():
        return [OURS, THEIRS]
    print("pgvector: skipped, it is not installed (PGMIND_PGVECTOR names an installation)")
    return [OURS]


def library_path(installation):
    """Where pgvector's parallel workers find their library."""
    folder = subprocess.run([postgres_cluster.PG_CONFIG, "--pkglibdir"], check=True, text=True,
                            stdout=subprocess.PIPE).stdout.strip()
    return f"$libdir:{installation.destdir}{folder}"


def measure(bench, options):
    parts = options.only.split(",")
    sets = bench.data
    if "images" in parts:
        bench.measure_set("images", sets.images(options.rows), "l2")
    if "text" in parts:
        bench.measure_set("text", sets.text(options.rows, 256), "cosine")
    if "tenants" in parts:
        bench.measure_tenants(sets.text(max(options.rows, 30_000), 256), options.tenants)
    if "large" in parts and options.full or parts == ["large"]:
        bench.measure_set("large", sets.text(100_000, 384), "cosine")
    if "million" in parts:
        bench.sql("ALTER SYSTEM SET maintenance_work_mem = '256MB'; SELECT pg_reload_conf()")
        bench.measure_set("million", sets.clusters(1_000_000, 128), "l2")


def main():
    options = arguments()
    if os.geteuid() == 0:
        os.nice(-15)
    subprocess.run(["make", "--no-print-directory", "-s", "-C", support.ROOT / "extension",
                    f"HNSWLIB={os.environ.get('HNSWLIB', '')}", "bench-vector-load"], check=True)
    tool = support.ROOT / "build" / "extension" / "vector_load"
    installation = postgres_cluster.Installation()
    with tempfile.TemporaryDirectory(prefix="pgmind-vectors-") as folder:
        try:
            engines = find_engines(installation)
            settings = {**SETTINGS, "dynamic_library_path": library_path(installation)}
            with postgres_cluster.Cluster(installation, **settings).init().start() as cluster:
                sets = vector_sets.Sets(folder, tool)
                bench = Bench(cluster, engines, sets, tool, not options.full)
                for engine in engines:
                    bench.sql(f"CREATE EXTENSION {engine.extension}")
                measure(bench, options)
        finally:
            installation.close()
    support.report("vector_search", "Vector search, ours against pgvector", bench.table,
                   m=M, ef_construction=EF_CONSTRUCTION, **bench.notes)


if __name__ == "__main__":
    main()
