"""Starts operations: `drain` and `build` run a project's waiting ones in order, `sweep` finds those that were forgotten."""

import logging
from datetime import timedelta

from celery import shared_task
from django.db.models import Q, QuerySet
from django.utils import timezone
from kombu.exceptions import OperationalError

from apps.errors import Broken
from apps.operations.execution import clear, execute, fail
from apps.operations.locks import Lease, builds_lease, lives, project_lease
from apps.operations.models import LITTERED, Operation, State, Step

log = logging.getLogger(__name__)

OVERDUE = timedelta(seconds=2)  # older WAITING operations are enqueued again: their message may be lost
SENT_FOR = timedelta(hours=1)
MESSAGE_EXPIRES = 60  # seconds; the sweep sends another
WORKER_LOST = Broken("worker_lost", "The worker that ran this was lost; repeat the call, it completes what is half-made.")
AT_DATACENTER, AT_BUILDS = ~Q(step=Step.BUILD), Q(step=Step.BUILD)


@shared_task(name="operations.drain", time_limit=3600)
def drain(project_id: int) -> None:
    """Run the project's WAITING operations, oldest first, unless another worker is at it."""
    with project_lease(project_id) as lease:
        if lease is None:
            return
        while _run_oldest(project_id, AT_DATACENTER, lease):
            pass
    _look_again(project_id, AT_DATACENTER)
    if _littered().filter(project_id=project_id).exists():
        enqueue(project_id, Step.BUILD)


@shared_task(name="operations.build", time_limit=24 * 3600)
def build(project_id: int) -> None:
    """Run the builds that the project's operations wait for, oldest first, unless another builder is at it.

    What ended operations left is removed before, and after each build.
    """
    with builds_lease(project_id) as lease:
        if lease is None:
            return
        clear(project_id, lease)
        while _run_oldest(project_id, AT_BUILDS, lease):
            clear(project_id, lease)
    _look_again(project_id, AT_BUILDS)


@shared_task(name="operations.sweep", time_limit=60)
def sweep() -> None:
    """End operations whose worker is lost; enqueue again those whose message is; have removed what ended ones left."""
    for uuid in Operation.objects.filter(state=State.RUNNING).values_list("uuid", flat=True):
        if not lives(uuid):
            fail(Q(pk=uuid, state=State.RUNNING), WORKER_LOST)
    overdue = Operation.objects.filter(state=State.WAITING, created__lt=timezone.now() - OVERDUE)
    for step, which in (
        (Step.FIRST, overdue.filter(AT_DATACENTER)),
        (Step.BUILD, overdue.filter(AT_BUILDS)),
        (Step.BUILD, _littered()),
    ):
        for project_id in which.values_list("project_id", flat=True).distinct():
            enqueue(project_id, step)


def enqueue(project_id: int, step: str = Step.FIRST) -> None:
    """Ask a worker to run what waits in the project for this step; without a broker the sweep does it later."""
    task = build if step == Step.BUILD else drain
    try:
        task.apply_async((project_id,), expires=MESSAGE_EXPIRES)
    except OperationalError as error:
        log.warning("the broker does not take %s(%s): %s", task.__name__, project_id, error)


def _run_oldest(project_id: int, which: Q, lease: Lease) -> bool:
    """Whether there was one."""
    operation = _waiting(project_id, which)
    if operation is None:
        return False
    lease.check()
    if next_step := execute(operation, lease):
        enqueue(project_id, next_step)
    return True


def _look_again(project_id: int, which: Q) -> None:
    if left := _waiting(project_id, which):  # it came after the last look and before the release
        enqueue(project_id, left.step)


def _waiting(project_id: int, which: Q) -> Operation | None:
    return Operation.objects.filter(which, project_id=project_id, state=State.WAITING).order_by("created").first()


def _littered() -> QuerySet[Operation]:
    """Those for which builders are sent; after that time, the project's next build or change of a container sees to it."""
    return Operation.objects.filter(LITTERED, finished__gt=timezone.now() - SENT_FOR)
