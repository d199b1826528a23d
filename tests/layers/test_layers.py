#!/usr/bin/env python3
"""Proves that illegal dependencies fail: three when CMake configures, three when the build runs.

Each case is a small project made in a temporary folder with the real pgmind_add_library.
"""
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]

PROJECT = """
cmake_minimum_required(VERSION 3.25)
project(layers LANGUAGES C CXX)
list(APPEND CMAKE_MODULE_PATH "{root}/cmake")
include(PgmindCompiler)
include(PgmindDependencies)
include(PgmindLibrary)
enable_testing()
{body}
"""

LIBRARIES = """
pgmind_add_library(base LAYER base SOURCES src/base/base.cpp)
pgmind_add_library(wire LAYER platform SOURCES src/platform/wire/wire.cpp DEPENDS base)
pgmind_add_library(memory_domain LAYER domain CONTEXT memory
                   SOURCES src/memory/domain/rule.cpp DEPENDS base)
"""

SOURCES = {
    "src/base/base.hpp": "#pragma once\nint base();\n",
    "src/base/base.cpp": '#include "base/base.hpp"\nint base() { return 1; }\n',
    "src/platform/wire/wire.hpp": "#pragma once\nint wire();\n",
    "src/platform/wire/wire.cpp": '#include "platform/wire/wire.hpp"\nint wire() { return 1; }\n',
    "src/memory/domain/rule.hpp": "#pragma once\nint rule();\n",
    "src/memory/domain/rule.cpp": '#include "memory/domain/rule.hpp"\nint rule() { return 1; }\n',
    "src/security/app/use.cpp": "int use();\nint use() { return 1; }\n",
}


class Project:
    """A CMake project in a temporary folder."""

    def __init__(self, folder, body, sources):
        self.folder = pathlib.Path(folder)
        for name, text in {**SOURCES, **sources}.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        (self.folder / "CMakeLists.txt").write_text(
            PROJECT.format(root=ROOT, body=LIBRARIES + body), encoding="utf-8")

    def run(self, *command):
        return subprocess.run(command, cwd=self.folder, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, timeout=300, check=False)

    def configure(self):
        return self.run("cmake", "-G", "Ninja", "-B", "build", "-DCMAKE_C_COMPILER=clang-19",
                        "-DCMAKE_CXX_COMPILER=clang++-19", "-DCMAKE_BUILD_TYPE=Debug")

    def build(self, target):
        return self.run("ninja", "-C", "build", target)


class LayerTest(unittest.TestCase):
    def configure_fails(self, body, *messages):
        with tempfile.TemporaryDirectory() as folder:
            result = Project(folder, body, {}).configure()
            self.assertNotEqual(result.returncode, 0, result.stdout)
            flat = " ".join(result.stdout.split())
            for message in messages:
                self.assertIn(message, flat)

    def build_fails(self, sources, message, target="memory_domain"):
        with tempfile.TemporaryDirectory() as folder:
            project = Project(folder, "", sources)
            configured = project.configure()
            self.assertEqual(configured.returncode, 0, configured.stdout)
            result = project.build(f"pgmind_{target}_includes")
            self.assertNotEqual(result.returncode, 0, result.stdout)
            self.assertIn(message, result.stdout)

    def test_configure_refuses_a_domain_that_depends_on_platform(self):
        self.configure_fails(
            "pgmind_add_library(bad LAYER domain CONTEXT memory SOURCES src/base/base.cpp "
            "DEPENDS wire)",
            "pgmind_bad (layer domain) may not depend on wire (layer platform)",
            "declare a port in app/ports.hpp")

    def test_configure_refuses_another_contexts_domain(self):
        self.configure_fails(
            "pgmind_add_library(bad LAYER app CONTEXT security "
            "SOURCES src/security/app/use.cpp DEPENDS memory_domain)",
            "pgmind_bad (layer app) may not depend on memory_domain (layer domain)")

    def test_configure_refuses_third_party_in_app(self):
        self.configure_fails(
            "pgmind_add_library(bad LAYER app CONTEXT security "
            "SOURCES src/security/app/use.cpp THIRD_PARTY json)",
            "pgmind_bad (layer app) may not use third-party libraries (json)")

    def test_build_refuses_an_include_of_platform_in_domain(self):
        self.build_fails(
            {"src/memory/domain/rule.cpp": '#include "platform/wire/wire.hpp"\nint rule();\n'},
            'src/memory/domain/rule.cpp:1: layer domain may not include "platform/wire/wire.hpp"')

    def test_build_refuses_a_third_party_header_in_domain(self):
        self.build_fails(
            {"src/memory/domain/rule.hpp": "#pragma once\n#include <boost/json.hpp>\n"},
            "src/memory/domain/rule.hpp:2: layer domain may not include third-party")

    def test_build_refuses_a_third_party_c_header_in_domain(self):
        self.build_fails(
            {"src/memory/domain/rule.cpp": "#include <sodium.h>\nint rule();\n"},
            "src/memory/domain/rule.cpp:1: layer domain may not include third-party <sodium.h>")

    def test_build_refuses_another_contexts_domain_in_platform(self):
        self.build_fails(
            {"src/platform/wire/wire.cpp": '#include "memory/domain/rule.hpp"\n'},
            'layer platform may not include "memory/domain/rule.hpp"', target="wire")

    def test_a_legal_project_builds(self):
        with tempfile.TemporaryDirectory() as folder:
            project = Project(folder, "", {})
            self.assertEqual(project.configure().returncode, 0)
            result = project.build("pgmind_memory_domain_includes")
            self.assertEqual(result.returncode, 0, result.stdout)


if __name__ == "__main__":
    sys.exit(unittest.main())
