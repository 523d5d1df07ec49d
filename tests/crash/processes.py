"""The processes of one run of a command: all that have its mark in their environment, and what those started."""

import os
import signal
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from tests.conftest import ROOT

MARK = "NETMANAGER_CRASH_RUN"
ENDS_WITHIN = 180  # seconds from SIGTERM to the end of the command


def start(command: list[str], mark: str, log: IO[bytes], environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start a command in a session of its own, with a mark by which `of` finds what it starts."""
    marked = os.environ | environment | {MARK: mark}
    return subprocess.Popen(
        command, cwd=ROOT, env=marked, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
    )


def of(mark: str) -> set[int]:
    """Return the pids of a run. A daemon that the run started keeps the mark; a service that ran before has none."""
    entry = f"{MARK}={mark}".encode()
    found = {pid for pid in pids() if entry in environment_of(pid)}
    parents = {pid: _parent(pid) for pid in pids()}
    while children := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= children
    return {pid for pid in found if _lives(pid)}


def end(run: subprocess.Popen[bytes], mark: str, sig: signal.Signals) -> None:
    """Send a signal to all processes of a run. After SIGKILL none lives; after SIGTERM its first process has ended."""
    if sig == signal.SIGKILL:
        while alive := of(mark):
            _send(alive, sig)
    else:
        _send(of(mark), sig)
    run.wait(ENDS_WITHIN)


def ends_within(run: subprocess.Popen[bytes], seconds: float) -> bool:
    """Wait for the end of a run, at most so many seconds; return whether it ended."""
    try:
        run.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def pids() -> list[int]:
    return [int(place.name) for place in Path("/proc").iterdir() if place.name.isdecimal()]


def environment_of(pid: int) -> list[bytes]:
    """The environment a process was started with; empty for one that is gone."""
    return _read(pid, "environ").split(b"\0")


def command_line(pid: int) -> str:
    return _read(pid, "cmdline").replace(b"\0", b" ").decode(errors="replace").strip()


def mounts_of(pid: int) -> str:
    return _read(pid, "mountinfo").decode(errors="replace")


def _parent(pid: int) -> int:
    fields = _read(pid, "stat").rpartition(b")")[2].split()
    return int(fields[1]) if fields else 0


def _lives(pid: int) -> bool:
    fields = _read(pid, "stat").rpartition(b")")[2].split()
    return bool(fields) and fields[0] != b"Z"


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:  # it ended while we looked
        return b""


def _send(found: Iterable[int], sig: signal.Signals) -> None:
    for pid in found:
        try:
            os.kill(pid, sig)
        except ProcessLookupError:
            continue
