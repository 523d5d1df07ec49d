"""Starts operations: `drain` runs a project's waiting ones in order, `sweep` finds those that were forgotten."""

import logging
from datetime import timedelta

from celery import shared_task
from django.db.models import Q
from django.utils import timezone
from kombu.exceptions import OperationalError

from apps.errors import Broken
from apps.operations.execution import execute, fail
from apps.operations.locks import lives, project_lease
from apps.operations.models import Operation, State

log = logging.getLogger(__name__)

OVERDUE = timedelta(seconds=2)  # older WAITING operations are enqueued again: their message may be lost
WORKER_LOST = Broken("worker_lost", "The worker that ran this was lost; repeat the call, it completes what is half-made.")


@shared_task(name="operations.drain", time_limit=3600)
def drain(project_id: int) -> None:
    """Run the project's WAITING operations, oldest first, unless another worker is at it."""
    with project_lease(project_id) as lease:
        if lease is None:
            return
        while operation := _waiting(project_id):
            lease.check()
            execute(operation, lease)
    if _waiting(project_id):  # it came after the last look and before the release
        enqueue(project_id)


@shared_task(name="operations.sweep", time_limit=60)
def sweep() -> None:
    """End operations whose worker is lost; enqueue again those whose message is."""
    for uuid in Operation.objects.filter(state=State.RUNNING).values_list("uuid", flat=True):
        if not lives(uuid):
            fail(Q(pk=uuid, state=State.RUNNING), WORKER_LOST)
    overdue = Operation.objects.filter(state=State.WAITING, created__lt=timezone.now() - OVERDUE)
    for project_id in overdue.values_list("project_id", flat=True).distinct():
        enqueue(project_id)


def enqueue(project_id: int) -> None:
    """Ask a worker to drain the project; without a broker the sweep does it later."""
    try:
        drain.delay(project_id)
    except OperationalError as error:
        log.warning("the broker does not take drain(%s): %s", project_id, error)


def _waiting(project_id: int) -> Operation | None:
    return Operation.objects.filter(project_id=project_id, state=State.WAITING).order_by("created").first()
