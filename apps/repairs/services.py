"""Has differences put right."""

from collections.abc import Collection

from apps.operations.models import Operation
from apps.operations.services import Caller, Order, operation_submit
from apps.operations.tasks import drain
from apps.operations.waiting import wait_for
from apps.repairs import metrics
from apps.repairs.drift import HOST, Drift
from apps.repairs.tasks import REPAIR

PATIENCE = 600.0  # seconds
OURSELVES = Caller("reconcile", 0)


def drifts_repair(drifts: Collection[Drift], patience: float = PATIENCE) -> list[Operation]:
    """An operation for each project concerned, the host's first, as they ended; workers help where they are there.

    One that somebody else runs for longer than `patience` seconds is as it is then.
    """
    host, *projects = sorted({HOST, *(drift.project_id for drift in drifts)})
    operations = _repaired([host], patience) if any(drift.project_id == HOST for drift in drifts) else []
    operations += _repaired(projects, patience)
    for operation in operations:
        metrics.count(operation)
    return operations


def _repaired(projects: list[int], patience: float) -> list[Operation]:
    operations = [operation_submit(OURSELVES, Order(REPAIR, project_id)) for project_id in projects]
    for project_id in projects:
        drain(project_id)
    return [wait_for(operation.pk, patience) for operation in operations]
