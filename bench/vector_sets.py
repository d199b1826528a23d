"""Data sets of bench/vector_search.py: vectors, queries and their exact neighbours, in files."""
import array
import pathlib
import random
import struct
import subprocess

IMAGES = pathlib.Path("/usr/share/datasets/fashion-mnist")
QUERIES_MAX = 1000
NEAREST = 10


def shape(path):
    with open(path, "rb") as file:
        return struct.unpack("=ii", file.read(8))


def write(path, rows, columns, numbers):
    with open(path, "wb") as file:
        file.write(struct.pack("=ii", rows, columns))
        numbers.tofile(file)


def cut(path, rows):
    """Shortens a file of vectors to its first `rows`."""
    have, columns = shape(path)
    if have > rows:
        with open(path, "r+b") as file:
            file.write(struct.pack("=ii", rows, columns))
            file.truncate(8 + 4 * rows * columns)


class Set:
    def __init__(self, base, queries, exact):
        self.base = base
        self.queries = queries
        self.exact = exact


class Sets:
    def __init__(self, folder, tool):
        self.folder = pathlib.Path(folder)
        self.tool = tool

    def call(self, *words):
        subprocess.run([self.tool, *map(str, words)], check=True)

    def finish(self, name, metric, rows):
        made = Set(*(self.folder / f"{name}.{part}" for part in ("base", "queries", "exact")))
        cut(made.base, rows)
        cut(made.queries, QUERIES_MAX)
        self.call("exact", metric, made.base, made.queries, made.exact, NEAREST)
        return made

    def images(self, rows):
        for part, file in (("base", "train"), ("queries", "t10k")):
            path = IMAGES / f"{file}-images-idx3-ubyte.gz"
            if not path.exists():
                raise SystemExit("the package dataset-fashion-mnist is not installed")
            self.call("idx", path, self.folder / f"images.{part}")
        return self.finish("images", "l2", rows)

    def text(self, rows, dims):
        """This machine's package records; what a package is and what it needs are documents of
        their own."""
        records = subprocess.run(["apt-cache", "dumpavail"], check=True, text=True,
                                 stdout=subprocess.PIPE).stdout.split("\n\n")
        documents = set()
        for record in records:
            fields = dict(line.split(": ", 1) for line in record.replace("\n ", " ").splitlines()
                          if ": " in line)
            for names in (("Package", "Description", "Tag", "Section"),
                          ("Depends", "Recommends", "Maintainer", "Source", "Homepage")):
                text = " ".join(fields.get(name, "") for name in names)
                if len(text) > 60:
                    documents.add(text)
        path = self.folder / "documents"
        path.write_text("\n".join(sorted(documents)))
        self.call("text", path, self.folder / "text.base", self.folder / "text.queries", dims)
        return self.finish("text", "cosine", rows)

    def clusters(self, rows, dims):
        """Points around 1,000 centres, for sizes that no data on the machine has."""
        source = random.Random(1)
        centres = [[source.gauss(0, 1) for _ in range(dims)] for _ in range(1000)]
        numbers = array.array("f")
        for _ in range(rows + QUERIES_MAX):
            centre = source.choice(centres)
            numbers.extend(value + source.gauss(0, 0.5) for value in centre)
        split = rows * dims
        write(self.folder / "clusters.base", rows, dims, numbers[:split])
        write(self.folder / "clusters.queries", QUERIES_MAX, dims, numbers[split:])
        return self.finish("clusters", "l2", rows)


def tenant_sizes(count, rows):
    """From 100 to 10,000, most of them small, no more than there are rows."""
    source = random.Random(2)
    sizes = []
    for _ in range(count):
        size = min(10_000, int(100 / max(source.random(), 0.01)))
        if sum(sizes) + size > rows:
            break
        sizes.append(size)
    return sizes


class Targets:
    """For each query the key of the tenant that it searches, in turn."""

    def __init__(self, sets, data, tenants, name, count):
        self.all = tenants
        self.sets = sets
        self.data = data
        self.path = sets.folder / f"{name}.targets"
        self.exact = sets.folder / f"{name}.exact"
        self.key = tenants[0][0]
        numbers = array.array("i")
        for number in range(count):
            numbers.extend(tenants[number % len(tenants)])
        write(self.path, count, 3, numbers)
        sets.call("exact", "cosine", data.base, data.queries, self.exact, NEAREST, self.path)

    def of_largest(self):
        largest = max(self.all, key=lambda tenant: tenant[2])
        return Targets(self.sets, self.data, [largest], "largest", QUERIES_MAX)


def make_targets(sets, data, sizes):
    tenants, low = [], 0
    for key, size in enumerate(sizes):
        tenants.append((key, low, size))
        low += size
    return Targets(sets, data, tenants, "tenants", QUERIES_MAX)
