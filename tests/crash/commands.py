"""The commands that are ended in the middle: what comes before, what is ended, the next run, and what it must not leave."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.conftest import ROOT
from tests.crash import leftovers

OURS = "nm"
TESTS = ("nms", "nmt")


@dataclass(frozen=True)
class Command:
    """`seconds` bounds the moments; 0: the time that an undisturbed run takes."""

    command: list[str]
    next: list[str] = field(default_factory=list)  # empty: the same
    seconds: float = 0
    prepare: Callable[[], None] = lambda: None
    left: Callable[[], list[str]] = list

    @property
    def next_command(self) -> list[str]:
        return self.next or self.command


def run(*command: str) -> None:
    """Run a command to its end; an error that names it if it fails."""
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | {"CONFIRM": "yes"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{' '.join(command)} exited {done.returncode}: {done.stdout[-2000:]}{done.stderr[-2000:]}")


def _up() -> None:
    run("make", "up")


def _something_to_purge() -> None:
    """A room of two sockets, and a project with a container."""
    _up()
    run(".venv/bin/python", "manage.py", "lab", "up", "--sockets", "2")
    token = (ROOT / "var/dml-servant.token").read_text().strip()
    call = ("curl", "-fsS", "-X", "POST", "-H", f"Authorization: Token {token}")
    run(*call, "http://127.0.0.1:8000/new-container/1/7/")


def _nothing_installed() -> None:
    """No virtualenv and no images: what `make up` finds on a new machine, Debian's packages aside."""
    run("make", "purge")
    run("rm", "-rf", ".venv", "var/cache")
    run("bash", "-c", "docker images -q | xargs -r docker rmi -f")


def _left_of_tests() -> list[str]:
    return [line for instance in TESTS for line in leftovers.running(instance)]


COMMANDS = {
    "up": Command(["make", "up"]),
    "down": Command(["make", "down"], prepare=_up, left=lambda: leftovers.supervised(OURS)),
    "purge": Command(["make", "purge"], prepare=_something_to_purge, left=lambda: leftovers.of(OURS)),
    "demo": Command(["make", "demo"]),
    "first-up": Command(["make", "up"], prepare=_nothing_installed),
    "test": Command(
        ["make", "test"],
        next=["deploy/test.sh", "tests/system/test_make.py", "-k", "second_make_up"],
        seconds=300,
        left=_left_of_tests,
    ),
    "bench": Command(
        ["make", "bench"], next=["deploy/bench.sh", "containers", "info", "--rounds", "1"], seconds=120, left=leftovers.of_bench
    ),
}

LOGS = Path("var/crash")
