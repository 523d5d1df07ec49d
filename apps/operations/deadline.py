"""The time limit of one operation; a task of Celery runs many, so its own time limits do not fit."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NoReturn

from apps.errors import Broken

TIME_LIMIT = 600  # seconds that one operation may take


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise Broken `timed_out` inside after so many seconds, whatever is being waited for.

    By SIGALRM, and so in the main thread only, where a worker's process runs its tasks.
    """

    def expired(*_: object) -> NoReturn:
        raise Broken("timed_out", f"This took longer than {seconds:g} s: a service of the host hangs; see the worker's log.")

    before = signal.signal(signal.SIGALRM, expired)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
