"""Streams of numbered frames that go on when a container comes back with another process; what could not leave is lost."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from lab.errors import LabError
from lab.stream import Endpoint, Result, Stream, Target
from tests.system.matrix.ends import End, Process

RATE = 100.0  # frames a second
RECENT = 0.2  # seconds; a frame that came within them shows that a way is open
SETTLED = 0.5  # seconds that frames are given to come in order


@dataclass(frozen=True)
class Outcome:
    """What became of a way: frames that were due, that did not come, when the last of these was due (0: none), not counted."""

    due: int
    lost: int
    last_lost: float
    dropped: int


@dataclass
class Way:
    """From one end to another, in a project; `kind` is what the table calls it."""

    kind: str
    project: int
    sender: End
    receiver: End
    to: Target | None = None
    _now: Stream | None = None
    _places: tuple[Endpoint, Endpoint] | None = None
    _past: list[Result] = field(default_factory=list)
    _started: float = 0

    def begin(self, processes: Mapping[str, Process]) -> None:
        """Send, from now on."""
        stream = self.follow(processes)
        assert stream is not None, f"{self.kind} of project {self.project} has no two ends"
        self._started = stream.started
        stream.wait_for_first(10)

    def moved(self, processes: Mapping[str, Process]) -> bool:
        """Whether an end is elsewhere by now, or nowhere, or was nowhere when it was looked for."""
        return self._places is None or self._at(processes) != self._places

    def follow(self, processes: Mapping[str, Process]) -> Stream | None:
        """Go on from where the ends are now; without both of them, there is nothing until the next call."""
        places = self._at(processes)
        if self._now:
            self._past.append(self._now.stop())
        self._now, self._places = None, None
        if places is None:
            return None
        stream = Stream(*places, RATE, self.to)
        try:
            stream.__enter__()
        except LabError:  # the container has ended again
            return None
        self._now, self._places = stream, places
        return stream

    @property
    def flows(self) -> bool:
        """Whether frames come through now."""
        return self._now is not None and time.monotonic() - self._now.so_far().at < RECENT

    @property
    def missing(self) -> int:
        """Frames that have been overtaken by others since the ends are where they are; all, if none has come."""
        if self._now is None:
            return 1
        so_far = self._now.so_far()
        return so_far.missing if so_far.received else 1

    def end(self) -> Outcome:
        """Send no more, and count."""
        until = time.monotonic()
        if self._now:
            last = self._now.stop()
            self._past.append(last)
            until = last.due(last.sent)
        self._now = None
        due = round((until - self._started) * RATE)
        received = sum(result.received for result in self._past)
        losses = [result.due(number) for result in self._past for number in result.lost[-1:]]
        moves = [result.started for result in self._past[1:]]
        lost = max(0, due - received)
        return Outcome(due, lost, max([*losses, *moves], default=0.0) if lost else 0.0, sum(one.dropped for one in self._past))

    def _at(self, processes: Mapping[str, Process]) -> tuple[Endpoint, Endpoint] | None:
        sender, receiver = self.sender.endpoint(processes), self.receiver.endpoint(processes)
        return (sender, receiver) if sender and receiver else None
