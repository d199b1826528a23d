"""Rules about one file by itself: lengths, spaces, guards, coroutines, paths of one machine."""
import ast
import re

from tidy_rules import cpp, tree

COLUMNS_MAX = 100
FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 600
LENGTH_KINDS = {"cpp", "cmake", "python", "shell"}
# A comment or literal that holds one address and nothing else cannot be broken.
LONG_ADDRESS = re.compile(r'^\s*(?://+|#|\*|--)?\s*\S*://\S+$')
MACHINE_PATH = re.compile(r"(?:file://|(?<![\w.\-/})>*]))/(?:(?:work|farm)(?![\w-])"
                          r"|(?:home|root)/|tmp/[\w-]*lab\b)")
REGISTRY = "https://registry.npmjs.org/"


def check_lines(file):
    for number, line in enumerate(file.lines, 1):
        if line != line.rstrip():
            yield tree.Finding(file.path, number, "trailing-space", "white space ends the line",
                               "delete it")
        if (file.kind in LENGTH_KINDS and len(line) > COLUMNS_MAX
                and not LONG_ADDRESS.match(line)):
            yield tree.Finding(file.path, number, "line-length",
                               f"{len(line)} columns, more than {COLUMNS_MAX}", "break the line")


def check_size(file):
    if file.kind in tree.CODE | {"markdown"} and len(file.lines) > FILE_LINES_MAX:
        yield tree.Finding(file.path, 1, "file-length",
                           f"{len(file.lines)} lines, more than {FILE_LINES_MAX}",
                           "split it by concern")


def python_functions(file):
    try:
        parsed = ast.parse(file.text)
    except SyntaxError as error:
        yield tree.Finding(file.path, error.lineno or 1, "syntax", "not Python: " + error.msg,
                           "correct it")
        return
    for node in ast.walk(parsed):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            lines = node.end_lineno - node.lineno + 1
            if lines > FUNCTION_LINES_MAX:
                yield too_long(file, node.lineno, lines)


def too_long(file, line, lines):
    return tree.Finding(file.path, line, "function-length",
                        f"a function of {lines} lines, more than {FUNCTION_LINES_MAX}",
                        "give its steps names and move them out")


def check_functions(file):
    if file.kind == "python":
        yield from python_functions(file)
    if file.kind != "cpp":
        return
    found, balanced = cpp.functions(file.text)
    for function in found:
        lines = function.end - function.start + 1
        if lines > FUNCTION_LINES_MAX:
            yield too_long(file, function.start, lines)
    if not balanced:
        yield tree.Finding(file.path, 1, "braces", "braces do not balance, so functions cannot "
                           "be measured", "keep whole blocks within each #if branch and macro")


def check_header(file):
    if file.is_header and not re.search(r"^#pragma once$", file.text, re.MULTILINE):
        yield tree.Finding(file.path, 1, "pragma-once", "the header has no guard",
                           "begin it with #pragma once")
    if not file.is_header:
        return
    code = cpp.mask(file.text)
    for match in re.finditer(r"\busing\s+namespace\s+[\w:]+", code):
        if not match.group().endswith("literals"):
            yield tree.Finding(file.path, tree.line_of(code, match.start()), "using-namespace",
                               "using namespace in a header is banned", "qualify the names")


def check_coroutines(file):
    if file.kind != "cpp":
        return
    code = cpp.without_directives(cpp.mask(file.text))
    for offset, part in cpp.statements(code):
        waits = [match.start() for match in re.finditer(r"\bco_await\b", part)]
        if len(waits) > 1:
            yield tree.Finding(file.path, tree.line_of(code, offset + waits[1]), "co-await",
                               "two co_await in one statement",
                               "name the first result, then await the second")
    for match in re.finditer(r"\bTask\s*<", code):
        after = cpp.closing(code, match.end() - 1, "<>")
        name = after and re.compile(r"\s+[\w:]+\s*\(").match(code, after)
        end = name and cpp.closing(code, name.end() - 1, "()")
        if end and cpp.ASSIGNMENT.search(code[name.end():end]):
            yield tree.Finding(file.path, tree.line_of(code, match.start()), "coroutine-default",
                               "a coroutine has a default argument",
                               "give every argument at the call, or add an overload")
    for match in re.finditer(r"\bcatch\s*\([^)]*\)\s*\{\s*\}", code):
        yield tree.Finding(file.path, tree.line_of(code, match.start()), "swallowed-error",
                           "an empty catch drops the error",
                           "return it, or log and count it and say why that is enough")


def check_shell(file):
    if file.kind != "shell" or not file.text.startswith("#!"):
        return
    if not re.search(r"^\s*set -\w*e", file.text, re.MULTILINE):
        yield tree.Finding(file.path, 1, "shell-strict", "the script goes on after a failed "
                           "command", "begin it with set -euo pipefail")


def check_machine(file):
    """Applies to data and generated files too."""
    for number, line in enumerate(file.lines, 1):
        match = MACHINE_PATH.search(line)
        if match:
            yield tree.Finding(file.path, number, "machine-path",
                               f"{match.group()} is a path of one machine",
                               "take it from the environment, a parameter or a temporary directory")
        resolved = re.search(r'"resolved": "(https?://[^/"]+/)', line)
        if file.name == "package-lock.json" and resolved and resolved.group(1) != REGISTRY:
            yield tree.Finding(file.path, number, "registry-host",
                               f"{resolved.group(1)} is a mirror of one machine",
                               "npm config set omit-lockfile-registry-resolved true, and lock anew")


def check(file):
    yield from check_machine(file)
    if not file.written:
        return
    yield from check_lines(file)
    yield from check_size(file)
    yield from check_functions(file)
    yield from check_header(file)
    yield from check_coroutines(file)
    yield from check_shell(file)
