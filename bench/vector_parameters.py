"""What the parameters of a build, and the settings of a search, give: a part of
bench/vector_search.py."""
import functools

from vector_engines import OURS
from vector_race import Client, Searches, at_recall, race

BUILDS = {"ours": [(16, 200), (8, 200), (32, 200), (16, 64), (16, 100), (16, 400)],
          "pgvector": [(16, 200), (16, 64)]}
# Every search at the same ef, so with the same rows.
SETTINGS = ["ruvector.simd=auto", "ruvector.simd=scalar", "ruvector.simd=sse2",
            "ruvector.simd=avx2", "ruvector.simd=avx512", "ruvector.iterative_scan=off",
            "ruvector.iterative_scan=relaxed_order"]
EF_OF_SETTINGS = {"l2": 20, "cosine": 200}


def measure(bench, data, name, metric):
    print(f"parameters, {name}", flush=True)
    searches = Searches(data.queries, data.exact)
    for engine in bench.engines:
        bench.load(engine, data.base)
        for m, ef_construction in BUILDS[engine.name]:
            seconds, processor = bench.build(engine, metric, 1, m, ef_construction)
            sql = engine.search(metric)
            curve = bench.sweep(engine, sql, searches)
            alone = {engine.name: curve}
            found = speeds_of(bench, engine, sql, searches, alone)
            facts = {"engine": engine.name, "m": m, "ef_construction": ef_construction,
                     "build_s": round(seconds, 2), "build_processor_s": round(processor, 2),
                     "MB": bench.index_bytes(engine) / 1e6, **found}
            bench.notes.setdefault(f"parameters, {name}", []).append(facts)
            print("  ", facts, flush=True)
    bench.build(OURS, metric, 1)
    measure_settings(bench, name, searches, metric)


def speeds_of(bench, engine, sql, searches, curves):
    """Queries/s, and microseconds of processor, of one engine at each recall."""
    engines, bench.engines = bench.engines, [engine]
    near = bench.speeds(lambda _: sql, searches, curves, 1)[engine.name]
    bench.engines = engines
    return {f"{figure} at {recall}": at_recall(near, recall, figure)
            for recall in (0.95, 0.99) for figure in ("rate", "cpu_us")}


def measure_settings(bench, name, searches, metric):
    starters = {setting: functools.partial(
        Client, bench, OURS, OURS.search(metric), searches, EF_OF_SETTINGS[metric],
        f"-c {setting}") for setting in SETTINGS if is_accepted(bench, setting)}
    figures = race(starters, bench.seconds, bench.rounds)
    bench.notes[f"settings, {name}, ef {EF_OF_SETTINGS[metric]}"] = figures
    for setting, found in figures.items():
        print(f"   {setting}: {found}", flush=True)


def is_accepted(bench, setting):
    """An instruction set that the processor lacks is refused."""
    try:
        bench.sql(f"SET {setting}")
    except RuntimeError as error:
        print(f"   {setting}: skipped, {str(error).splitlines()[-1]}")
        return False
    return True
