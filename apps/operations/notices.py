"""Waits for a notice of PostgreSQL on the worker's own session, which holds its locks and so is never closed."""

import select
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection


class Notices:
    """What is heard on a channel from now on."""

    def wait_until(self, holds: Callable[[], bool], payload: str, seconds: float) -> bool:
        """Whether the condition holds within so many seconds; it is asked now, at each notice of this payload, and at the end."""
        deadline = time.monotonic() + seconds
        while not (done := holds()) and time.monotonic() < deadline:
            self._hear(payload, deadline)
        return done

    def _hear(self, payload: str, deadline: float) -> None:
        """Return at the next notice of this payload, or at the deadline."""
        session = connection.connection
        while True:
            while session.notifies:  # those that came with the answer to a query are there already
                if session.notifies.pop(0).payload == payload:
                    return
            with connection.wrap_database_errors:
                if not select.select([session], [], [], max(0.0, deadline - time.monotonic()))[0]:
                    return
                session.poll()


@contextmanager
def listening(channel: str) -> Iterator[Notices]:
    """Hear the channel on this thread's session, outside of a transaction; nothing sent from here on is missed."""
    with connection.cursor() as cursor:
        cursor.execute(f"LISTEN {channel}")
    try:
        yield Notices()
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"UNLISTEN {channel}")
        connection.connection.notifies.clear()
