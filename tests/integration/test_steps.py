"""Operations of several steps: those under the project's lock, and builds beside it."""

import json
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Any

import pytest
import redis
from django.utils import timezone

from apps.errors import Rejected
from apps.operations.cancellation import builds_ended
from apps.operations.execution import Continue, clears, executes, output_append
from apps.operations.locks import Lease, builds_lease, project_lease
from apps.operations.models import Operation, State, Step
from apps.operations.tasks import OVERDUE, SENT_FOR, build, drain, sweep
from datacenter.errors import DatacenterError
from tests.integration.sessions import PATIENCE, beside, elsewhere

pytestmark = pytest.mark.django_db(transaction=True)

ran: list[str] = []
BUSY = 9  # a project whose images cannot be removed


@pytest.fixture(autouse=True)
def nothing_ran() -> None:
    ran.clear()


@executes("test-built")
def first(operation: Operation, lease: Lease) -> Continue:
    ran.append(f"first of {operation.target}")
    return Continue(Step.BUILD)


@executes("test-built", Step.BUILD, 5, litters=True)
def builds(operation: Operation, lease: Lease) -> Continue:
    ran.append(f"build of {operation.target}")
    if operation.target == "broken":
        raise Rejected("build_failed", "It broke.")
    if operation.target == "cancelled":
        Operation.objects.update(state=State.FAILED, finished=timezone.now(), error_code="cancelled")
    assert output_append(operation, "a line\n") is (operation.target != "cancelled")
    return Continue(Step.FINISH)


@executes("test-built", Step.FINISH)
def last(operation: Operation, lease: Lease) -> dict[str, Any]:
    ran.append(f"last of {operation.target}")
    return {"done": True}


@clears
def removes(project_id: int, lease: Lease) -> None:
    ran.append(f"clear {project_id}")
    if project_id == BUSY:
        raise DatacenterError("The engine is still at it.")


@executes("test-short")
def short(operation: Operation, lease: Lease) -> dict[str, Any]:
    ran.append("short")
    return {}


def wanted(target: str = "web", kind: str = "test-built", project: int = 7, **columns: Any) -> Operation:
    return Operation.objects.create(kind=kind, target=target, user_id=1, project_id=project, service="tests", **columns)


def now(operation: Operation) -> tuple[str, str]:
    operation.refresh_from_db()
    return operation.state, operation.step


@contextmanager
def held(leasing: AbstractContextManager[Lease | None]) -> Iterator[None]:
    """Another session has the lease inside the block."""
    taken, release = threading.Event(), threading.Event()

    def hold() -> None:
        with leasing as lease:
            assert lease
            taken.set()
            assert release.wait(PATIENCE)

    with beside() as start:
        holding = start(hold)
        try:
            assert taken.wait(PATIENCE)
            yield
        finally:
            release.set()
        holding.result(PATIENCE)


def queued(broker: redis.Redis, queue: str) -> list[str]:
    return [json.loads(message)["headers"]["task"] for message in broker.lrange(f"nmt:{queue}", 0, -1)]


def test_it_goes_from_the_project_to_a_builder_and_back(broker: redis.Redis) -> None:
    operation = wanted()
    drain(7)
    assert (now(operation), queued(broker, "builds")) == ((State.WAITING, Step.BUILD), ["operations.build"])
    build(7)
    assert (now(operation), queued(broker, "datacenter")) == ((State.WAITING, Step.FINISH), ["operations.drain"])
    drain(7)
    assert now(operation) == (State.SUCCEEDED, Step.FINISH)
    assert (operation.result, operation.log) == ({"done": True}, "a line\n")
    assert ran == ["first of web", "build of web", "last of web"]


def test_what_waits_for_a_build_delays_nobody() -> None:
    built, other = wanted(), wanted(kind="test-short")
    drain(7)
    assert now(built) == (State.WAITING, Step.BUILD)
    assert now(other) == (State.SUCCEEDED, Step.FIRST)


def test_a_build_runs_while_others_have_the_projects_lock() -> None:
    operation = wanted(step=Step.BUILD)
    with held(project_lease(7)):
        build(7)
    assert now(operation) == (State.WAITING, Step.FINISH)


def test_builds_of_a_project_run_one_after_the_other_and_of_two_side_by_side() -> None:
    same, other = wanted(step=Step.BUILD), wanted(step=Step.BUILD, project=8)
    with held(builds_lease(7)):
        build(7)
        build(8)
    assert now(same) == (State.WAITING, Step.BUILD)
    assert now(other) == (State.WAITING, Step.FINISH)


