"""Runs operations: finds the code of a kind's step, moves the row's state, turns exceptions into its error."""

import logging
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import Error as DatabaseError
from django.db.models import Q, Value
from django.db.models.functions import Concat
from django.utils import timezone

from apps.errors import Broken, NetManagerError
from apps.operations.deadline import TIME_LIMIT, time_limit
from apps.operations.locks import Lease, LeaseLost, sign_of_life
from apps.operations.models import LITTERED, Operation, State, Step
from datacenter.errors import DatacenterError, DatacenterUnavailable

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Continue:
    """What an executor returns to have the operation wait for another step."""

    step: Step


Executor = Callable[[Operation, Lease], dict[str, Any] | Continue]
Clearer = Callable[[int, Lease], None]


@dataclass(frozen=True)
class _Entry:
    executor: Executor
    seconds: float
    litters: bool


def _nothing(operation: Operation, lease: Lease) -> dict[str, Any]:
    raise LookupError(f"nothing executes {operation.kind}, step {operation.step}")


NOTHING = _Entry(_nothing, TIME_LIMIT, litters=False)
_executors: dict[tuple[str, str], _Entry] = {}
_clearers: list[Clearer] = []


def executes(
    kind: str, step: Step = Step.FIRST, seconds: float = TIME_LIMIT, litters: bool = False
) -> Callable[[Executor], Executor]:
    """Register what carries out a step of a kind: (operation, lease) → result, or Continue; raises NetManagerError.

    After one that `litters`, the project is cleared when the operation has ended.
    """

    def register(executor: Executor) -> Executor:
        _executors[kind, step] = _Entry(executor, seconds, litters)
        return executor

    return register


def clears(clearer: Clearer) -> Clearer:
    """Register what removes images that are of no use any more: (project_id, lease of its builds)."""
    _clearers.append(clearer)
    return clearer


def execute(operation: Operation, lease: Lease) -> Step | None:
    """Run one WAITING operation to the end of its step; the step it waits for then, if any.

    A failure is written to the row and not raised.
    """
    with sign_of_life(operation.uuid):
        entry = _executors.get((operation.kind, operation.step), NOTHING)
        if not _started(operation, entry.litters):
            return None
        log.info("%s %s begins, step %s", operation, operation.uuid, operation.step)
        try:
            with time_limit(entry.seconds):
                result = entry.executor(operation, lease)
        except Exception as error:
            failure = _lost(lease, error) or _as_failure(operation, error)
            fail(Q(pk=operation.pk, state=State.RUNNING), failure)
            log.warning("%s %s failed: %s", operation, operation.uuid, failure)
            return None
        return _stepped(operation, result)


def clear(project_id: int, lease: Lease) -> None:
    """Remove what operations of the project left that have ended; where that cannot be done now, their rows say so still."""
    littered = list(Operation.objects.filter(LITTERED, project_id=project_id).values_list("pk", flat=True))
    if not littered:
        return
    try:
        with time_limit(TIME_LIMIT):
            for clearer in _clearers:
                clearer(project_id, lease)
    except Exception as error:
        log.warning("images of project %s that are of no use could not be removed: %s", project_id, error)
        return
    Operation.objects.filter(pk__in=littered).update(littered=False)


def fail(which: Q, failure: NetManagerError) -> int:
    """End the operations that still match, with this failure; how many they were."""
    return Operation.objects.filter(which).update(
        state=State.FAILED,
        error_code=failure.code,
        error=failure.sentence,
        operators=failure.operators,
        finished=timezone.now(),
    )


def output_append(operation: Operation, text: str) -> bool:
    """Append to the log of an operation; whether it is running still, and not ended by somebody else."""
    running = Operation.objects.filter(pk=operation.pk, state=State.RUNNING)
    if not text:
        return running.exists()
    Operation.objects.filter(pk=operation.pk).update(log=Concat("log", Value(text)))
    return running.exists()


def _started(operation: Operation, litters: bool) -> bool:
    running = {
        "state": State.RUNNING,
        "started": operation.started or timezone.now(),
        "worker": socket.gethostname(),
        "littered": operation.littered or litters,
    }
    return Operation.objects.filter(pk=operation.pk, state=State.WAITING, step=operation.step).update(**running) == 1


def _stepped(operation: Operation, result: dict[str, Any] | Continue) -> Step | None:
    running = Operation.objects.filter(pk=operation.pk, state=State.RUNNING)
    if isinstance(result, Continue):
        running.update(state=State.WAITING, step=result.step)
        log.info("%s %s waits for step %s", operation, operation.uuid, result.step)
        return result.step
    running.update(state=State.SUCCEEDED, result=result, finished=timezone.now())
    log.info("%s %s done", operation, operation.uuid)
    return None


def _lost(lease: Lease, error: Exception) -> LeaseLost | None:
    """That the database was away, if it is the cause: the connection that has failed is the one that held the lock."""
    if isinstance(error, DatabaseError):
        try:
            lease.check()
        except LeaseLost as lost:
            return lost
    return None


def _as_failure(operation: Operation, error: Exception) -> NetManagerError:
    if isinstance(error, NetManagerError):
        return error
    if isinstance(error, DatacenterUnavailable):
        return Broken("datacenter_unavailable", str(error))
    if isinstance(error, DatacenterError):
        return Broken("datacenter", str(error))
    log.error("%s %s broke", operation, operation.uuid, exc_info=error)
    return Broken("internal", "NetManager failed; the operator finds the reason in the worker's log.")
