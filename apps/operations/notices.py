"""Hears notices of PostgreSQL: on the worker's own session, which holds its locks and so is never closed, or on another."""

import select
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import psycopg2
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


def hear(*channels: str) -> Iterator[str]:
    """Payloads of all notices of the channels, after an empty one once they are heard; never ends but by an error of psycopg2."""
    parameters = {key: value for key, value in connection.get_connection_params().items() if key != "cursor_factory"}
    with closing(psycopg2.connect(**parameters)) as session:  # its own `with` would open a transaction
        session.set_session(autocommit=True)
        with session.cursor() as cursor:
            for channel in channels:
                cursor.execute(f"LISTEN {channel}")
        yield ""
        while True:
            select.select([session], [], [])
            session.poll()
            while session.notifies:
                yield session.notifies.pop(0).payload
