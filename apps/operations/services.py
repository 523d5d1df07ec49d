"""Records what is asked for and has it started."""

from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.errors import Rejected
from apps.operations.models import Operation, State
from apps.operations.tasks import enqueue


@dataclass(frozen=True)
class Caller:
    """The service that called, the platform's user in whose name it did, and by what it knows a repeat of the call."""

    service: str
    user_id: int
    idempotency_key: str | None = None
    fingerprint: str = ""  # digest of the request that the key came with


@dataclass(frozen=True)
class Order:
    """What is to be done: the kind, in which project, to which container or socket, with what."""

    kind: str
    project_id: int
    target: str = ""
    request: dict[str, Any] = field(default_factory=dict)


def operation_submit(caller: Caller, order: Order) -> Operation:
    """Write the operation; a worker is asked to run it when the transaction commits. A repeat gets the first call's."""
    return _recorded(caller, order, enqueued=True)


def operation_record(caller: Caller, order: Order, result: dict[str, Any]) -> Operation:
    """Write an operation that is done already, for the audit log and for repeats of the call."""
    return _recorded(caller, order, state=State.SUCCEEDED, result=result, finished=timezone.now())


def operation_repeated(caller: Caller) -> Operation | None:
    """The operation of the first call with this key; Rejected if that was another request."""
    if caller.idempotency_key is None:
        return None
    first = Operation.objects.filter(service=caller.service, idempotency_key=caller.idempotency_key).first()
    if first and first.fingerprint != caller.fingerprint:
        raise Rejected(
            "idempotency_mismatch",
            f"Idempotency-Key {caller.idempotency_key} came with another request before; use a new key for a new request.",
        )
    return first


def _recorded(caller: Caller, order: Order, enqueued: bool = False, **outcome: Any) -> Operation:
    try:
        with transaction.atomic():
            operation = Operation.objects.create(
                kind=order.kind, project_id=order.project_id, target=order.target, request=order.request,
                user_id=caller.user_id, service=caller.service,
                idempotency_key=caller.idempotency_key, fingerprint=caller.fingerprint, **outcome,
            )  # fmt: skip
            if enqueued:
                transaction.on_commit(partial(enqueue, order.project_id))
    except IntegrityError:
        if first := operation_repeated(caller):  # two repeats at once
            return first
        raise
    return operation
