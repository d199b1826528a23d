"""Data sets of bench/vector_search.py: vectors, queries and their exact neighbours, in files."""
import pathlib
import struct
import subprocess

IMAGES = pathlib.Path("/usr/share/datasets/fashion-mnist")
QUERIES_MAX = 1000
IMAGES_MAX = 60_000
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
        self.call("images", images_file("train"), self.folder / "images.base",
                  min(rows, IMAGES_MAX))
        self.call("images", images_file("t10k"), self.folder / "images.queries", QUERIES_MAX)
        return self.finish("images", "l2", rows)

    def patches(self, rows):
        """Small pieces of the images: a size that no other data on the machine has."""
        self.call("patches", images_file("train"), self.folder / "patches.base", rows)
        self.call("patches", images_file("t10k"), self.folder / "patches.queries", QUERIES_MAX)
        return self.finish("patches", "l2", rows)

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


def images_file(part):
    path = IMAGES / f"{part}-images-idx3-ubyte.gz"
    if not path.exists():
        raise SystemExit("the package dataset-fashion-mnist is not installed")
    return path


def tenant_sizes(count, rows):
    """From 10,000 to 100, the n-th a power of n smaller than the first, no more than there are
    rows."""
    def sizes_by(power):
        return [max(100, round(10_000 / (rank + 1) ** power)) for rank in range(count)]

    low, high = 0.1, 10.0
    for _ in range(50):
        power = (low + high) / 2
        low, high = (low, power) if sum(sizes_by(power)) <= rows else (power, high)
    return sizes_by(high)
