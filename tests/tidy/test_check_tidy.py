#!/usr/bin/env python3
"""Proves that each rule of scripts/check_tidy.py fires, and that its good neighbour passes."""
import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPTS = pathlib.Path(__file__).resolve().parents[2] / "scripts"
sys.path.insert(0, str(SCRIPTS))

import check_tidy  # noqa: E402
from tidy_rules import cpp, tree  # noqa: E402

DOMAIN = "src/memory/domain/a.cpp"
ADAPTER = "src/memory/adapters/a.cpp"
BODY_70 = "void f() {\n" + "    g();\n" * 68 + "}\n"
BODY_71 = "void f() {\n" + "    g();\n" * 69 + "}\n"

# rule, path, what must be found, what must not. Other rules may fire too; they are ignored.
SAMPLES = [
    ("sleep", "src/async/a.cpp", "std::this_thread::sleep_for(x);", "co_await wait_for(x);"),
    ("sleep", ADAPTER, "::usleep(5);", "// usleep(5);"),
    ("sleep", "extension/src/a.cpp", "pg_usleep(1000L);", "pool.sleep(5);"),
    ("sleep", "scripts/a", "#!/bin/sh\nset -e\nsleep 5\n", "#!/bin/sh\nset -e\nsleep 0.1\n"),
    ("sleep", "scripts/a.py", "time.sleep(2)\n", "time.sleep(0.05)\n"),
    ("process", ADAPTER, "std::system(command);", "throw std::system_error(code);"),
    ("process", ADAPTER, "if (fork() == 0) {}", "boost::system::error_code error;"),
    ("process", "scripts/a.py", "run(x, shell=True)\n", "run(x, check=True)\n"),
    ("print", "src/base/a.cpp", 'std::fprintf(stderr, "x");', 'std::snprintf(b, 9, "x");'),
    ("print", ADAPTER, 'std::cerr << "x";', 'const char* text = "std::cerr";'),
    ("using-namespace", DOMAIN, "using namespace std;", "using namespace std::chrono_literals;"),
    ("using-namespace", "src/base/a.hpp", "using namespace pgmind;",
     "using namespace std::string_literals;"),
    ("marker", DOMAIN, "// TODO: later", 'auto pattern = "x.XXXXXX";'),
    ("marker", "scripts/a.py", "# FIXME\n", "# a todo list is a fine thing\n"),
    ("parse-number", ADAPTER, "int n = std::stoi(text);", "std::from_chars(a, b, n);"),
    ("parse-number", ADAPTER, "strtod(text, &end);", "reader.strtod(text);"),
    ("random", DOMAIN, "int n = std::rand();", "int n = operand();"),
    ("random", ADAPTER, "std::random_device seed;", "crypto::random_bytes(16);"),
    ("detached", "src/async/a.cpp", "thread.detach();", "thread.join();"),
    ("detached", ADAPTER, "co_spawn(x, y, boost::asio::detached);", "async::spawn(x, y);"),
    ("thread", ADAPTER, "std::thread worker(f);", "std::thread::id id;"),
    ("lock", ADAPTER, "std::shared_mutex mutex;", "std::mutex mutex;"),
    ("lock", "src/memory/app/a.cpp", "std::mutex mutex;", "std::shared_ptr<const Map> map;"),
    ("blocking-libpq", ADAPTER, "PQexec(connection, sql);", "PQsendQuery(connection, sql);"),
    ("blocking-libpq", ADAPTER, "PQcancel(c, b, 9);", "PQfreeCancel(c);"),
    ("blocking-resolve", ADAPTER, "getaddrinfo(a, b, c, d);", "resolve(name);"),
    ("skip-reason", "src/base/tests/a.cpp", "GTEST_SKIP();", 'GTEST_SKIP() << "no npm";'),
    ("skip-reason", "src/base/tests/a.cpp", "TEST(A, DISABLED_B) {}", "TEST(A, B) {}"),
    ("dead-code", DOMAIN, "#if 0\nint x;\n#endif\n", "#if FOO\nint x;\n#endif\n"),
    ("assert-input", ADAPTER, "assert(request.size() > 2);", "assert(count_ > 0);"),
    ("throw", DOMAIN, 'throw Bad("x");', 'return fail(Errc::bad, "x");'),
    ("clock", DOMAIN, "auto t = std::chrono::system_clock::now();", "auto t = clock.now();"),
    ("environment", ADAPTER, 'std::getenv("HOME");', "settings.home;"),
    ("regex", ADAPTER, "std::regex expression;", "Pattern expression;"),
    ("sql-text", ADAPTER, 'sql = "SELECT a FROM t WHERE k = " + key;',
     'sql = "SELECT a FROM t WHERE k = $1";'),
    ("sql-text", ADAPTER, 'fmt::format("DELETE FROM {}", x);', 'fmt::format("key {}", x);'),
    ("unsafe-c", DOMAIN, "sprintf(b, x);", "snprintf(b, 9, x);"),
    ("line-length", DOMAIN, "// " + "x " * 49, "// " + "x " * 48 + "x"),
    ("line-length", DOMAIN, "int a = " + "1 + " * 25 + "1;", "// https://x.org/" + "x" * 100),
    ("trailing-space", "docs/a.md", "text  \n", "text\n"),
    ("file-length", DOMAIN, "int x;\n" * 601, "int x;\n" * 600),
    ("function-length", DOMAIN, BODY_71, BODY_70),
    ("function-length", "scripts/a.py", "def f():\n" + "    g()\n" * 70,
     "def f():\n" + "    g()\n" * 69),
    ("braces", DOMAIN, "void f() {\n", "void f() {}\n"),
    ("pragma-once", "src/base/a.hpp", "int x;\n", "#pragma once\nint x;\n"),
    ("machine-path", "docs/a.md", "see /" + "work/x", "see https://x.org/home/x, docs/home/x"),
    ("machine-path", "deploy/a.toml", 'data = "/' + 'home/me/x"', 'data = "$HOME/home/x"'),
    ("machine-path", "scripts/a.py", 'x = "/tmp/' + 'pgmind-lab"\n', 'x = "/tmp/pgmind"\n'),
    ("registry-host", "web/package-lock.json", '"resolved": "http://mirror:8080/x.tgz"',
     '"resolved": "https://registry.npmjs.org/x.tgz"'),
    ("syntax", "scripts/a.py", "def f(:\n", "def f():\n    return 1\n"),
    ("co-await", ADAPTER, "f(co_await a(), co_await b());", "x = co_await a();\nco_await b();"),
    ("co-await", ADAPTER, "if (co_await a() &&\n    co_await b()) {\n}", "co_await a();"),
    ("coroutine-default", "src/memory/app/a.hpp", "Task<Result<int>> f(int a, int b = 3);",
     "Task<Result<int>> f(int a, int b);\nint g(int a = 3);"),
    ("swallowed-error", ADAPTER, "try { f(); } catch (...) {\n    // never mind\n}",
     "try { f(); } catch (const E& e) { log(e); }"),
    ("shell-strict", "scripts/a", "#!/bin/bash\nfalse\n", "#!/bin/bash\nset -euo pipefail\n"),
    ("allowance", DOMAIN, "f();  // tidy: allow sleep", "f();  // tidy"),
    ("allowance", DOMAIN, "f();  // tidy: allow nonsense because I like it", "f();"),
    ("allowance", DOMAIN, "f();  // tidy: allow sleep because of nothing", "f();"),
    ("dead-file", DOMAIN, "int x;\n", None),
    ("broken-link", "docs/a.md", "[x](missing.md)", "[x](a.md), `[y](missing.md)`"),
    ("broken-link", "Makefile", "up:\n\t@scripts/missing\n", "up:\n\t@true\n"),
    ("module-line", "src/base/a.hpp", "#pragma once\n", None),
]


