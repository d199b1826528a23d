#!/usr/bin/env python3
"""Checks every #include of the given files against the matrix of layers.

Prints `path:line: message` for each illegal include and exits 1; touches --stamp when all is well.
The same matrix stands in cmake/PgmindLibrary.cmake for link dependencies.
"""
import argparse
import pathlib
import re
import sys

CONTEXTS = {"cluster", "memory", "intelligence", "security", "integration"}
LAYERS = {"api", "domain", "app", "adapters", "tests"}
ALLOW = {
    "base": {"base"},
    "async": {"base", "async"},
    "platform": {"base", "async", "platform"},
    "api": {"base", "async", "api"},
    "domain": {"base", "own_api", "own_domain"},
    "app": {"base", "async", "api", "own_domain", "own_app"},
    "adapters": {"base", "async", "api", "own_domain", "own_app", "own_adapters", "platform"},
    "apps": {"base", "async", "platform", "api", "domain", "app", "adapters", "apps"},
    "test": {"base", "async", "platform", "api", "domain", "app", "adapters", "apps", "tests"},
}
THIRD_PARTY_LAYERS = {"async", "platform", "adapters", "apps", "test"}
ADVICE = {
    "base": "base/ depends on nothing: move the code to the module that uses it",
    "async": "async/ knows only base/: move the code to platform/ or a context",
    "platform": "platform/ knows no domain: move the code to a context's adapters/",
    "api": "an api holds published types only: move the code to app/ or adapters/",
    "domain": "domain code is pure: declare a port in app/ports.hpp, implement it in adapters/",
    "app": "declare a port in app/ports.hpp and implement it in adapters/",
    "adapters": "another context is reached through its api only (acl_<other>.cpp)",
    "apps": "apps/ wires what src/ offers",
    "test": "a test sees everything in src/",
}
INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]')
# Headers of the C++ library (no suffix), of C and POSIX, and the one alias of base/ that any layer
# may use.
STANDARD = re.compile(r"^([a-z_0-9]+|sys/[a-z]+\.h|tl/expected\.hpp)$")
POSIX = {f"{name}.h" for name in (
    "arpa/inet dirent errno fcntl grp linux/pidfd math netdb netinet/in poll pthread pwd signal "
    "spawn stddef stdint stdio stdlib string sysexits time unistd").split()}


def is_standard(include):
    return include in POSIX or STANDARD.match(include) is not None


def place_of(include):
    """(layer, context) that an include from the src/ root names, or None if it is not ours."""
    parts = include.split("/")
    if parts[0] in ("base", "async", "platform") and len(parts) > 1:
        return parts[0], ""
    if parts[0] in CONTEXTS and len(parts) > 2 and parts[1] in LAYERS:
        return parts[1], parts[0]
    return None


def check_file(path, root, layer, context):
    errors = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        match = INCLUDE.match(line)
        if not match:
            continue
        quote, include = match.groups()
        place = place_of(include)
        where = f"{path.relative_to(root)}:{number}"
        if quote == "<":
            if layer not in THIRD_PARTY_LAYERS and not is_standard(include):
                errors.append(f"{where}: layer {layer} may not include third-party <{include}>; "
                              f"{ADVICE[layer]}")
        elif place is None:
            beside = root / "apps" / "pgmind" / include
            found = beside.exists() or (path.parent / include).exists()
            if layer not in ("apps", "test") or not found:
                errors.append(f'{where}: "{include}" does not start at the src/ root; '
                              "write the path from src/")
        else:
            other, other_context = place
            own = other_context == context and f"own_{other}" in ALLOW[layer]
            if other not in ALLOW[layer] and not own:
                errors.append(f'{where}: layer {layer} may not include "{include}" '
                              f"(layer {other}); {ADVICE[layer]}")
    return errors


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--layer", required=True, choices=sorted(ALLOW))
    parser.add_argument("--context", default="")
    parser.add_argument("--root", required=True, type=pathlib.Path)
    parser.add_argument("--stamp", type=pathlib.Path)
    parser.add_argument("files", nargs="+", type=pathlib.Path)
    arguments = parser.parse_args()
    root = arguments.root.resolve()
    errors = []
    for path in arguments.files:
        resolved = path.resolve()
        if root in resolved.parents and "build" not in resolved.relative_to(root).parts:
            errors += check_file(resolved, root, arguments.layer, arguments.context)
    for error in errors:
        print(error, file=sys.stderr)
    if errors:
        return 1
    if arguments.stamp:
        arguments.stamp.parent.mkdir(parents=True, exist_ok=True)
        arguments.stamp.touch()
    return 0


if __name__ == "__main__":
    sys.exit(main())
