"""All ways at once, and whoever follows the containers that come back."""

import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Self

from tests.system.matrix.ends import Process, running
from tests.system.matrix.ways import Outcome, Way

BETWEEN = 0.05  # seconds between two looks at where the containers are


@dataclass(frozen=True)
class Losses:
    """What became of all ways: lost frames by kind, when the last of them was due, frames that found a buffer full."""

    by_kind: dict[str, int]
    last: float
    dropped: int


class Traffic:
    """Frames on every way, from `with` to `end`."""

    def __init__(self, ways: Sequence[Way]) -> None:
        self._ways = ways
        self._containers = {end.container for way in ways for end in (way.sender, way.receiver) if end.container}
        self._processes: dict[str, Process] = {}
        self._ended, self._lock = threading.Event(), threading.Lock()
        self._pool = ThreadPoolExecutor(len(ways))

    def __enter__(self) -> Self:
        self._processes = running(self._containers)
        list(self._pool.map(lambda way: way.begin(self._processes), self._ways))
        self._follower = threading.Thread(target=self._follow, daemon=True)
        self._follower.start()
        return self

    def __exit__(self, *error: object) -> None:
        if not self._ended.is_set():
            self.end()

    @property
    def flows(self) -> bool:
        """Whether frames come through on every way."""
        with self._lock:
            return all(way.flows for way in self._ways)

    @property
    def missing(self) -> int:
        """Frames that were lost up to now."""
        with self._lock:
            return sum(way.missing for way in self._ways)

    def silent(self) -> list[str]:
        """Ways by which nothing comes through, in words."""
        with self._lock:
            return [f"{way.kind} of project {way.project}" for way in self._ways if not way.flows]

    def end(self) -> Losses:
        """Send no more, and count."""
        self._ended.set()
        self._follower.join()
        outcomes: list[Outcome] = list(self._pool.map(Way.end, self._ways))
        self._pool.shutdown()
        lost: Counter[str] = Counter()
        for way, outcome in zip(self._ways, outcomes, strict=True):
            lost[way.kind] += outcome.lost
        return Losses(dict(lost), max(one.last_lost for one in outcomes), sum(one.dropped for one in outcomes))

    def _follow(self) -> None:
        while not self._ended.wait(BETWEEN):
            moved = [way for way in self._ways if way.moved(self._processes)]
            if not moved:
                continue
            self._processes = running(self._containers)
            with self._lock:
                list(self._pool.map(lambda way: way.follow(self._processes), moved))