def rules_for(files, path):
    return {found.rule for found in check_tidy.findings_of(tree.Tree(files)) if found.path == path}


class Rules(unittest.TestCase):
    def test_each_fires_on_its_sample_and_not_on_the_good_one(self):
        for rule, path, bad, good in SAMPLES:
            with self.subTest(rule=rule, sample=bad[:60]):
                where = "src/README.md" if rule == "module-line" else path
                self.assertIn(rule, rules_for({path: bad}, where))
                if good is not None:
                    self.assertNotIn(rule, rules_for({path: good}, where))

    def test_every_rule_has_a_sample(self):
        self.assertEqual(set(check_tidy.RULES), {sample[0] for sample in SAMPLES})

    def test_a_finding_names_the_place_and_the_fix(self):
        found = check_tidy.findings_of(tree.Tree({DOMAIN: "int x;\nauto y = std::rand();\n"}))
        lines = [str(finding) for finding in found if finding.rule == "random"]
        self.assertEqual(len(lines), 1)
        self.assertTrue(lines[0].startswith(DOMAIN + ":2: std::rand is banned; use "), lines[0])

    def test_places_that_may_do_it_are_left_alone(self):
        for path, text in (("src/platform/process/a.cpp", "fork();"),
                           ("src/platform/telemetry/a.cpp", "std::fputs(a, b);"),
                           ("src/platform/postgres/a.cpp", "PQcancel(c, b, 9);"),
                           ("src/memory/tests/app/a.cpp", "std::thread t(f);"),
                           ("apps/pgmind/a.cpp", 'std::puts("x");')):
            with self.subTest(path=path):
                self.assertEqual(rules_for({path: text}, path), {"dead-file"})

    def test_data_and_generated_files_are_only_searched_for_machine_paths(self):
        for path, text in (("extension/test/expected/a.out", "x  \n"),
                           ("src/a/b.hpp", "// Generated by a script.\n" + "x" * 200)):
            self.assertLessEqual(rules_for({path: text}, path), {"dead-file"})
        path = "extension/test/expected/a.out"
        self.assertIn("machine-path", rules_for({path: "/" + "root/x\n"}, path))


