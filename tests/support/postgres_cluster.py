"""PostgreSQL servers of their own with the freshly built extension, for tests and benchmarks.

An Installation is the extension in a scratch directory (nothing is installed on the machine); a
Cluster is a server that loads it from there by extension_destdir, a setting of Debian's
PostgreSQL. PG_CONFIG chooses the PostgreSQL; PGMIND_SANITIZE=1 builds and runs the extension with
AddressSanitizer and UBSan.
"""
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PG_CONFIG = os.environ.get("PG_CONFIG") or "pg_config"
SANITIZE = os.environ.get("PGMIND_SANITIZE", "")
START_SECONDS_MAX = 120
STOP_SECONDS_MAX = 60


def bindir():
    return pathlib.Path(subprocess.run([PG_CONFIG, "--bindir"], check=True, text=True,
                                       stdout=subprocess.PIPE).stdout.strip())


def as_server():
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    return {"user": "postgres", "group": "postgres", "extra_groups": []}


def run(command, **options):
    """Runs a program to its end; what it printed is in the error if it fails."""
    result = subprocess.run([str(part) for part in command], text=True, stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT, check=False, cwd="/", **options)
    if result.returncode != 0:
        raise RuntimeError(f"{command[0]} failed ({result.returncode}):\n{result.stdout}")
    return result.stdout


def is_running(pid):
    try:
        stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rsplit(")", 1)[1].split()[0] not in "ZX"


def knows_extension_destdir():
    return "\nextension_destdir\t" in "\n" + run([bindir() / "postgres", "--describe-config"])


class Installation:
    """The extension, built and installed below a scratch folder; `close` deletes the folder."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pgmind-extension-"))
        os.chmod(self.folder, 0o755)
        self.destdir = self.folder / "installed"
        # Not what a calling make was told.
        environment = {name: value for name, value in os.environ.items()
                       if name not in ("MAKEFLAGS", "MAKEOVERRIDES", "MAKELEVEL")}
        run(["make", "--no-print-directory", "-s", "-C", ROOT / "extension",
             f"SANITIZE={SANITIZE}", f"PG_CONFIG={PG_CONFIG}", "all", "install",
             f"DESTDIR={self.destdir}"], env=environment)
        run(["chmod", "-R", "a+rX", self.folder])

    def add(self, destdir):
        """Adds another extension that was installed below `destdir`."""
        shutil.copytree(destdir, self.destdir, dirs_exist_ok=True)
        run(["chmod", "-R", "a+rX", self.folder])

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)


class Cluster:
    """One server on a socket in its own folder; `close` stops it and deletes all."""

    def __init__(self, installation, **settings):
        self.installation = installation
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pgmind-postgres-"))
        self.data = self.folder / "data"
        self.socket = self.folder / "socket"
        self.log = self.folder / "server.log"
        self.settings = {"listen_addresses": "", "unix_socket_directories": self.socket,
                         "log_error_verbosity": "verbose", "restart_after_crash": "on"}
        if knows_extension_destdir():
            self.settings["extension_destdir"] = installation.destdir
        elif SANITIZE:
            raise RuntimeError("this PostgreSQL lacks extension_destdir, which is needed here")
        self.settings.update(settings)
        self.process = None
        for folder in (self.data, self.socket):
            folder.mkdir(mode=0o700)
        self.log.touch()
        if os.geteuid() == 0:
            for path in (self.folder, self.data, self.socket, self.log):
                shutil.chown(path, "postgres", "postgres")

    def tool(self, name, *arguments, **options):
        """Runs one of PostgreSQL's programs against this server."""
        return run([bindir() / name, *arguments], env=self.environment(), **as_server(), **options)

    def environment(self):
        return {**os.environ, "PGHOST": str(self.socket), "PGUSER": "postgres",
                "PGDATABASE": "postgres", "PATH": f"{bindir()}:{os.environ['PATH']}"}

    def init(self):
        self.tool("initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8",
                  "--no-locale", "--no-sync", "--data-checksums")
        return self

    def copy_from(self, primary):
        """Makes this the standby of `primary`, by pg_basebackup."""
        primary.tool("pg_basebackup", "-D", self.data, "-R", "-X", "stream", "-c", "fast")
        return self

    def start(self):
        command = self.sanitizer() + [str(bindir() / "postgres"), "-D", str(self.data)]
        for name, value in self.settings.items():
            command += ["-c", f"{name}={value}"]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log,
                                            stderr=log, cwd="/", **as_server())
        self.wait_until_ready()
        return self

    @staticmethod
    def sanitizer():
        if not SANITIZE:
            return []
        compiler = os.environ.get("PGMIND_CXX", "clang++-19")
        runtime = run([compiler, "-print-file-name=libclang_rt.asan-x86_64.so"]).strip()
        # PostgreSQL never frees what its processes keep until they end; and it measures its stack
        # by addresses of locals, which a fake stack would move.
        return ["env", f"LD_PRELOAD={runtime}", "UBSAN_OPTIONS=print_stacktrace=1",
                "ASAN_OPTIONS=detect_leaks=0:detect_stack_use_after_return=0:abort_on_error=1"]

    def wait_until_ready(self):
        deadline = time.monotonic() + START_SECONDS_MAX
        command = [str(bindir() / "pg_isready"), "-q", "-U", "postgres", "-h",
                   str(self.socket)]
        while subprocess.run(command, check=False).returncode != 0:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the server does not start:\n" + self.log_end())
            time.sleep(0.05)

    def log_end(self):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-60:])

    def postmaster(self):
        return int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])

    def kill(self):
        """SIGKILL to the server and all its children, as a machine that stops would do it."""
        postmaster = self.postmaster()
        # Stopped first, so that it starts nothing while its children are looked up.
        os.kill(postmaster, signal.SIGSTOP)
        children = pathlib.Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text()
        pids = [int(child) for child in children.split()] + [postmaster]
        for pid in pids:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass  # it had ended by itself
        self.process.wait(STOP_SECONDS_MAX)
        self.process = None
        deadline = time.monotonic() + STOP_SECONDS_MAX
        while any(map(is_running, pids)):
            if time.monotonic() > deadline:
                raise RuntimeError("a killed server process does not end")
            time.sleep(0.01)

    def stop(self, mode="fast"):
        if self.process is None:
            return
        if self.process.poll() is None:
            self.tool("pg_ctl", "-D", self.data, "-m", mode, "-t", STOP_SECONDS_MAX, "-w", "stop")
        self.process.wait(STOP_SECONDS_MAX)
        self.process = None

    def promote(self):
        self.tool("pg_ctl", "-D", self.data, "-w", "promote")

    def close(self):
        try:
            self.stop("immediate")
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()
