"""The time limit of an operation."""

import signal
import threading

import pytest

from apps.errors import Broken
from apps.operations.deadline import time_limit

PATIENCE = 10  # seconds


def test_what_hangs_is_ended_as_the_operators_trouble() -> None:
    with pytest.raises(Broken, match=r"longer than 0\.05 s") as caught, time_limit(0.05):
        threading.Event().wait(PATIENCE)
    assert caught.value.code == "timed_out"


def test_what_ends_in_time_is_left_alone_and_so_is_what_comes_after() -> None:
    before = signal.getsignal(signal.SIGALRM)
    with time_limit(PATIENCE):
        assert 0 < signal.getitimer(signal.ITIMER_REAL)[0] <= PATIENCE
    assert signal.getitimer(signal.ITIMER_REAL)[0] == 0
    assert signal.getsignal(signal.SIGALRM) == before
