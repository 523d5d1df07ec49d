"""What operations of kind `repair` do; run under the lease of the project that is repaired, 0 for the host."""

import logging
from typing import Any

from apps.errors import Broken, NetManagerError
from apps.operations.execution import executes, output_append
from apps.operations.locks import Lease, LeaseLost
from apps.operations.models import Operation
from apps.repairs.drift import Drift
from apps.repairs.looking import confirmed
from apps.repairs.provisioning import ORDER, repair, together
from datacenter.errors import DatacenterError

log = logging.getLogger(__name__)

REPAIR = "repair"
SECONDS = 3600.0  # images may have to be built
PASSES = 12  # at most: what others depend on is put right first, and then it is looked again


@executes(REPAIR, seconds=SECONDS, litters=True)
def repair_project(operation: Operation, lease: Lease) -> dict[str, Any]:
    """Put right what differs, part by part, until nothing does; Broken with what could not be."""
    done: list[Drift] = []
    failed = dict[Drift, str]()
    for _ in range(PASSES):
        lease.check()
        left = [drift for drift in confirmed(operation.project_id, held=True) if drift not in failed]
        failed |= dict.fromkeys(set(left) & set(done), "it was put right, and is so again")
        left = [drift for drift in left if drift not in failed]
        if not left:
            break
        first = min(left, key=lambda drift: ORDER.index(drift.part)).part
        for drifts in together([drift for drift in left if drift.part == first]):
            try:
                repair(drifts[0], operation, lease)
            except LeaseLost:
                raise
            except (DatacenterError, NetManagerError) as error:
                failed |= dict.fromkeys(drifts, str(error))
            else:
                done += drifts
                _tell(operation, *(f"repaired {drift}" for drift in drifts))
                _keep(operation, done)
    if failed:
        _tell(operation, *(f"could not repair {drift}: {why}" for drift, why in failed.items()))
        raise Broken("not_repaired", "; ".join(f"{drift}: {why}" for drift, why in failed.items()))
    return _result(done)


def _result(done: list[Drift]) -> dict[str, Any]:
    return {"repairs": [str(drift) for drift in done]}


def _keep(operation: Operation, done: list[Drift]) -> None:
    """What was put right stands in the row also where the operation fails."""
    Operation.objects.filter(pk=operation.pk).update(result=_result(done))


def _tell(operation: Operation, *sentences: str) -> None:
    for sentence in sentences:
        log.warning(sentence)
    output_append(operation, "".join(f"{sentence}\n" for sentence in sentences))
