"""Whether the controller gets to its work, asked by those who read its metrics."""

from collections.abc import Callable
from concurrent.futures import Future

from os_ken.controller.event import EventBase

PATIENCE = 2.0  # seconds that it may be at other work


class EventProbe(EventBase):
    """Somebody asks whether the room is known."""

    def __init__(self) -> None:
        super().__init__()
        self.known: Future[bool] = Future()


def decides(send: Callable[[EventProbe], None]) -> float:
    """1 if the controller answers in time that it knows the room, else 0."""
    event = EventProbe()
    send(event)
    try:
        return float(event.known.result(PATIENCE))
    except TimeoutError:
        return 0.0
