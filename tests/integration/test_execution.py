"""What becomes of an operation's row, whatever its code does."""

import json
import signal
from base64 import b64decode
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.db import connection
from django.utils import timezone

from apps.errors import Broken, Rejected
from apps.operations.deadline import TIME_LIMIT
from apps.operations.execution import execute, executes
from apps.operations.locks import Lease, lives, project_lease, sign_of_life
from apps.operations.models import Operation, State
from apps.operations.services import Caller, Order, operation_submit
from apps.operations.tasks import OVERDUE, drain, sweep
from datacenter.errors import DatacenterError, DatacenterUnavailable
from tests.integration.sessions import elsewhere, session_number, terminate

pytestmark = pytest.mark.django_db(transaction=True)

ran: list[Any] = []


@pytest.fixture(autouse=True)
def nothing_ran() -> None:
    ran.clear()


@executes("test-works")
def works(operation: Operation, lease: Lease) -> dict[str, Any]:
    ran.append(operation.target)
    limited = 0 < signal.getitimer(signal.ITIMER_REAL)[0] <= TIME_LIMIT
    return {"echo": operation.request, "living": lives(operation.uuid), "limited": limited}


@executes("test-fails")
def fails(operation: Operation, lease: Lease) -> dict[str, Any]:
    raise {
        "rejected": Rejected("name_taken", "Project 7 has it."),
        "broken": Broken("no_free_vlan", "None is left."),
        "datacenter": DatacenterError("The bridge is gone."),
        "unavailable": DatacenterUnavailable("Docker is away."),
        "bug": ZeroDivisionError("secret detail"),
    }[operation.target]


@executes("test-submits")
def submits(operation: Operation, lease: Lease) -> dict[str, Any]:
    """As a call would that comes while the project is being drained."""
    ran.append(operation.target)
    wanted("test-works", "late")
    return {}


@executes("test-loses-its-session")
def loses_its_session(operation: Operation, lease: Lease) -> dict[str, Any]:
    mine = session_number()
    elsewhere(lambda: terminate(mine))
    if operation.target == "reads":
        return {"found": Operation.objects.count()}
    lease.check()
    return {}


def wanted(kind: str, target: str = "", project: int = 7, **columns: Any) -> Operation:
    return Operation.objects.create(kind=kind, target=target, user_id=1, project_id=project, service="tests", **columns)


def executed(operation: Operation) -> Operation:
    with project_lease(operation.project_id) as lease:
        assert lease
        execute(operation, lease)
    operation.refresh_from_db()
    return operation


def messages(broker: redis.Redis) -> list[list[Any]]:
    """Arguments of the tasks that wait in the queue."""
    bodies = [json.loads(message)["body"] for message in broker.lrange("nmt:datacenter", 0, -1)]
    return [json.loads(b64decode(body))[0] for body in bodies]


def test_success_is_written_with_its_result_and_times() -> None:
    done = executed(wanted("test-works", request={"name": "web"}))
    assert done.state == State.SUCCEEDED
    assert done.result == {"echo": {"name": "web"}, "living": True, "limited": True}
    assert done.started and done.finished and done.created <= done.started <= done.finished
    assert done.worker
    assert (done.error_code, done.error) == ("", "")
    assert not lives(done.uuid)


@pytest.mark.parametrize(
    ("target", "code", "sentence", "operators"),
    [
        ("rejected", "name_taken", "Project 7 has it.", False),
        ("broken", "no_free_vlan", "None is left.", True),
        ("datacenter", "datacenter", "The bridge is gone.", True),
        ("unavailable", "datacenter_unavailable", "Docker is away.", True),
        ("bug", "internal", "NetManager failed; the operator finds the reason in the worker's log.", True),
    ],
)
def test_a_failure_is_written_with_its_code_and_sentence(target: str, code: str, sentence: str, operators: bool) -> None:
    done = executed(wanted("test-fails", target))
    assert done.state == State.FAILED
    assert (done.error_code, done.error, done.operators) == (code, sentence, operators)
    assert done.finished
    assert done.result == {}


