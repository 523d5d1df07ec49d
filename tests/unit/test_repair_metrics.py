"""What is counted of a repair that has ended."""

import pytest
from prometheus_client import REGISTRY

from apps.operations.models import Operation, State
from apps.repairs import metrics
from apps.repairs.drift import HOST, Drift, Part, part_of


def value(name: str, part: Part | None = None) -> float:
    return REGISTRY.get_sample_value(f"netmanager_{name}", {"part": part} if part else None) or 0.0


@pytest.mark.parametrize("project", [HOST, 7])
@pytest.mark.parametrize("part", Part)
def test_a_sentence_tells_its_part(project: int, part: Part) -> None:
    assert part_of(str(Drift(project, part, "nm-p7", "it is so: network, bridge"))) is part


def test_each_difference_that_was_put_right_counts_by_its_part_also_where_others_were_not() -> None:
    done = [str(Drift(7, Part.CONTAINER, name, "it is gone")) for name in ("web", "db")] + [str(Drift(7, Part.NAME, "x", "y"))]
    before = [value("repairs_total", part) for part in (Part.CONTAINER, Part.NAME, Part.PORT)]
    failed = value("repairs_failed_total")
    metrics.count(Operation(state=State.FAILED, result={"repairs": done}))
    after = [value("repairs_total", part) for part in (Part.CONTAINER, Part.NAME, Part.PORT)]
    assert [now - then for now, then in zip(after, before, strict=True)] == [2, 1, 0]
    assert value("repairs_failed_total") == failed + 1


def test_one_that_succeeded_or_that_somebody_else_runs_still_has_not_failed() -> None:
    failed = value("repairs_failed_total")
    for state in (State.SUCCEEDED, State.RUNNING, State.WAITING):
        metrics.count(Operation(state=state))
    assert value("repairs_failed_total") == failed
