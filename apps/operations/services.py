"""Records what is asked for and has it started."""

from dataclasses import dataclass, field
from functools import partial
from typing import Any

from django.db import transaction

from apps.operations.models import Operation
from apps.operations.tasks import enqueue


@dataclass(frozen=True)
class Caller:
    """The service that called, and the platform's user in whose name it did."""

    service: str
    user_id: int


@dataclass(frozen=True)
class Order:
    """What is to be done: the kind, in which project, to which container or socket, with what."""

    kind: str
    project_id: int
    target: str = ""
    request: dict[str, Any] = field(default_factory=dict)


def operation_submit(caller: Caller, order: Order) -> Operation:
    """Write the operation; a worker is asked to run it when the transaction commits."""
    with transaction.atomic():
        operation = Operation.objects.create(
            kind=order.kind, project_id=order.project_id, target=order.target, request=order.request,
            user_id=caller.user_id, service=caller.service,
        )  # fmt: skip
        transaction.on_commit(partial(enqueue, order.project_id))
    return operation
