"""Waiting for a notice on a worker's own session."""

import time
from collections.abc import Callable

import pytest
from django.db import Error, connection

from apps.operations.locks import project_lease
from apps.operations.notices import listening
from tests.integration.sessions import PATIENCE, beside, elsewhere, session_number, terminate

pytestmark = pytest.mark.django_db(transaction=True)
CHANNEL = "netmanager_test"


def send(payload: str, times: int = 1) -> None:
    with connection.cursor() as cursor:
        for _ in range(times):
            cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, payload])


def asked(*answers: bool) -> tuple[list[bool], Callable[[], bool]]:
    """A condition that gives these answers, and those it still has."""
    left = list(answers)
    return left, lambda: left.pop(0)


def test_what_holds_already_is_not_waited_for() -> None:
    with listening(CHANNEL) as notices:
        begun = time.monotonic()
        assert notices.wait_until(lambda: True, "3", PATIENCE)
        assert time.monotonic() - begun < 0.5


def test_it_asks_again_at_a_notice_of_this_payload_and_of_no_other() -> None:
    left, condition = asked(False, True)
    with listening(CHANNEL) as notices, beside() as start:
        for payload in ("4", "33", "", "3"):
            start(lambda payload=payload: send(payload)).result()  # type: ignore[misc]
        assert notices.wait_until(condition, "3", PATIENCE)
    assert left == []


def test_a_notice_that_came_with_the_answer_to_a_query_is_not_lost() -> None:
    left, condition = asked(False, True)
    with listening(CHANNEL) as notices:
        elsewhere(lambda: send("3"))
        session_number()
        begun = time.monotonic()
        assert notices.wait_until(condition, "3", PATIENCE)
        assert time.monotonic() - begun < 0.5
    assert left == []


def test_it_asks_once_more_at_the_end_in_case_a_notice_was_lost() -> None:
    left, condition = asked(False, True)
    with listening(CHANNEL) as notices:
        begun = time.monotonic()
        assert notices.wait_until(condition, "3", 0.3)
    assert 0.3 <= time.monotonic() - begun < 1
    assert left == []


def test_it_waits_no_longer_than_told_however_many_notices_come() -> None:
    with listening(CHANNEL) as notices, beside() as start:
        begun = time.monotonic()
        flood = start(lambda: send("3", times=300))
        assert not notices.wait_until(lambda: False, "3", 0.3)
        assert time.monotonic() - begun < 0.6
        flood.result()


def test_afterwards_nothing_is_heard_or_kept_and_the_locks_are_still_held() -> None:
    with project_lease(7) as lease:
        assert lease
        with listening(CHANNEL) as notices:
            elsewhere(lambda: send("4"))
            assert not notices.wait_until(lambda: False, "3", 0.1)
        elsewhere(lambda: send("5"))
        lease.check()
        assert connection.connection.notifies == []


def test_a_session_that_is_lost_while_waiting_is_an_error_of_djangos() -> None:
    mine = session_number()

    def lose_it() -> None:
        with listening(CHANNEL) as notices:
            elsewhere(lambda: terminate(mine))
            notices.wait_until(lambda: False, "3", PATIENCE)

    with pytest.raises(Error):
        lose_it()
    connection.close()
