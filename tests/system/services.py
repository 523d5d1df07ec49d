"""A PostgreSQL and a Redis of the stack's own, which tests may kill without harm; NETMANAGER_OWN_SERVICES asks for them.

The cluster is on a tmpfs, so that a test can fill its disk.
"""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.conditions import wait_until

ASKED_FOR = bool(os.environ.get("NETMANAGER_OWN_SERVICES"))
POSTGRES_PORT, REDIS_PORT = 6657, 9657
DISK = Path("/var/lib/netmanager-nms-postgres")
DISK_SIZE = "300m"
CLUSTER = "netmanager-nms"
REDIS_DIRECTORY = Path("/run/netmanager-nms-redis")
GUCS = ("max_wal_size=64MB", "min_wal_size=32MB", "max_connections=100")


class Postgres:
    """The cluster; pg_lsclusters and the scripts of deploy/ see it as any other."""

    def __init__(self) -> None:
        self.version = max((path.name for path in Path("/usr/lib/postgresql").iterdir()), key=int)

    def make(self) -> None:
        """An empty one that runs."""
        self.remove()
        DISK.mkdir()
        _run("mount", "-t", "tmpfs", "-o", f"size={DISK_SIZE},mode=0755", "tmpfs", str(DISK))
        options = [part for guc in GUCS for part in ("-o", guc)]
        _run("pg_createcluster", "--port", str(POSTGRES_PORT), "-d", str(DISK / "data"), *options, self.version, CLUSTER)
        self.start()

    def start(self) -> None:
        """Start it as FACTS say, and wait until it answers; what a killed one left may be in the way for a moment."""
        command = ("pg_ctlcluster", "--skip-systemctl-redirect", self.version, CLUSTER, "start")
        wait_until(lambda: self.answers() or (_run(*command, check=False), self.answers())[1], "PostgreSQL answers")

    def stop(self) -> None:
        _run("pg_ctlcluster", "--skip-systemctl-redirect", self.version, CLUSTER, "stop", "-m", "fast")

    def kill(self) -> None:
        """SIGKILL its first process, as a power cut would; the others end by themselves."""
        os.kill(self._pid(), signal.SIGKILL)
        wait_until(lambda: not self.answers(), "PostgreSQL has ended")

    def answers(self) -> bool:
        return self._does("SELECT 1")

    def takes_rows(self) -> bool:
        """Whether a table of some megabytes can be made; it is gone at once."""
        return self._does("CREATE TEMPORARY TABLE many AS SELECT generate_series(1, 100000)")

    def _does(self, sql: str) -> bool:
        command = ("runuser", "-u", "postgres", "--", "psql", "-p", str(POSTGRES_PORT), "-qtAXc", sql)
        return subprocess.run(command, capture_output=True, check=False, cwd="/").returncode == 0

    def fill_disk(self) -> Path:
        """The file that has all that was free."""
        ballast = DISK / "ballast"
        with suppress(OSError), ballast.open("wb", buffering=0) as file:
            while file.write(bytes(1 << 16)):
                pass
        return ballast

    def remove(self) -> None:
        _run("pg_dropcluster", "--stop", self.version, CLUSTER, check=False)
        if DISK.exists():
            _run("umount", str(DISK), check=False)
            shutil.rmtree(DISK)

    def _pid(self) -> int:
        return int((DISK / "data/postmaster.pid").read_text().split()[0])


class Redis:
    """A Redis that keeps nothing on disk."""

    def start(self) -> None:
        """Start it as FACTS say, and wait until it answers."""
        REDIS_DIRECTORY.mkdir(exist_ok=True)
        place = ("--port", str(REDIS_PORT), "--bind", "127.0.0.1", "--dir", str(REDIS_DIRECTORY), "--save", "")
        _run("redis-server", "--daemonize", "yes", "--pidfile", str(REDIS_DIRECTORY / "pid"), *place)
        wait_until(self.answers, "Redis answers")

    def kill(self) -> None:
        os.kill(int((REDIS_DIRECTORY / "pid").read_text()), signal.SIGKILL)
        wait_until(lambda: not self.answers(), "Redis has ended")

    def answers(self) -> bool:
        return "PONG" in _run("redis-cli", "-p", str(REDIS_PORT), "ping", check=False)

    def remove(self) -> None:
        if self.answers():
            self.kill()
        shutil.rmtree(REDIS_DIRECTORY, ignore_errors=True)


@contextmanager
def own_services() -> Iterator[None]:
    """Both of them run until the end of the block."""
    postgres, redis = Postgres(), Redis()
    try:
        redis.remove()
        redis.start()
        postgres.make()
        yield
    finally:
        postgres.remove()
        redis.remove()


def _run(*command: str, check: bool = True) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, cwd="/")
    assert not check or done.returncode == 0, f"{' '.join(command)} exited {done.returncode}: {done.stdout}{done.stderr}"
    return done.stdout
