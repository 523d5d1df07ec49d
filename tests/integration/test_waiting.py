"""Waiting for operations: the database tells of their end, whoever writes it."""

import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, connections, transaction
from django.utils import timezone

from apps.operations.models import Operation, State
from apps.operations.waiting import REREAD, EndedListener, wait_for
from tests.integration.sessions import PATIENCE, beside, elsewhere

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def operation() -> Operation:
    return Operation.objects.create(kind="test", user_id=1, project_id=7, service="tests", state=State.RUNNING)


def end(operation: Operation, state: State = State.SUCCEEDED) -> None:
    Operation.objects.filter(pk=operation.pk).update(state=state, finished=timezone.now())


class FirstRead:
    """Tells when a waiter's session has read for the first time, and how often it has."""

    def __init__(self) -> None:
        self.seen = threading.Event()
        self.reads = 0

    def __call__(self, execute: Callable[..., Any], *arguments: Any) -> Any:
        result = execute(*arguments)
        self.reads += 1
        self.seen.set()
        return result


@pytest.mark.parametrize("state", [State.SUCCEEDED, State.FAILED])
def test_the_end_of_an_operation_is_heard(operation: Operation, state: State) -> None:
    """No waiter reads the row again here: only the notice can bring its end."""
    with EndedListener().watching(operation.pk) as ended:
        assert not ended.done()
        elsewhere(lambda: end(operation, state))
        assert ended.result(PATIENCE).state == state


def test_the_end_of_another_operation_and_the_beginning_of_this_are_not_heard(operation: Operation) -> None:
    listener = EndedListener()
    other = Operation.objects.create(kind="test", user_id=1, project_id=7, service="tests")
    with listener.watching(operation.pk) as ended, listener.watching(other.pk) as other_ended:
        Operation.objects.filter(pk=operation.pk).update(state=State.RUNNING, log="so far")
        end(other)
        assert other_ended.result(PATIENCE).pk == other.pk
        assert not ended.done()


def test_all_who_wait_for_an_operation_hear_of_its_end(operation: Operation) -> None:
    listener = EndedListener()
    with listener.watching(operation.pk) as one, listener.watching(operation.pk) as other:
        end(operation)
        assert one.result(PATIENCE).ended
        assert other.result(PATIENCE).ended


def test_a_waiter_returns_well_before_it_would_read_again(operation: Operation) -> None:
    first = FirstRead()

    def wait() -> Operation:
        with connection.execute_wrapper(first):
            return wait_for(operation.pk, PATIENCE)

    with beside() as start:
        waiter = start(wait)
        assert first.seen.wait(PATIENCE)
        begun = time.monotonic()
        end(operation)
        done = waiter.result(PATIENCE)
        waited = time.monotonic() - begun
    assert done.state == State.SUCCEEDED
    assert first.reads == 1
    assert waited < REREAD / 2


def test_a_waiter_holds_no_database_session(operation: Operation) -> None:
    first = FirstRead()
    sessions: list[Any] = []

    def wait() -> Operation:
        sessions.append(connections["default"])
        with connection.execute_wrapper(first):
            return wait_for(operation.pk, PATIENCE)

    with beside() as start:
        waiter = start(wait)
        assert first.seen.wait(PATIENCE)
        deadline = time.monotonic() + REREAD / 2
        while sessions[0].connection is not None:
            assert time.monotonic() < deadline, "the waiter keeps its session"
        end(operation)
        waiter.result(PATIENCE)


def test_an_operation_that_ended_before_is_not_waited_for(operation: Operation) -> None:
    end(operation)
    begun = time.monotonic()
    assert wait_for(operation.pk, PATIENCE).ended
    assert time.monotonic() - begun < REREAD / 2


def test_after_its_time_a_waiter_gets_the_operation_as_it_is(operation: Operation) -> None:
    begun = time.monotonic()
    assert wait_for(operation.pk, 0.2).state == State.RUNNING
    assert 0.2 <= time.monotonic() - begun < REREAD


def test_the_listener_hears_again_after_its_session_was_lost(operation: Operation) -> None:
    listener = EndedListener()
    with listener.watching(uuid.uuid4()), connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND query LIKE 'LISTEN %%' AND pid <> pg_backend_pid()"
        )
    deadline = time.monotonic() + PATIENCE
    with listener.watching(operation.pk) as ended:
        while not ended.done():
            assert time.monotonic() < deadline, "the listener is deaf"
            Operation.objects.filter(pk=operation.pk).update(state=State.RUNNING)
            end(operation)


def test_the_listener_goes_on_when_a_row_is_gone_by_the_time_it_reads_it(operation: Operation) -> None:
    listener, gone = EndedListener(), Operation.objects.create(kind="test", user_id=1, project_id=7, service="tests")
    with listener.watching(gone.pk), listener.watching(operation.pk) as ended:
        with transaction.atomic():
            end(gone)
            Operation.objects.filter(pk=gone.pk).delete()
        end(operation)
        assert ended.result(PATIENCE).ended
