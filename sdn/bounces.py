"""Ports that are down for a moment, so that whoever is plugged in asks for a new lease; pure."""


class Bounces:
    """When each port that was set down is to be set up again."""

    def __init__(self) -> None:
        self._due: dict[int, float] = {}

    @property
    def due(self) -> float | None:
        """When the first of them is, if there is any."""
        return min(self._due.values(), default=None)

    def __contains__(self, port: int) -> bool:
        """Whether a port is down for a moment."""
        return port in self._due

    def begin(self, port: int, until: float) -> None:
        """Note that a port is down; one that is down already stays so for longer."""
        self._due[port] = until

    def ended(self, now: float) -> list[int]:
        """The ports that are due, which are forgotten."""
        ports = [port for port, due in self._due.items() if due <= now]
        for port in ports:
            del self._due[port]
        return ports

    def clear(self) -> None:
        self._due.clear()
