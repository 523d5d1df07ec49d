"""How often the same difference is put right: soon at first, seldom when it always comes back; pure."""

from collections.abc import Iterable

from apps.repairs.drift import Drift

LONGEST = 300.0  # seconds between two attempts
SETTLED = 10.0  # seconds after an attempt from which on a difference that is gone counts as new when it comes again


class Backoff:
    """Remembers attempts; `now` is in seconds of any steady clock."""

    def __init__(self) -> None:
        self._attempts: dict[tuple[int, str, str], tuple[int, float]] = {}  # how many, and when the last was
        self._waiting: set[tuple[int, str, str]] = set()

    def due(self, drifts: Iterable[Drift], now: float) -> list[Drift]:
        """Those that are to be put right now, which counts as an attempt."""
        self._waiting = {_key(drift) for drift in drifts}
        settled = {key for key, (_, last) in self._attempts.items() if now >= max(last + SETTLED, self._next(key))}
        for key in settled - self._waiting:
            del self._attempts[key]
        due = [drift for drift in drifts if self._next(_key(drift)) <= now]
        for key in {_key(drift) for drift in due}:
            self._attempts[key] = self._attempts.get(key, (0, 0.0))[0] + 1, now
        return due

    def wait(self, now: float) -> float:
        """Seconds until one of the differences last seen is due."""
        return max(0.0, min((self._next(key) for key in self._waiting), default=float("inf")) - now)

    def _next(self, key: tuple[int, str, str]) -> float:
        attempts, last = self._attempts.get(key, (0, 0.0))
        return last + min(2.0 ** (attempts - 1), LONGEST) if attempts else 0.0


def _key(drift: Drift) -> tuple[int, str, str]:
    return drift.project_id, drift.part, drift.where
