"""Waits for operations to end: one LISTEN thread per process hands the ended rows to those who wait."""

import logging
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager

from django.db import connections

from apps.operations.models import ENDED_CHANNEL, Operation
from apps.operations.notices import hear
from apps.operations.selectors import operation_get

log = logging.getLogger(__name__)

REREAD = 2.0  # seconds after which a waiter reads its row again, in case a notice was lost
RECONNECT = 1.0  # seconds between attempts to listen again

Ended = Future[Operation]


class EndedListener:
    """Hears ENDED_CHANNEL on a connection of its own, and reads each ended row once for all who wait for it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, set[Ended]] = {}
        self._thread: threading.Thread | None = None
        self._listening = threading.Event()

    @contextmanager
    def watching(self, operation: uuid.UUID) -> Iterator[Ended]:
        """A future of the operation's row as it ended."""
        ended: Ended = Future()
        with self._lock:
            self._waiting.setdefault(str(operation), set()).add(ended)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="operation-ended", daemon=True)
                self._thread.start()
        self._listening.wait(RECONNECT)
        try:
            yield ended
        finally:
            with self._lock:
                others = self._waiting.pop(str(operation), set()) - {ended}
                if others:
                    self._waiting[str(operation)] = others

    def _run(self) -> None:
        while True:
            try:
                self._listen()
            except Exception as error:  # a pool that is used up raises its own; without this thread every waiter polls
                self._listening.clear()
                connections.close_all()
                log.warning("not listening for ended operations: %s", error)
                time.sleep(RECONNECT)

    def _listen(self) -> None:
        for payload in hear(ENDED_CHANNEL):
            self._listening.set()
            if payload:
                self._hand_over(payload)

    def _hand_over(self, operation: str) -> None:
        with self._lock:
            waiting = self._waiting.pop(operation, set())
        if not waiting:
            return
        try:
            row = operation_get(uuid.UUID(operation))
        except Operation.DoesNotExist:  # deleted since; whoever reads again finds out
            return
        for ended in waiting:
            ended.set_result(row)


_listener = EndedListener()


def wait_for(operation: uuid.UUID, seconds: float) -> Operation:
    """The operation once it has ended, or as it is after so many seconds; holds no connection while waiting."""
    deadline = time.monotonic() + seconds
    with _listener.watching(operation) as ended:
        while True:
            row = operation_get(operation)
            remaining = deadline - time.monotonic()
            if row.ended or remaining <= 0:
                return row
            connections.close_all()
            try:
                return ended.result(min(REREAD, remaining))
            except TimeoutError:
                log.debug("reading %s again", operation)
