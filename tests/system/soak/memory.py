"""The memory of every process of the stack over time, and how fast it grows."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from statistics import linear_regression
from threading import Event, Thread
from time import monotonic
from typing import NamedTuple, Self

from tests.system.matrix.kills import OVS_RUN
from tests.system.soak.campus import SECONDS
from tests.system.stack import ENGINE_RUN, VAR

OURS = f"NETMANAGER_VAR={VAR}".encode()
PROGRAM = b"SUPERVISOR_PROCESS_NAME="  # in the environment of what supervisord runs
ENGINE = ("dockerd", "containerd")
BETWEEN = 4.0  # seconds
WARM_UP = min(60.0, SECONDS / 5)  # seconds of a process' life that do not count
LONG = 180.0  # seconds after that, from which on growth is told from chance
FEW = 3  # readings, of which nothing can be told
BOUND = 5000  # kB a minute; what leaks does so in both halves of its time

Series = list[tuple[float, float]]  # seconds, kB


class Process(NamedTuple):
    """A program, and the process group or process that it was at a time; killed ones begin anew."""

    name: str
    pid: int


class Memory:
    """Looks every few seconds, from `with` to its end."""

    def __init__(self) -> None:
        self.series: dict[Process, Series] = defaultdict(list)
        self._ended = Event()

    def __enter__(self) -> Self:
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._ended.set()
        self._thread.join()

    def summary(self) -> list[str]:
        """A line for each process that lived beyond its warm-up, with its slope, and that of the second half of its time."""
        lines = []
        for process, series in sorted(self.series.items()):
            if len(warm := _warm(series)) > FEW:
                lived, last, late = warm[-1][0] - warm[0][0], warm[-1][1], slope(warm[len(warm) // 2 :])
                slopes = f"{slope(warm):+.0f} kB/min over {lived:.0f} s, {late:+.0f} in the second half"
                lines.append(f"{process.name} ({process.pid}): {last:.0f} kB, {slopes}")
        return lines

    def growing(self) -> list[str]:
        """What clearly grows, and is more than it was before it was killed: until then it fills again what it had."""
        return [
            f"{process.name} grows by {slope(_warm(series)):.0f} kB/min"
            for process, series in self.series.items()
            if grows(_warm(series)) and series[-1][1] > self._most_before(process)
        ]

    def _most_before(self, process: Process) -> float:
        """kB that the program had in lives that began before this one; 0 without any."""
        began = self.series[process][0][0]
        earlier = [series for other, series in self.series.items() if other.name == process.name and series[0][0] < began]
        return max((size for series in earlier for _, size in series), default=0.0)

    def _run(self) -> None:
        while not self._ended.wait(BETWEEN):
            now = monotonic()
            for process, size in _sizes().items():
                self.series[process].append((now, size))


def slope(series: Series) -> float:
    """By least squares, in kB a minute."""
    return 60 * linear_regression(*zip(*series, strict=True)).slope


def grows(series: Series) -> bool:
    """Whether a series is long, and faster than BOUND in each of its halves."""
    half = len(series) // 2
    long = half > 1 and series[-1][0] - series[0][0] >= LONG
    return long and all(slope(part) > BOUND for part in (series[:half], series[half:]))


def _warm(series: Series) -> Series:
    return [(at, size) for at, size in series if at >= series[0][0] + WARM_UP]


def _sizes() -> dict[Process, float]:
    """kB of each program with all its processes, of the engine and of Open vSwitch.

    What several share counts in each: a worker's processes make shared pages their own for as long as they live, which adds none.
    """
    found: dict[Process, float] = defaultdict(float)
    for directory in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended
            for process in _process(directory):
                found[process] += _size(directory)
    for daemon in ("ovs-vswitchd", "ovsdb-server"):
        with suppress(OSError, ValueError):
            pid = int((OVS_RUN / f"{daemon}.pid").read_text())
            found[Process(daemon, pid)] = _size(Path(f"/proc/{pid}"))
    return found


def _size(directory: Path) -> int:
    """Resident set size of a process, in kB (proc(5), smaps_rollup)."""
    lines = (directory / "smaps_rollup").read_text().splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("Rss:")), 0)


def _process(directory: Path) -> Iterator[Process]:
    """What a process belongs to, if it is of the stack or its engine."""
    environment = (directory / "environ").read_bytes().split(b"\0")
    if OURS in environment:
        group = int((directory / "stat").read_text().rpartition(")")[2].split()[2])
        for variable in environment:
            if variable.startswith(PROGRAM):
                yield Process(variable.removeprefix(PROGRAM).decode(), group)
        return
    command = (directory / "cmdline").read_bytes().decode(errors="replace")
    name = Path(command.split("\0")[0]).name
    if name in ENGINE and str(ENGINE_RUN) in command:
        yield Process(name, int(directory.name))
