"""The zero-loss instrument: a stream of numbered frames between two network namespaces of this host."""

import json
import secrets
import select
import subprocess
import sys
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import IO, Any, Self

from lab.errors import LabError

FRAMES = str(Path(__file__).with_name("frames.py"))
START = 10  # seconds, for a program to start
END = 60  # seconds, for it to hand over its result


@dataclass(frozen=True)
class Endpoint:
    """A network interface; `enter` is the command that runs another in its namespace, none for the host's own."""

    enter: tuple[str, ...]
    interface: str = "eth0"

    @classmethod
    def of_process(cls, pid: int, interface: str = "eth0") -> "Endpoint":
        """An interface of the namespace where a process lives, such as a container's first."""
        return cls(("nsenter", "--target", str(pid), "--net"), interface)


@dataclass(frozen=True)
class Target:
    """What frames are addressed to where that is not their receiver's interface: the MAC of a router, an address behind it."""

    mac: str
    ip: str


@dataclass(frozen=True)
class SoFar:
    """How far a stream is: frames that came, number of the last one (-1: none yet), and when it came (time.monotonic)."""

    received: int
    number: int
    at: float

    @property
    def missing(self) -> int:
        """Frames that have not come, of those up to the last that has."""
        return self.number + 1 - self.received


@dataclass(frozen=True, order=True)
class Arrival:
    """A frame that came through: its number, and when it was sent and received (time.monotonic, seconds)."""

    received: float
    number: int
    sent: float


@dataclass(frozen=True)
class Result:
    """What a stream was: frames 0 to sent-1, frame n due at started + n/rate; `late` is the sender's worst delay in seconds.

    `dropped` counts frames that reached the receiver and found its buffer full: if there are any the run is void.
    """

    rate: float
    started: float
    sent: int
    late: float
    dropped: int
    arrivals: tuple[Arrival, ...]

    @property
    def received(self) -> int:
        """How many different frames came through."""
        return len({arrival.number for arrival in self.arrivals})

    @property
    def lost(self) -> list[int]:
        """Numbers of the frames that did not come through."""
        return sorted(set(range(self.sent)) - {arrival.number for arrival in self.arrivals})

    @property
    def duplicates(self) -> int:
        """How many frames came more than once, each further time counted."""
        return len(self.arrivals) - self.received

    @property
    def longest_gap_ms(self) -> float:
        """The longest time between two frames, from the first that came through to the last."""
        times = [arrival.received for arrival in self.arrivals]
        return max((later - earlier for earlier, later in pairwise(times)), default=0.0) * 1000

    def due(self, number: int) -> float:
        """When a frame, lost ones included, had to leave (time.monotonic)."""
        return self.started + number / self.rate

    def first_after(self, moment: float) -> float | None:
        """Seconds from a moment (time.monotonic) to the first frame received after it; None if none was."""
        return next((arrival.received - moment for arrival in self.arrivals if arrival.received >= moment), None)

    def summary(self) -> dict[str, Any]:
        """The figures, for JSON."""
        return {
            "sent": self.sent, "received": self.received, "lost": self.lost, "duplicates": self.duplicates,
            "longest_gap_ms": round(self.longest_gap_ms, 3), "late_ms": round(self.late * 1000, 3), "dropped": self.dropped,
            "started": self.started, "ended": self.due(self.sent),
        }  # fmt: skip


class Stream:
    """Frames from one interface to another between `with` and its end, or `stop`; then `result` has what became of them.

    The sender is not told whether they arrive. The receiver needs no address, and nobody asks for its MAC.
    """

    result: Result

    def __init__(self, sender: Endpoint, receiver: Endpoint, rate: float = 1000, to: Target | None = None) -> None:
        self._sender, self._receiver, self._rate, self._to = sender, receiver, rate, to
        self._id, self._port = secrets.token_hex(8), str(20000 + secrets.randbelow(10000))
        self._running: list[subprocess.Popen[bytes]] = []
        self._first: float | None = None

    def __enter__(self) -> Self:
        try:
            self._receiving = self._start(self._receiver, "receive")
            place = self._heard(self._receiving, START)
            to = self._to or Target(place["mac"], place["ip"])
            self._sending = self._start(self._sender, "send", str(self._rate), to.mac, to.ip)
            self._started: float = self._heard(self._sending, START)["started"]
        except BaseException:
            self._kill()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        try:
            if not hasattr(self, "result"):
                self.stop()
        finally:
            self._kill()

    def wait_for_first(self, seconds: float) -> float:
        """When the first frame came through (time.monotonic), waiting for it; raises LabError if it does not in time."""
        if self._first is None:
            self._first = self._heard(self._receiving, seconds)["first"]
        return self._first

    @property
    def started(self) -> float:
        """When the first frame was due (time.monotonic)."""
        return self._started

    def so_far(self) -> SoFar:
        """What has come through up to now."""
        _pipe(self._receiving.stdin).write(b"?")
        while "so_far" not in (heard := self._heard(self._receiving, START)):
            self._first = heard["first"]
        return SoFar(*heard["so_far"])

    def stop(self) -> Result:
        """Send no more, wait for what is under way, and return what became of all."""
        sending = self._end(self._sending)[-1]
        receiving = self._end(self._receiving)[-1]
        columns = (receiving["received"], receiving["numbers"], receiving["sent"])
        arrivals = tuple(Arrival(*arrival) for arrival in zip(*columns, strict=True))
        self.result = Result(self._rate, self._started, sending["sent"], sending["late"], receiving["dropped"], arrivals)
        return self.result

    def _start(self, place: Endpoint, role: str, *more: str) -> subprocess.Popen[bytes]:
        command = [*place.enter, sys.executable, "-I", FRAMES, role, place.interface, self._id, self._port, *more]
        pipe = subprocess.PIPE  # unbuffered: what `select` does not see must not wait in a buffer
        process = subprocess.Popen(command, bufsize=0, stdin=pipe, stdout=pipe, stderr=pipe)
        self._running.append(process)
        return process

    def _heard(self, process: subprocess.Popen[bytes], seconds: float) -> dict[str, Any]:
        """The next line that a program says."""
        output = _pipe(process.stdout)
        if not select.select([output], [], [], seconds)[0]:
            raise LabError(f"Nothing was heard of a stream's frames within {seconds:g} s.")
        line = output.readline()
        if not line:
            raise LabError(f"A program of the stream ended: {_pipe(process.stderr).read().decode().strip()}")
        return dict(json.loads(line))

    def _end(self, process: subprocess.Popen[bytes]) -> list[dict[str, Any]]:
        """Have a program end, and return all that it said since."""
        try:
            output, errors = process.communicate(timeout=END)
        except subprocess.TimeoutExpired as error:
            raise LabError(f"A program of the stream did not end within {END} s.") from error
        if process.returncode:
            raise LabError(f"A program of the stream failed: {errors.decode().strip()}")
        return [json.loads(line) for line in output.splitlines()]

    def _kill(self) -> None:
        for process in self._running:
            if process.poll() is None:
                process.kill()
            process.communicate()


def stream(sender: Endpoint, receiver: Endpoint, rate: float = 1000, to: Target | None = None) -> Stream:
    """A stream of `rate` numbered frames a second, for a `with` statement; `to` where the receiver is behind a router."""
    return Stream(sender, receiver, rate, to)


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    if pipe is None:
        raise LabError("A program of the stream was started without pipes.")
    return pipe
