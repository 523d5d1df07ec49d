"""Finds cables between sockets: a MAC that moves between two ports again and again; pure."""

from collections import deque
from dataclasses import dataclass, field

WINDOW = 1.0  # seconds
MOST_MOVES = 5  # of one MAC between the same two ports within the window


@dataclass
class _Trace:
    """The recent moves of a MAC, and the ports it was seen at in the order of their first sight."""

    ports: list[int]
    moves: deque[tuple[float, frozenset[int]]] = field(default_factory=deque)


class Moves:
    """The moves of the MACs of one switch within the last second."""

    def __init__(self) -> None:
        self._traces: dict[tuple[int, str], _Trace] = {}
        self._held: dict[tuple[int, str], float] = {}

    def moved(self, vlan: int, mac: str, source: int, target: int, now: float) -> list[int]:
        """Note a move; the ports that may be looped, if the MAC has moved between the two too often for a host.

        The one seen later comes first; where the MAC was before all its moves, there its host is, and no loop.
        """
        for key in [key for key, trace in self._traces.items() if trace.moves[-1][0] <= now - WINDOW]:
            del self._traces[key]
        trace = self._traces.setdefault((vlan, mac), _Trace([source]))
        if target not in trace.ports:
            trace.ports.append(target)
        if source not in trace.ports:
            trace.ports.append(source)
        pair = frozenset((source, target))
        trace.moves.append((now, pair))
        while trace.moves[0][0] <= now - WINDOW:
            trace.moves.popleft()
        if sum(each == pair for _, each in trace.moves) <= MOST_MOVES:
            return []
        return [port for port in reversed(trace.ports) if port in pair and port != trace.ports[0]]

    def home(self, vlan: int, mac: str) -> int | None:
        """The port where a MAC was before its recent moves."""
        trace = self._traces.get((vlan, mac))
        return trace.ports[0] if trace else None

    def hold(self, vlan: int, mac: str, now: float) -> None:
        """Forget the moves of a MAC, and take it for where it is for a while: more copies from the loop are under way."""
        self._traces.pop((vlan, mac), None)
        self._held = {key: until for key, until in self._held.items() if until > now}
        self._held[vlan, mac] = now + WINDOW

    def holds(self, vlan: int, mac: str, now: float) -> bool:
        """Whether a MAC is not to be moved now."""
        return self._held.get((vlan, mac), now) > now
