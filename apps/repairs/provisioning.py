"""Puts right what differs; every step is repeatable, and the caller holds the lease of the project (0: of the host)."""

from collections.abc import Callable

from django.db import connection

from apps import host
from apps.containers import rebuilding
from apps.containers.building import images_clear
from apps.operations.locks import Lease, builds_lease, own_builds
from apps.operations.models import Operation
from apps.ports.provisioning import room, site
from apps.ports.services import switches_connect
from apps.projects.models import NETWORK_CHANNEL, Project
from apps.projects.provisioning import leftovers_remove, reconnect, repair_network, tunnels
from apps.repairs.drift import Drift, Part
from datacenter import netlink
from datacenter.bootstrap import bootstrap

Repair = Callable[[Drift, Operation, Lease], object]


def repair(drift: Drift, operation: Operation, lease: Lease) -> None:
    """Put one difference right, and whatever goes with it."""
    lease.check()
    REPAIRS[drift.part](drift, operation, lease)


def together(drifts: list[Drift]) -> list[list[Drift]]:
    """The differences of one part of one project, those together that the repair of one puts right; pure."""
    return [drifts] if drifts[0].part in WHOLE else [[drift] for drift in drifts]


def _host(drift: Drift, operation: Operation, lease: Lease) -> None:
    with own_builds():
        bootstrap(host.names, host.plan, site(room()), host.ovsdb, host.engine)
    switches_connect()


def _network(drift: Drift, operation: Operation, lease: Lease) -> None:
    repair_network(drift.project_id, lease)


def _flows(drift: Drift, operation: Operation, lease: Lease) -> None:
    tunnels(Project.objects.get(pk=drift.project_id)).ensure(repair=True)


def _restart(drift: Drift, operation: Operation, lease: Lease) -> None:
    """A router makes its rules anew."""
    host.engine.restart(drift.where)


def _connection(drift: Drift, operation: Operation, lease: Lease) -> None:
    """What is plugged in has another MTU than its bridge: the engine connects anew what it starts."""
    found = host.engine.containers(host.names.owner(drift.project_id))
    container = next((one for one in found if one.name == drift.where), None)
    if container and not reconnect(container):
        host.engine.restart(container.docker_id)


def _container(drift: Drift, operation: Operation, lease: Lease) -> None:
    rebuilding.container_repair(drift.project_id, drift.where, operation, lease)


def _name(drift: Drift, operation: Operation, lease: Lease) -> None:
    addresses = rebuilding.addresses(drift.project_id)
    if drift.where in addresses:
        host.hosts.add(drift.project_id, drift.where, addresses[drift.where])
    else:
        host.hosts.remove(drift.project_id, drift.where)


def _port(drift: Drift, operation: Operation, lease: Lease) -> None:
    host.ovsdb.unplug(drift.where)
    netlink.delete_link(drift.where)


def _link(drift: Drift, operation: Operation, lease: Lease) -> None:
    netlink.delete_link(drift.where)


def _leftover(drift: Drift, operation: Operation, lease: Lease) -> None:
    leftovers_remove(drift.project_id, lease)


def _step(drift: Drift, operation: Operation, lease: Lease) -> None:
    """Remove what no build can use; a builder that has come meanwhile does so itself."""
    with builds_lease(drift.project_id) as builds:
        if builds and drift.project_id:
            images_clear(drift.project_id)
        elif builds:
            for step in host.engine.build_steps(host.names.owner()):
                if host.names.project(step.origin) is None:
                    host.engine.delete_build_steps(step.origin)


def _socket(drift: Drift, operation: Operation, lease: Lease) -> None:
    """The controller compares what it has confirmed with the row whenever it is told of a change."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, '')", [NETWORK_CHANNEL])


REPAIRS: dict[Part, Repair] = {
    Part.HOST: _host, Part.LEFTOVER: _leftover, Part.NETWORK: _network, Part.FLOWS: _flows, Part.RULES: _restart,
    Part.CONTAINER: _container, Part.CONNECTION: _connection, Part.PORT: _port, Part.LINK: _link,
    Part.NAME: _name, Part.SOCKET: _socket, Part.STEP: _step,
}  # fmt: skip
WHOLE = {Part.HOST, Part.LEFTOVER, Part.NETWORK, Part.SOCKET, Part.STEP}  # one repair puts right all of the part
ORDER = list(REPAIRS)  # what others depend on comes first