class Functions(unittest.TestCase):
    def spans(self, text):
        found, balanced = cpp.functions(text)
        self.assertTrue(balanced)
        return [(function.start, function.end) for function in found]

    def test_namespaces_and_classes_are_not_functions(self):
        text = ("namespace a::b {\nclass X final : public Y<int (int)> {\n  public:\n"
                "    int f() const { return 1; }\n\n    int g_ = 0;\n};\n}\n")
        self.assertEqual(self.spans(text), [(4, 4)])

    def test_a_macro_before_a_namespace_or_type(self):
        text = "WARNINGS_OFF(1)\nnamespace a {\nMACRO(x)\nstruct B : C {\n};\n}\n"
        self.assertEqual(self.spans(text), [])

    def test_braces_in_text_and_comments_do_not_count(self):
        text = 'void f() {\n  g("}", \'{\', R"x(}")x");  // }\n  /* } */ int n = 1\'000;\n}\n'
        self.assertEqual(self.spans(text), [(1, 4)])

    def test_lambdas_count_with_the_function_around_them(self):
        text = "void f() {\n  g([](int x) {\n    h(x);\n  });\n}\n"
        self.assertEqual(self.spans(text), [(1, 5)])

    def test_a_lambda_outside_functions_is_one(self):
        self.assertEqual(self.spans("const auto f = [](int x) -> int {\n  return x;\n};\n"),
                         [(1, 3)])
        self.assertEqual(self.spans("Row rows[] = {\n  {1, [](int x) {\n    g();\n  }},\n};\n"),
                         [(2, 4)])
        self.assertEqual(self.spans("int rows[2] = {\n  1,\n  2,\n};\n"), [])

    def test_constructors_with_braces_in_their_initialisers(self):
        text = "X::X(int a)\n    : a_{a}, b_(2), c_{} {\n  f();\n}\nint g() { return 2; }\n"
        self.assertEqual(self.spans(text), [(1, 4), (5, 5)])

    def test_tables_and_initialisers_are_not_functions(self):
        text = ("constexpr std::array<Row, 2> rows = {{\n  {1, f(2)},\n  {2, f(3)},\n}};\n"
                "Point origin{0, 0};\nint list[3] = {1, 2, 3};\nauto t = make({1, 2});\n"
                "template <class T>\nconcept C = requires(T t) { { t.f() } -> Same<int>; };\n")
        self.assertEqual(self.spans(text), [])

    def test_templates_operators_and_c_functions(self):
        text = ("template <class T>\n    requires(Big<T> && Fast<T>)\nbool operator==(T a, T b) {\n"
                '  return true;\n}\nextern "C" {\nDatum\nfoo(PG_FUNCTION_ARGS)\n{\n  return 0;\n}\n'
                "}\nstruct point *make(int x) {\n  return 0;\n}\nTEST(A, B) {\n}\n")
        self.assertEqual(self.spans(text), [(1, 5), (7, 11), (13, 15), (16, 17)])

    def test_only_the_first_branch_of_a_conditional_counts(self):
        text = "#if A\nvoid f() {\n#else\nvoid f(int) {\n#endif\n  g();\n}\n#define X {\n"
        self.assertEqual(self.spans(text), [(2, 7)])


