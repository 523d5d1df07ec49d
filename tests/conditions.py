"""Waiting for what must become true."""

import time
from collections.abc import Callable
from typing import Any

BETWEEN = 0.03  # seconds


def wait_until(condition: Callable[[], Any], what: str, seconds: float = 60) -> Any:
    """The condition's value once it is true; fails with `what` after the deadline."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"not within {seconds:g} s: {what}"
        time.sleep(BETWEEN)
    return value