def test_a_kind_that_no_code_carries_out_fails() -> None:
    assert executed(wanted("test-unheard-of")).error_code == "internal"


@pytest.mark.parametrize("state", [State.RUNNING, State.SUCCEEDED, State.FAILED])
def test_only_a_waiting_operation_is_run(state: State) -> None:
    operation = wanted("test-works", state=state, finished=timezone.now())
    assert executed(operation).state == state
    assert ran == []


def test_draining_runs_what_waits_in_the_project_oldest_first() -> None:
    now = timezone.now()
    for age, target in ((1, "third"), (3, "first"), (2, "second")):
        Operation.objects.filter(pk=wanted("test-works", target).pk).update(created=now - timedelta(minutes=age))
    other = wanted("test-works", "other", project=8)
    drain(7)
    assert ran == ["first", "second", "third"]
    other.refresh_from_db()
    assert other.state == State.WAITING


def test_a_failure_does_not_keep_the_next_from_running() -> None:
    wanted("test-fails", "bug")
    wanted("test-works", "next")
    drain(7)
    assert ran == ["next"]


def test_what_comes_while_draining_is_run_too() -> None:
    wanted("test-submits", "early")
    drain(7)
    assert ran == ["early", "late"]


def test_draining_leaves_a_project_alone_that_another_worker_has() -> None:
    waiting = wanted("test-works")
    with project_lease(7):
        elsewhere(lambda: drain(7))
    waiting.refresh_from_db()
    assert (waiting.state, ran) == (State.WAITING, [])


def test_draining_twice_runs_nothing_twice() -> None:
    wanted("test-works", "once")
    drain(7)
    drain(7)
    assert ran == ["once"]


@pytest.mark.parametrize("notices", ["checks", "reads"])
def test_a_worker_that_lost_its_session_ends_its_operation_and_begins_no_other(notices: str) -> None:
    lost, next_one = wanted("test-loses-its-session", notices), wanted("test-works", "next")
    with pytest.raises(Broken, match="lock"):
        drain(7)
    for operation in (lost, next_one):
        operation.refresh_from_db()
    assert (lost.state, lost.error_code) == (State.FAILED, "lock_lost")
    assert (next_one.state, ran) == (State.WAITING, [])


def test_sweeping_ends_operations_whose_worker_is_lost_and_no_others() -> None:
    lost, living = wanted("test-works", state=State.RUNNING), wanted("test-works", state=State.RUNNING)
    waiting = wanted("test-works")
    with sign_of_life(living.uuid):
        elsewhere(sweep)
    for operation in (lost, living, waiting):
        operation.refresh_from_db()
    assert (lost.state, lost.error_code, lost.operators) == (State.FAILED, "worker_lost", True)
    assert lost.finished
    assert living.state == State.RUNNING
    assert waiting.state == State.WAITING


def test_sweeping_asks_again_once_for_each_project_whose_message_was_lost(broker: redis.Redis) -> None:
    overdue = timezone.now() - 2 * OVERDUE
    for project in (7, 7, 8):
        Operation.objects.filter(pk=wanted("test-works", project=project).pk).update(created=overdue)
    wanted("test-works", project=9)
    sweep()
    assert sorted(messages(broker)) == [[7], [8]]


def test_submitting_asks_for_the_project_once_it_is_written(broker: redis.Redis) -> None:
    operation = operation_submit(Caller("tests", 1), Order("test-works", 7, "web", {"name": "web"}))
    assert messages(broker) == [[7]]
    written = Operation.objects.get(pk=operation.pk)
    assert (written.state, written.target, written.request) == (State.WAITING, "web", {"name": "web"})
    assert (written.service, written.user_id) == ("tests", 1)


def test_the_session_is_as_before_after_draining() -> None:
    before = session_number()
    drain(7)
    assert session_number() == before
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
        assert cursor.fetchone() == (0,)
