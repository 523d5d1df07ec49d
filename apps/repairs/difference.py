"""Compares what is with what should be; pure."""

from apps.repairs.container_drifts import ContainerDrifts
from apps.repairs.drift import Drift
from apps.repairs.expected import Expected
from apps.repairs.host_drifts import host_drifts
from apps.repairs.network_drifts import network_drifts
from datacenter.addressing import Plan
from datacenter.names import Names
from datacenter.survey import Survey


def difference(names: Names, plan: Plan, expected: Expected, found: Survey) -> list[Drift]:
    """All differences, those of the host first."""
    drifts = set(host_drifts(names, plan, expected, found))
    for project in expected.projects.values():
        drifts |= {*network_drifts(names, project, found), *ContainerDrifts(names, plan, project, found)}
    return sorted(drifts)
