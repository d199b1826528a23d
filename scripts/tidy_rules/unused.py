"""Rules about files together: what nothing uses, and what is named but not there."""
import posixpath
import re

from tidy_rules import tree

BUILD_KINDS = {"cmake", "make"}
VARIABLE = re.compile(r"\$[({][\w.]+[)}]")
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
SCRIPT_NAMED = re.compile(r"(?<![\w./-])(scripts/[\w-]+(?:\.\w+)*)")
# Found by their place, not by name.
ENTRY_POINTS = {".ci/run"}


def build_tokens(file):
    """The words of a build file, variables replaced by `*`."""
    text = re.sub(r"(?m)^\s*#.*$", "", file.text)
    previous = None
    while text != previous:
        previous, text = text, VARIABLE.sub("*", text)
    return [word for word in re.split(r"[\s\"'(),;:=\[\]]+", text) if word]


def matches(pattern, path):
    expression = "".join("[^/]*" if part == "*" else re.escape(part)
                         for part in re.split(r"(\*)", pattern))
    return re.fullmatch(expression, path) is not None


class BuildFiles:
    """Which paths the build files name, directly or by a pattern."""

    def __init__(self, files):
        self.words = []
        for file in files.of_kind(*BUILD_KINDS):
            words = {word for word in build_tokens(file) if "." in word}
            self.words.append((file.folder, words))

    def names(self, path):
        for folder, words in self.words:
            compiled = posixpath.splitext(path)[0] + ".o"
            for word in words:
                # A leading variable is the root of the repository or of this build file.
                tail = re.sub(r"^(?:\*/)+", "", word)
                if tail != word and matches(tail, path):
                    return True
                place = posixpath.normpath(posixpath.join(folder, tail))
                if matches(place, path) or matches(place, compiled):
                    return True
        return False


def dead(file, message, fix):
    return tree.Finding(file.path, 1, "dead-file", message, fix)


def included_paths(files):
    """Paths that some other file includes, from src/, a project's own folder or beside it."""
    found = set()
    for file in files.of_kind("cpp"):
        for target in INCLUDE.findall(file.text):
            beside = posixpath.normpath(posixpath.join(file.folder, target))
            found.add((file.path, beside))
            parts = file.folder.split("/")
            for i in range(len(parts) + 1):
                root = "/".join(parts[:i])
                for place in (root, posixpath.join(root, "src")):
                    found.add((file.path, posixpath.normpath(posixpath.join(place, target))))
    return found


def check_cpp(files, build):
    included = {}
    for user, path in included_paths(files):
        included.setdefault(path, set()).add(user)
    for file in files.of_kind("cpp"):
        if file.is_header:
            if not included.get(file.path, set()) - {file.path}:
                yield dead(file, "no file includes this header", "include it or delete it")
        elif not build.names(file.path):
            yield dead(file, "no CMakeLists.txt or Makefile names this file",
                       "add it to its library or test, or delete it")


def mentions(files, file, name):
    """Does another written file name `name`?"""
    word = re.compile(r"(?<![\w-])" + re.escape(name) + r"(?![\w-])")
    return any(word.search(other.text) for other in files.files
               if other.path != file.path and other.written)


def check_sql(files, build):
    for file in files.of_kind("sql"):
        expected = re.sub(r"(^|/)sql/([^/]+)\.sql$", r"\1expected/\2.out", file.path)
        if expected != file.path and expected in files.paths:
            continue
        if build.names(file.path) or mentions(files, file, file.name):
            continue
        yield dead(file, "nothing embeds, installs or compares this SQL",
                   "name it in pgmind_embed, install it, give it an expected output, or delete it")


def script_names(file):
    """The ways in which others may refer to a script."""
    if re.search(r"[._-]", file.name):
        yield file.name
    else:
        yield "/".join(file.path.split("/")[-2:])


def check_scripts(files):
    imports = set()
    for file in files.of_kind("python"):
        for line in re.findall(r"^\s*(?:import|from)\s+(.+)$", file.text, re.MULTILINE):
            imports.update(re.findall(r"\w+", line))
    for file in files.of_kind("python", "shell"):
        stem = posixpath.splitext(file.name)[0]
        if file.path in ENTRY_POINTS or stem == "__init__" or stem in imports:
            continue
        # The test runners discover these by folder.
        if (stem == "conftest" or stem.startswith("test_")) and mentions(files, file, file.folder):
            continue
        if not any(mentions(files, file, name) for name in script_names(file)):
            yield dead(file, "nothing calls this script",
                       "call it from the Makefile, CMake or a script, or delete it")


def links_of(file):
    """(offset, target path from the root) of the links of a page, without addresses."""
    text = FENCE.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), file.text)
    text = re.sub(r"`[^`\n]*`", lambda match: " " * len(match.group()), text)
    for match in LINK.finditer(text):
        target = match.group(1).split("#")[0]
        if target and not re.match(r"[a-z][a-z0-9+.-]*:", target):
            place = posixpath.normpath(posixpath.join(file.folder, target))
            yield match.start(), target, "" if place == "." else place


def check_docs(files):
    linked = {"README.md"}
    for file in files.of_kind("markdown"):
        for offset, target, place in links_of(file):
            line = tree.line_of(file.text, offset)
            if place in files.paths:
                if place != file.path:
                    linked.add(place)
            elif place in files.folders:
                linked.add(posixpath.join(place, "README.md"))
            else:
                yield tree.Finding(file.path, line, "broken-link",
                                   f"{target} is not in the repository", "correct the link")
    for file in files.of_kind("markdown"):
        if file.path not in linked and not mentions(files, file, file.path):
            yield dead(file, "no page links to this page",
                       "link it from the page above it, or delete it")


def check_named_scripts(files):
    for file in files.of_kind("make", "cmake", "shell", "markdown"):
        for match in SCRIPT_NAMED.finditer(file.text):
            if match.group(1) not in files.paths | files.folders:
                yield tree.Finding(file.path, tree.line_of(file.text, match.start()),
                                   "broken-link", f"{match.group(1)} is not in the repository",
                                   "add the script or stop naming it")


def check_modules(files):
    """Every folder under src/ and src/platform/ has its line in src/README.md."""
    table = files.text_of("src/README.md")
    for folder in sorted(files.folders):
        module = re.fullmatch(r"src/((?:platform/)?\w+)", folder)
        if not module or module.group(1) == "platform":
            continue
        if not re.search(r"^\|.*`" + module.group(1) + r"/`", table, re.MULTILINE):
            yield tree.Finding("src/README.md", 1, "module-line",
                               f"the module {module.group(1)} has no line",
                               f"add | `{module.group(1)}/` | what it holds |")


def check(files):
    build = BuildFiles(files)
    yield from check_cpp(files, build)
    yield from check_sql(files, build)
    yield from check_scripts(files)
    yield from check_docs(files)
    yield from check_named_scripts(files)
    yield from check_modules(files)
