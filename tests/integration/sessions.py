"""Code that runs in a thread, and so in a database session, of its own."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from django.db import connection, connections

T = TypeVar("T")
PATIENCE = 10  # seconds, for what must happen at once


def _with_session(code: Callable[[], T]) -> T:
    try:
        return code()
    finally:
        connections.close_all()


@contextmanager
def beside() -> Iterator[Callable[[Callable[[], T]], Future[T]]]:
    """Starts code in threads; they have ended when this ends."""
    with ThreadPoolExecutor() as threads:
        yield lambda code: threads.submit(_with_session, code)


def elsewhere(code: Callable[[], T]) -> T:
    """What the code returns in another session."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(_with_session, code).result(PATIENCE)


def terminate(session: int) -> None:
    """End another database session, as a restart of PostgreSQL would."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [session])
        assert cursor.fetchone() == (True,)


def session_number() -> int:
    """The process number of this thread's database session."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])