class DeadFiles(unittest.TestCase):
    def assert_live(self, files, path):
        self.assertNotIn("dead-file", rules_for(files, path))

    def test_a_source_is_named_by_cmake_make_or_a_pattern(self):
        path = "extension/src/kernels/avx2.cpp"
        for build, text in (
                ("extension/CMakeLists.txt", "add(x SOURCES src/kernels/avx2.cpp)"),
                ("extension/CMakeLists.txt", "add(${CMAKE_SOURCE_DIR}/src/kernels/avx2.cpp)"),
                ("CMakeLists.txt", 'add("${PROJECT_SOURCE_DIR}/extension/src/kernels/avx2.cpp")'),
                ("extension/test/CMakeLists.txt", "add(x SOURCES ../src/kernels/avx2.cpp)"),
                ("extension/build.mk", "OBJS = src/kernels/avx2.o"),
                ("extension/build.mk", "S = $(wildcard $(here)/src/kernels/*.cpp)"),
                ("extension/CMakeLists.txt", "foreach(k avx2)\nadd(src/kernels/${k}.cpp)")):
            with self.subTest(build=text):
                self.assert_live({path: "int x;", build: text}, path)
        for build, text in (("extension/CMakeLists.txt", "add(x SOURCES src/avx2.cpp)"),
                            ("extension/CMakeLists.txt", "# src/kernels/avx2.cpp"),
                            ("extension/build.mk", "S = $(wildcard $(here)/src/*.cpp)"),
                            ("src/CMakeLists.txt", "add(x SOURCES kernels/avx2.cpp)")):
            with self.subTest(build=text):
                self.assertIn("dead-file", rules_for({path: "int x;", build: text}, path))

    def test_a_header_is_included_by_another_file(self):
        path = "src/base/a.hpp"
        for user, line in (("src/memory/b.cpp", "base/a.hpp"), ("src/base/b.cpp", "a.hpp")):
            self.assert_live({path: "#pragma once", user: f'#include "{line}"\n'}, path)
        self.assertIn("dead-file", rules_for({path: '#include "base/a.hpp"\n'}, path))

    def test_sql_is_embedded_installed_or_compared(self):
        path = "src/memory/migrations/0100_entries.sql"
        build = {"src/memory/CMakeLists.txt": "pgmind_embed(m FILES migrations/0100_entries.sql)"}
        self.assert_live({path: "SELECT 1;", **build}, path)
        self.assertIn("dead-file", rules_for({path: "SELECT 1;"}, path))
        path = "extension/test/sql/a.sql"
        self.assert_live({path: "SELECT 1;", "extension/test/expected/a.out": "1"}, path)

    def test_a_script_is_called_or_imported(self):
        script = "#!/bin/bash\nset -e\n"
        self.assert_live({"scripts/do-it": script, "Makefile": "x:\n\tscripts/do-it\n"},
                         "scripts/do-it")
        self.assert_live({"extension/test/run": script, "Makefile": "x:\n\textension/test/run\n"},
                         "extension/test/run")
        self.assertIn("dead-file", rules_for({"extension/test/run": script, "Makefile": "run:\n"},
                                             "extension/test/run"))
        self.assert_live({"scripts/a/b.py": "X = 1\n", "scripts/c.py": "from a import b\n"},
                         "scripts/a/b.py")

    def test_a_page_is_linked(self):
        page = {"docs/a.md": "text\n"}
        self.assertIn("dead-file", rules_for(page, "docs/a.md"))
        self.assert_live({**page, "README.md": "[a](docs/a.md#part)"}, "docs/a.md")
        self.assert_live({"docs/README.md": "x", "README.md": "[a](docs/)"}, "docs/README.md")

    def test_a_module_has_its_line(self):
        files = {"src/platform/http/a.hpp": "", "src/base/a.hpp": "",
                 "src/README.md": "| `base/` | x |\n| [`platform/http/`](x) | y |\n"}
        self.assertNotIn("module-line", rules_for(files, "src/README.md"))


