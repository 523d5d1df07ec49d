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
from apps.operations.execution import Continue, executes, output_append
from apps.operations.locks import Lease, builds_lease, project_lease
from apps.operations.models import Operation, State, Step
from apps.operations.tasks import OVERDUE, build, drain, sweep
from datacenter.errors import DatacenterError
from tests.integration.sessions import PATIENCE, beside, elsewhere

pytestmark = pytest.mark.django_db(transaction=True)

ran: list[str] = []


@pytest.fixture(autouse=True)
def nothing_ran() -> None:
    ran.clear()


@executes("test-built")
def first(operation: Operation, lease: Lease) -> Continue:
    ran.append(f"first of {operation.target}")
    return Continue(Step.BUILD)


@executes("test-built", Step.BUILD, 5)
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


@executes("test-built", Step.CLEAR)
def clears(operation: Operation, lease: Lease) -> dict[str, Any]:
    ran.append(f"clear of {operation.target}")
    if operation.target == "busy":
        raise DatacenterError("The engine is still at it.")
    return {}


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
    assert ran == ["build of broken"]


def test_one_that_was_cancelled_meanwhile_does_not_go_on() -> None:
    operation = wanted("cancelled", step=Step.BUILD)
    build(7)
    drain(7)
    assert (now(operation), operation.error_code) == ((State.FAILED, Step.BUILD), "cancelled")
    assert ran == ["build of cancelled"]


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
    operation = wanted(step=Step.BUILD, state=State.RUNNING)
    sweep()
    assert (now(operation)[0], operation.error_code) == (State.FAILED, "worker_lost")
    assert queued(broker, "builds") == ["operations.build"], "a builder removes what it left"


def failed(target: str) -> Operation:
    return wanted(target, step=Step.BUILD, state=State.FAILED, finished=timezone.now(), error_code="worker_lost")


def test_what_failed_builds_left_is_removed_once_and_before_the_next_build() -> None:
    left, other = failed("left"), wanted(step=Step.BUILD)
    build(7)
    build(7)
    assert ran == ["clear of left", "build of web"]
    assert (now(left), left.error_code) == ((State.FAILED, Step.CLEAR), "worker_lost")
    assert now(other) == (State.WAITING, Step.FINISH)


def test_what_cannot_be_removed_yet_is_tried_again_and_keeps_no_build_from_running(broker: redis.Redis) -> None:
    busy, other = failed("busy"), wanted(step=Step.BUILD)
    build(7)
    assert (now(busy), now(other)) == ((State.FAILED, Step.BUILD), (State.WAITING, Step.FINISH))
    broker.flushdb()
    sweep()
    assert queued(broker, "builds") == ["operations.build"]


def test_nothing_is_removed_while_a_build_of_the_project_is_under_way() -> None:
    left = failed("left")
    with held(builds_lease(7)):
        build(7)
    assert (now(left), ran) == ((State.FAILED, Step.BUILD), [])


def test_its_start_is_that_of_its_first_step() -> None:
    operation = wanted()
    drain(7)
    now(operation)
    started = operation.started
    build(7)
    drain(7)
    now(operation)
    assert operation.started == started
