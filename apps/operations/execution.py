"""Runs operations: finds the code of a kind, moves the row's state, turns exceptions into its error."""

import logging
import socket
from collections.abc import Callable
from typing import Any

from django.db.models import Q
from django.utils import timezone

from apps.errors import Broken, NetManagerError
from apps.operations.deadline import TIME_LIMIT, time_limit
from apps.operations.locks import Lease, sign_of_life
from apps.operations.models import Operation, State
from datacenter.errors import DatacenterError, DatacenterUnavailable

log = logging.getLogger(__name__)

Executor = Callable[[Operation, Lease], dict[str, Any]]
_executors: dict[str, Executor] = {}


def executes(kind: str) -> Callable[[Executor], Executor]:
    """Register the function that carries out a kind: (operation, lease) → result, or raises NetManagerError."""

    def register(executor: Executor) -> Executor:
        _executors[kind] = executor
        return executor

    return register


def execute(operation: Operation, lease: Lease) -> None:
    """Run one WAITING operation to its end; a failure is written to the row and not raised."""
    with sign_of_life(operation.uuid):
        if not _started(operation):
            return
        log.info("%s %s begins", operation, operation.uuid)
        try:
            with time_limit(TIME_LIMIT):
                result = _executors[operation.kind](operation, lease)
        except Exception as error:
            failure = _as_failure(operation, error)
            fail(Q(pk=operation.pk, state=State.RUNNING), failure)
            log.warning("%s %s failed: %s", operation, operation.uuid, failure)
        else:
            ended = {"state": State.SUCCEEDED, "result": result, "finished": timezone.now()}
            Operation.objects.filter(pk=operation.pk, state=State.RUNNING).update(**ended)
            log.info("%s %s done", operation, operation.uuid)


def fail(which: Q, failure: NetManagerError) -> int:
    """End the operations that still match, with this failure; how many they were."""
    return Operation.objects.filter(which).update(
        state=State.FAILED,
        error_code=failure.code,
        error=failure.sentence,
        operators=failure.operators,
        finished=timezone.now(),
    )


def _started(operation: Operation) -> bool:
    running = {"state": State.RUNNING, "started": timezone.now(), "worker": socket.gethostname()}
    return Operation.objects.filter(pk=operation.pk, state=State.WAITING).update(**running) == 1


def _as_failure(operation: Operation, error: Exception) -> NetManagerError:
    if isinstance(error, NetManagerError):
        return error
    if isinstance(error, DatacenterUnavailable):
        return Broken("datacenter_unavailable", str(error))
    if isinstance(error, DatacenterError):
        return Broken("datacenter", str(error))
    log.error("%s %s broke", operation, operation.uuid, exc_info=error)
    return Broken("internal", "NetManager failed; the operator finds the reason in the worker's log.")
