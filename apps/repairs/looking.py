"""Finds what is not as it should be; changes nothing."""

import time
from collections import defaultdict
from collections.abc import Collection

from apps import host
from apps.containers.models import Container, Desired
from apps.operations.locks import builds_held
from apps.operations.models import ENDED, Operation, State, Step
from apps.ports.models import Socket
from apps.ports.provisioning import room, site
from apps.projects.models import Project, Status
from apps.repairs.difference import difference
from apps.repairs.drift import HOST, Drift, Part
from apps.repairs.expected import Expected, ExpectedContainer, ExpectedProject, ExpectedSocket
from datacenter.bootstrap import policy
from datacenter.survey import Surveyor

PASSING = {  # may differ while something is under way
    Part.CONNECTION, Part.CONTAINER, Part.LINK, Part.PORT, Part.SOCKET, Part.STEP,
}  # fmt: skip
MOMENT = 0.5  # seconds

surveyor = Surveyor(host.names, host.ovsdb, host.engine, host.hosts)


def drifts(project_id: int | None = None, *, held: bool = False) -> list[Drift]:
    """What differs now: of one project, or of the host and all.

    What an operation is changing is left out, unless the caller has the lease (`held`) and so is the one that does.
    Steps of builds that are under way are left out, too.
    """
    changing = set() if held else _changing()
    wanted = expected()
    routers = [host.names.router(project) for project in wanted.projects if project_id in (None, project)]
    wanted_policy = policy(host.names, host.plan, site(room())) if project_id in (None, HOST) else None
    found = surveyor.survey(wanted_policy, routers)
    differences = difference(host.names, host.plan, wanted, found)
    changing |= set() if held else _changing()
    asked = [one for one in differences if project_id in (None, one.project_id) and one.project_id not in changing]
    return [one for one in asked if one.part != Part.STEP or not builds_held(one.project_id)]


def confirmed(project_id: int | None = None, *, held: bool = False) -> list[Drift]:
    """Those of `drifts`; what the engine or the controller may be about to put right is there a moment later, too."""
    first = drifts(project_id, held=held)
    if not any(drift.part in PASSING for drift in first):
        return first
    time.sleep(MOMENT)
    return [drift for drift in drifts(project_id, held=held) if drift in first]


def expected() -> Expected:
    """What the rows say."""
    standing = list(Project.objects.filter(status=Status.ACTIVE))
    containers: dict[int, list[Container]] = defaultdict(list)
    for container in Container.objects.filter(project__in=standing).select_related("maker"):
        containers[container.project_id].append(container)
    projects = {project.pk: _project(project, containers[project.pk]) for project in standing}
    unsteady = Project.objects.exclude(status__in=(Status.ACTIVE, Status.NONE)).exclude(status=Status.ERROR, vlan=None)
    leads = {port.name: port.external_ids for port in room().ports(host.names).values()}
    sockets = Socket.objects.filter(enabled=True, switch__connected_at__isnull=False).select_related("project")
    return Expected(
        projects=projects,
        half_made=frozenset(unsteady.values_list("pk", flat=True)),
        leads=leads,
        sockets=tuple(
            ExpectedSocket(socket.pk, socket.project_id, socket.project.vlan if socket.project else None, socket.applied_vlan)
            for socket in sockets
        ),
    )


def _project(project: Project, containers: Collection[Container]) -> ExpectedProject:
    assert project.vlan is not None
    return ExpectedProject(
        project.pk, project.vlan, project.docker_network_id, project.router_docker_id,
        tuple(_container(container) for container in containers if container.docker_id),
        frozenset(one.name for one in containers if not one.docker_id and one.maker and one.maker.state not in ENDED),
    )  # fmt: skip


def _container(container: Container) -> ExpectedContainer:
    return ExpectedContainer(container.name, container.docker_id, container.ip, container.desired == Desired.RUNNING)


def _changing() -> set[int]:
    """Projects of which an operation is changing something on the host just now; builds change none of it."""
    running = Operation.objects.filter(state=State.RUNNING).exclude(step=Step.BUILD)
    return set(running.values_list("project_id", flat=True))