def test_a_build_that_fails_ends_the_operation() -> None:
    operation = wanted("broken", step=Step.BUILD)
    build(7)
    assert (now(operation), operation.error_code) == ((State.FAILED, Step.BUILD), "build_failed")
    drain(7)
    assert "last of broken" not in ran


def test_one_that_was_cancelled_meanwhile_does_not_go_on() -> None:
    operation = wanted("cancelled", step=Step.BUILD)
    build(7)
    drain(7)
    assert (now(operation), operation.error_code) == ((State.FAILED, Step.BUILD), "cancelled")
    assert "last of cancelled" not in ran


def test_the_builds_of_a_project_end_before_its_network_goes_and_none_begins_meanwhile() -> None:
    waiting, running = wanted(step=Step.BUILD), wanted(step=Step.BUILD, state=State.RUNNING)
    finishing, other = wanted(step=Step.FINISH), wanted(step=Step.BUILD, project=8)
    with builds_ended(7):
        late = wanted(step=Step.BUILD)
        elsewhere(lambda: build(7))
        assert now(late) == (State.WAITING, Step.BUILD)
    assert [now(operation)[0] for operation in (waiting, running)] == [State.FAILED, State.FAILED]
    assert (waiting.error_code, "project 7" in waiting.error) == ("cancelled", True)
    assert [now(operation)[0] for operation in (finishing, other)] == [State.WAITING, State.WAITING]


def test_a_build_whose_message_was_lost_is_enqueued_again(broker: redis.Redis) -> None:
    wanted(step=Step.BUILD)
    Operation.objects.update(created=timezone.now() - OVERDUE - timedelta(seconds=1))
    sweep()
    assert (queued(broker, "builds"), queued(broker, "datacenter")) == (["operations.build"], [])


def test_a_build_whose_builder_was_lost_fails(broker: redis.Redis) -> None:
    operation = wanted(step=Step.BUILD, state=State.RUNNING, littered=True)
    sweep()
    assert (now(operation)[0], operation.error_code) == (State.FAILED, "worker_lost")
    assert queued(broker, "builds") == ["operations.build"], "a builder removes what it left"


def littered(project: int = 7, **columns: Any) -> Operation:
    columns.setdefault("finished", timezone.now())
    return wanted(step=Step.BUILD, littered=True, project=project, state=State.FAILED, **columns)


def is_littered(operation: Operation) -> bool:
    operation.refresh_from_db()
    return operation.littered


def test_what_ended_operations_left_is_removed_once_and_before_the_next_build() -> None:
    left, other = littered(), wanted(step=Step.BUILD)
    build(7)
    build(7)
    assert ran == ["clear 7", "build of web"]
    assert not is_littered(left)
    assert now(other) == (State.WAITING, Step.FINISH)


@pytest.mark.parametrize("target", ["broken", "cancelled"])
def test_after_a_build_that_failed_what_it_left_is_removed_at_once(target: str) -> None:
    operation = wanted(target, step=Step.BUILD)
    build(7)
    assert ran == [f"build of {target}", "clear 7"]
    assert not is_littered(operation)


def test_when_an_operation_ends_a_builder_is_sent_to_remove_what_it_left(broker: redis.Redis) -> None:
    operation = wanted()
    drain(7)
    build(7)
    assert is_littered(operation)
    broker.flushdb()
    drain(7)
    assert queued(broker, "builds") == ["operations.build"]
    build(7)
    assert ran == ["first of web", "build of web", "last of web", "clear 7"]
    assert not is_littered(operation)


def test_one_that_leaves_nothing_sends_no_builder(broker: redis.Redis) -> None:
    wanted(kind="test-short")
    drain(7)
    assert queued(broker, "builds") == []


def test_what_cannot_be_removed_yet_is_tried_again_and_keeps_no_build_from_running(broker: redis.Redis) -> None:
    busy, other = littered(BUSY), wanted(step=Step.BUILD, project=BUSY)
    build(BUSY)
    assert (is_littered(busy), now(other)) == (True, (State.WAITING, Step.FINISH))
    broker.flushdb()
    sweep()
    assert queued(broker, "builds") == ["operations.build"]


def test_builders_are_not_sent_for_ever(broker: redis.Redis) -> None:
    left = littered(BUSY, finished=timezone.now() - SENT_FOR - timedelta(seconds=1))
    sweep()
    assert (is_littered(left), queued(broker, "builds")) == (True, [])


def test_nothing_is_removed_while_a_build_of_the_project_is_under_way() -> None:
    left = littered()
    with held(builds_lease(7)):
        build(7)
    assert (is_littered(left), ran) == (True, [])


def test_its_start_is_that_of_its_first_step() -> None:
    operation = wanted()
    drain(7)
    now(operation)
    started = operation.started
    build(7)
    drain(7)
    now(operation)
    assert operation.started == started
