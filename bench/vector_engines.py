"""The two extensions that bench/vector_search.py compares: how each is spelled, where it is."""
import dataclasses
import os
import pathlib
import subprocess

import postgres_cluster


@dataclasses.dataclass(frozen=True)
class Engine:
    name: str
    extension: str
    type: str
    method: str
    classes: dict
    ef: str

    @property
    def table(self):
        return f"items_{self.name}"

    def search(self, metric, condition="", table=None):
        return (f"SELECT id FROM {table or self.table} {condition} "
                f"ORDER BY v {OPERATORS[metric]} $1 LIMIT 10")

    def __hash__(self):
        return hash(self.name)


OPERATORS = {"l2": "<->", "cosine": "<=>"}
OURS = Engine("ours", "pgmind", "ruvector", "ruhnsw",
              {"l2": "ruvector_l2_ops", "cosine": "ruvector_cosine_ops"}, "ruvector.ef_search")
THEIRS = Engine("pgvector", "vector", "vector", "hnsw",
                {"l2": "vector_l2_ops", "cosine": "vector_cosine_ops"}, "hnsw.ef_search")


def pg_config(what):
    return subprocess.run([postgres_cluster.PG_CONFIG, what], check=True, text=True,
                          stdout=subprocess.PIPE).stdout.strip()


def find_engines(installation):
    pgvector = os.environ.get("PGMIND_PGVECTOR")
    if pgvector:
        installation.add(pgvector)
    elif not (pathlib.Path(pg_config("--sharedir")) / "extension" / "vector.control").exists():
        print("pgvector: skipped, it is not installed (PGMIND_PGVECTOR names an installation)")
        return [OURS]
    return [OURS, THEIRS]


def library_path(installation):
    """Where pgvector's parallel workers find the library that their leader has loaded, whatever the
    system has."""
    return f"{installation.destdir}{pg_config('--pkglibdir')}:$libdir"
