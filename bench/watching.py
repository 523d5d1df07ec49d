"""CPU that the reconciler takes while nothing happens."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

SETTLED, IDLE = 10.0, 60.0  # seconds: after the last change, and measured; it looks twice meanwhile
PIDFILE = Path(os.environ["RUN"], "reconciler.pid")


def report(projects: int) -> None:
    """Measure and print, with so many projects on the host."""
    time.sleep(SETTLED)
    pid = int(PIDFILE.read_text())
    before, begun = _seconds(pid), time.monotonic()
    time.sleep(IDLE)
    share = (_seconds(pid) - before) / (time.monotonic() - begun)
    print(f"\nThe reconciler among {projects} projects, idle for {IDLE:g} s: {share:.2%} of a core", flush=True)


def _seconds(pid: int) -> float:
    """CPU time of a process, of those that it started, and of those of them that have ended."""
    ticks = 0
    for one in _family(pid):
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        ticks += sum(map(int, fields[11:15]))  # utime, stime, cutime, cstime; proc(5)
    return ticks / os.sysconf("SC_CLK_TCK")


def _family(pid: int) -> Iterator[int]:
    yield pid
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            yield from _family(int(child))
