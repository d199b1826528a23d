"""Calls and words that are banned, each with what to use in their place.

A row names its rule, what it looks for, where, and the fix. Code rows search the text without
comments and literals; `raw` rows search everything.
"""
import dataclasses
import re

from tidy_rules import tree

CONTEXT = r"^src/(?:cluster|memory|intelligence|security|integration)/"
INNER = CONTEXT + r"(?:api|domain|app)/"
TESTS = r"(?:^|/)(?:tests?|bench|fuzz)/"
CALL = r"(?<![\w.>])"  # not a member of something, not the end of a longer name


@dataclasses.dataclass(frozen=True)
class Banned:
    rule: str
    pattern: str
    fix: str
    where: str = ""
    but_not: str = r"^$"
    kinds: tuple = ("cpp",)
    raw: bool = False


ROWS = (
    Banned("sleep", CALL + r"(?:std::this_thread::)?sleep_(?:for|until)\s*\(|" + CALL +
           r"(?:pg_usleep|usleep|nanosleep|sleep)\s*\(",
           "await the condition with a Deadline (async/notifier.hpp), or async::wait_until"),
    Banned("sleep", r"(?<![\w-])sleep\s+[1-9]", "poll for the condition in steps below a second, "
           "up to a deadline", kinds=("shell", "make")),
    Banned("sleep", r"\btime\.sleep\(\s*[1-9]", "poll for the condition in steps below a second, "
           "up to a deadline", kinds=("python",)),
    Banned("process", CALL + r"(?:std::)?(?:system|popen|fork|vfork|execl[ep]?|execvp?e?|"
           r"posix_spawnp?)\s*\(", "start processes through platform/process",
           but_not=r"^src/platform/process/"),
    Banned("process", r"\bos\.(?:system|popen)\(|\bshell\s*=\s*True\b",
           "use subprocess.run([...], check=True)", kinds=("python",)),
    Banned("print", CALL + r"(?:std::)?(?:v?f?printf|f?puts|putchar|perror)\s*\(|"
           r"\bstd::(?:cout|cerr|clog)\b", "log through platform/telemetry/log.hpp",
           where=r"^src/", but_not=TESTS + r"|^src/platform/telemetry/"),
    Banned("using-namespace", r"\busing\s+namespace\s+std\s*;",
           "name what is used: using std::string, or std::string"),
    Banned("marker", r"\b(?:TODO|FIXME|XXX|HACK)\b",
           "finish it, or leave it out and refuse it with a clear error",
           kinds=tuple(sorted(tree.CODE)), raw=True),
    Banned("parse-number", CALL + r"(?:std::)?(?:sto(?:i|l|ll|ul|ull|f|d|ld)|ato[ifl]|atoll|"
           r"sscanf)\s*\(", "use std::from_chars and check the whole text was read"),
    Banned("parse-number", CALL + r"(?:std::)?strto(?:l|ll|ul|ull|f|d|ld)\s*\(",
           "use std::from_chars and check the whole text was read", where=r"^(?:src|apps)/"),
    Banned("random", CALL + r"(?:std::)?(?:s?rand|drand48)\s*\(|\bstd::random_shuffle\b",
           "use platform/crypto for secrets, a seeded std::mt19937_64 in tests and benches"),
    Banned("random", r"\bstd::(?:random_device|mt19937(?:_64)?)\b", "use platform/crypto",
           where=CONTEXT + r"|^src/platform/", but_not=TESTS + r"|^src/platform/crypto/"),
    Banned("detached", r"\.detach\s*\(\s*\)", "keep the thread and join it in its owner's "
           "destructor"),
    Banned("detached", r"\basio::detached\b", "use async::spawn, which reports what escapes"),
    Banned("thread", r"\bstd::(?:j?thread|async)\b(?!::)", "use async::Workers for loops and "
           "async::BlockingPool for calls that block", where=CONTEXT, but_not=TESTS),
    Banned("lock", r"\bstd::(?:shared_mutex|shared_timed_mutex|recursive_mutex|"
           r"recursive_timed_mutex)\b", "publish an immutable snapshot, or keep the state on one "
           "loop", where=r"^src/", but_not=TESTS),
    Banned("lock", r"\bstd::(?:mutex|timed_mutex|condition_variable(?:_any)?)\b",
           "keep the state on one loop, or publish an immutable snapshot", where=INNER,
           but_not=TESTS),
    Banned("blocking-libpq", r"\bPQ(?:exec\w*|prepare|describe(?:Prepared|Portal)|connectdb\w*|"
           r"setdb\w*|reset|ping\w*|fn)\s*\(", "use the pool of platform/postgres, which never "
           "blocks a loop", where=r"^(?:src|apps)/", but_not=TESTS),
    Banned("blocking-libpq", r"\bPQ(?:c|requestC)ancel\s*\(", "cancel through platform/postgres, "
           "which does it off the loop", where=r"^(?:src|apps)/",
           but_not=TESTS + r"|^src/platform/postgres/"),
    Banned("blocking-resolve", CALL + r"(?:getaddrinfo|gethostbyname|getnameinfo)\s*\(",
           "resolve names through async::BlockingPool", where=r"^(?:src|apps)/",
           but_not=r"^src/(?:async|platform)/"),
    Banned("skip-reason", r"\bGTEST_SKIP\s*\(\s*\)\s*;",
           'say why: GTEST_SKIP() << "npm is not installed"'),
    Banned("skip-reason", r"\bDISABLED_\w+", "fix the test or delete it; GTEST_SKIP() with a "
           "reason for what the machine lacks"),
    Banned("dead-code", r"^[ \t]*#[ \t]*if[ \t]+(?:0|false)\b", "delete it; git remembers"),
    Banned("assert-input", r"\bassert\s*\([^;]*\b(?:request|body|headers?|query|payload|argv|"
           r"params?)\b", "return an Error that names the field; asserts are for our own mistakes",
           where=r"^apps/|/adapters/|^src/platform/http/", but_not=TESTS),
    Banned("throw", r"\bthrow\b", "return fail(Errc, detail): errors are values", where=INNER),
    Banned("clock", r"\b(?:system|steady|high_resolution)_clock::now\s*\(|" + CALL +
           r"(?:std::)?(?:gettimeofday|time)\s*\(\s*(?:NULL|nullptr|0|&)",
           "take a Clock (base/clock.hpp)", where=INNER),
    Banned("environment", CALL + r"(?:std::)?(?:secure_getenv|getenv|setenv|putenv)\s*\(",
           "take the setting as a parameter; apps/ reads platform/config", where=CONTEXT,
           but_not=TESTS),
    Banned("regex", r"\bstd::(?:basic_)?regex\b", "write the small parser: std::regex recurses on "
           "hostile input", where=r"^(?:src|apps)/"),
    Banned("sql-text", r'"[^"\n]*\b(?:SELECT|INSERT INTO|UPDATE|DELETE FROM)\b[^"\n]*"\s*\+|'
           r'(?:fmt|std)::format\s*\(\s*R?"[^"\n]*\b(?:SELECT|INSERT INTO|UPDATE|DELETE FROM)\b',
           "make it a Statement constant or, when its parts vary, an SqlText (base/sql_text.hpp), "
           "and pass values as Parameters", where=r"^(?:src|apps)/",
           but_not=TESTS, raw=True),
    Banned("unsafe-c", CALL + r"(?:std::)?(?:strcpy|strcat|v?sprintf|gets|alloca|tmpnam|mktemp|"
           r"strtok)\s*\(", "use std::string, snprintf with the size, mkdtemp"),
)


def check(file, code):
    """Findings of the table in one file; `code` is its text without comments and literals."""
    for row in ROWS:
        if file.kind not in row.kinds or not re.search(row.where, file.path):
            continue
        if re.search(row.but_not, file.path):
            continue
        text = file.text if row.raw else code
        for match in re.finditer(row.pattern, text, re.MULTILINE):
            found = " ".join(match.group().split()).rstrip("( ")
            found = found if len(found) <= 40 else found[:37] + "..."
            yield tree.Finding(file.path, tree.line_of(text, match.start()), row.rule,
                               f"{found} is banned", row.fix)