class Allowances(unittest.TestCase):
    def test_one_with_a_reason_lets_its_line_pass(self):
        for text in ("::usleep(5);  // tidy: allow sleep because the device needs it\n",
                     "// tidy: allow sleep because the device must\n// settle\n::usleep(5);\n"):
            self.assertEqual(rules_for({DOMAIN: text}, DOMAIN), {"dead-file"})

    def test_it_does_not_reach_other_lines_or_rules(self):
        comment = "// tidy: allow sleep because the device needs it\n"
        self.assertIn("sleep", rules_for({DOMAIN: comment + "f();\n::usleep(5);\n"}, DOMAIN))
        self.assertIn("random", rules_for({DOMAIN: comment + "std::rand();\n"}, DOMAIN))

    def test_a_long_function_is_allowed_at_its_signature(self):
        text = BODY_71.replace("{", "{  // tidy: allow function-length because it is a table", 1)
        self.assertEqual(rules_for({DOMAIN: text}, DOMAIN), {"dead-file"})

    def test_one_near_the_top_speaks_for_the_file(self):
        text = "\n// tidy: allow dead-file because the compiler finds it by itself\nint x;\n"
        self.assertEqual(rules_for({DOMAIN: text}, DOMAIN), set())


class CommandLine(unittest.TestCase):
    def run_in(self, folder, *arguments):
        return subprocess.run([sys.executable, str(SCRIPTS / "check_tidy.py"), *arguments],
                              cwd=folder, capture_output=True, text=True)

    def test_reads_tracked_files_and_exits_by_what_it_found(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            subprocess.run(["git", "init", "-q", folder], check=True)
            (root / "README.md").write_text("fine\n")
            (root / "untracked.md").write_text("bad  \n")
            subprocess.run(["git", "-C", folder, "add", "README.md"], check=True)
            clean = self.run_in(folder, "--root", folder)
            self.assertEqual((clean.returncode, clean.stdout), (0, ""), clean.stderr)
            (root / "README.md").write_text("bad  \n")
            found = self.run_in(folder, "--root", folder)
            self.assertEqual(found.returncode, 1)
            self.assertTrue(found.stdout.startswith("README.md:1: "), found.stdout)
            self.assertEqual(self.run_in(folder, "--root", folder, "docs").returncode, 0)

    def test_says_when_there_is_no_repository(self):
        with tempfile.TemporaryDirectory() as folder:
            lost = self.run_in(folder, "--root", folder)
            self.assertEqual(lost.returncode, 2)
            self.assertIn("cannot list the tracked files", lost.stderr)

    def test_lists_its_rules(self):
        listed = self.run_in(".", "--rules")
        self.assertEqual(listed.returncode, 0)
        self.assertEqual(len(listed.stdout.splitlines()), len(check_tidy.RULES))


if __name__ == "__main__":
    unittest.main()
