"""A project's lease and an operation's sign of life, between sessions of a real PostgreSQL."""

import threading
import time
import uuid

import pytest
from django.db import connection

from apps.errors import Broken
from apps.operations.locks import builds_held, builds_lease, lives, own_builds, project_lease, sign_of_life
from tests.integration.sessions import PATIENCE, beside, elsewhere, session_number, terminate

pytestmark = pytest.mark.django_db(transaction=True)


def takes(project: int) -> bool:
    with project_lease(project) as lease:
        return lease is not None


def test_one_session_at_a_time_has_a_projects_lease() -> None:
    with project_lease(7) as lease:
        assert lease is not None
        assert not elsewhere(lambda: takes(7))
        assert elsewhere(lambda: takes(8))
    assert elsewhere(lambda: takes(7))


def test_who_does_not_get_the_lease_does_not_wait_for_it() -> None:
    held, release = threading.Event(), threading.Event()

    def hold() -> None:
        with project_lease(7):
            held.set()
            assert release.wait(PATIENCE)

    with beside() as start:
        holder = start(hold)
        assert held.wait(PATIENCE)
        begun = time.monotonic()
        taken = takes(7)
        waited = time.monotonic() - begun
        release.set()
        holder.result(PATIENCE)
    assert not taken
    assert waited < 1


def test_the_lease_is_given_back_when_the_work_fails() -> None:
    with pytest.raises(ZeroDivisionError), project_lease(7):
        raise ZeroDivisionError
    assert elsewhere(lambda: takes(7))


def test_a_lease_that_is_held_checks_well() -> None:
    with project_lease(7) as lease:
        assert lease
        lease.check()
        lease.check()


def test_a_lease_whose_session_was_terminated_says_so_and_another_worker_gets_it() -> None:
    def lose() -> None:
        with project_lease(7) as lease:
            assert lease
            mine = session_number()
            elsewhere(lambda: terminate(mine))
            with pytest.raises(Broken) as lost:
                lease.check()
            assert lost.value.code == "lock_lost"
            assert elsewhere(lambda: takes(7))

    elsewhere(lose)


def test_a_lease_is_lost_for_good_when_its_session_was_replaced() -> None:
    with project_lease(7) as lease:
        assert lease
        connection.close()
        for _ in range(2):
            with pytest.raises(Broken, match="lock"):
                lease.check()


def test_an_operation_lives_while_its_lock_is_held_and_not_longer() -> None:
    operation, other = uuid.uuid4(), uuid.uuid4()
    assert not lives(operation)
    with sign_of_life(operation):
        assert lives(operation)
        assert elsewhere(lambda: lives(operation))
        assert not lives(other)
    assert not elsewhere(lambda: lives(operation))


def test_whether_builds_are_under_way_is_seen_project_by_project() -> None:
    with builds_lease(7):
        assert elsewhere(lambda: (builds_held(7), builds_held(8), builds_held(0))) == (True, False, False)
    assert not elsewhere(lambda: builds_held(7))


def test_who_builds_images_of_our_own_shares_the_lease_and_nobody_else_has_it_meanwhile() -> None:
    def acquired() -> bool:
        with builds_lease(0) as lease:
            return lease is not None

    def shared() -> bool:
        with own_builds():
            return True

    with own_builds():
        assert elsewhere(lambda: (builds_held(0), acquired(), shared())) == (True, False, True)
    assert elsewhere(lambda: (builds_held(0), acquired())) == (False, True)


@pytest.mark.parametrize("number", range(20))
def test_a_lock_is_found_whatever_the_signs_of_its_two_halves(number: int) -> None:
    operation = uuid.UUID(int=number)
    with sign_of_life(operation):
        assert elsewhere(lambda: lives(operation))


def test_an_operation_whose_worker_was_lost_does_not_live() -> None:
    operation, held = uuid.uuid4(), threading.Event()
    sessions: list[int] = []
    ended = threading.Event()

    def work() -> None:
        with sign_of_life(operation):
            sessions.append(session_number())
            held.set()
            assert ended.wait(PATIENCE)

    with beside() as start:
        worker = start(work)
        assert held.wait(PATIENCE)
        assert lives(operation)
        terminate(sessions[0])
        assert not lives(operation)
        ended.set()
        assert worker.exception(PATIENCE) is not None
