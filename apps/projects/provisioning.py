"""Builds and removes a project's network on the host: completely or not at all, every step repeatable."""

import logging

import pglock
from django.db import transaction

from apps import host
from apps.errors import Broken
from apps.operations.cancellation import builds_ended
from apps.operations.locks import Lease, LeaseLost
from apps.projects.models import Project, Status
from apps.projects.router import ensure_router
from datacenter import openflow
from datacenter.addressing import FIRST_VLAN, LAST_VLAN
from datacenter.endpoints import plug_again, unplugged
from datacenter.engine import ContainerState, NetworkSpec
from datacenter.errors import DatacenterError
from datacenter.names import MTU_KEY, NETWORK_KEY
from datacenter.ovsdb import Bridge
from datacenter.purge import delete_bridge
from datacenter.tunnels import ProjectTunnels

log = logging.getLogger(__name__)


def ensure_network(project_id: int, lease: Lease) -> Project:
    """The project with its network, built if it has none; the caller holds its lease.

    On failure everything of this project's network is removed again and the exception goes on.
    """
    project = Project.objects.get(pk=project_id)
    return project if project.status == Status.ACTIVE else _provision(project, lease)


def repair_network(project_id: int, lease: Lease) -> Project:
    """The project with its network, every part of which is made if it is missing."""
    project = Project.objects.get(pk=project_id)
    if project.status != Status.ACTIVE:
        return _provision(project, lease)
    _build(project, lease)
    _reconnect(project, lease)
    project.refresh_from_db()
    return project


def ensure_tunnels(project: Project) -> None:
    """Join a network that stands to every switch of the room; changes nothing where that is so already."""
    tunnels(project).ensure()


def tunnels(project: Project) -> ProjectTunnels:
    """The project's way to the room's switches; it must have a VLAN."""
    assert project.vlan is not None
    return ProjectTunnels(host.names, host.ovsdb, project.pk, project.vlan)


def _reconnect(project: Project, lease: Lease) -> None:
    """Plug in again what runs on a bridge that was made anew."""
    for container in host.engine.containers(host.names.owner(project.pk)):
        lease.check()
        reconnect(container)


def reconnect(container: ContainerState) -> bool:
    """Plug in what of a running container's interfaces is not; it is started again if one is lost. Whether there was any."""
    lost = unplugged(host.names, host.ovsdb, container.endpoints)
    if not all(plug_again(host.names, host.ovsdb, endpoint) for endpoint in lost):
        host.engine.restart(container.docker_id)
    return bool(lost)


def leftovers_remove(project_id: int, lease: Lease) -> None:
    """Remove what is on the host of a project whose network does not stand, whether it has a row or not."""
    project = Project.objects.filter(pk=project_id).first()
    if project and project.status != Status.NONE:
        deprovision(project, lease)
    else:
        _demolish(project or Project(pk=project_id), lease)


def deprovision(project: Project, lease: Lease) -> None:
    """Remove the network, its containers and their rows, and give the VLAN back; what is gone is forgiven."""
    host.engine.version()  # nothing is begun while Docker is away
    Project.objects.filter(pk=project.pk).update(status=Status.DELETING)
    try:
        _demolish(project, lease)
    except DatacenterError as error:
        Project.objects.filter(pk=project.pk).update(status=Status.ERROR, error=str(error))
        raise
    release(project)


@transaction.atomic
def release(project: Project) -> None:
    """Free the sockets of a project whose network is gone, forget what was plugged in, and give its VLAN back."""
    project.hosts.all().delete()
    project.sockets.update(project=None, assigned_by=None, assigned_at=None)
    _released(project, Status.NONE, "")


def _provision(project: Project, lease: Lease) -> Project:
    host.engine.version()  # nothing is begun while Docker is away
    if project.vlan is not None:  # a build or removal was interrupted: what it left is not what is wanted now
        _demolish(project, lease)
    claim_vlan(project)
    try:
        _build(project, lease)
    except LeaseLost:  # another worker may be building by now; it completes what is half-made
        raise
    except Exception as error:
        log.warning("building the network of %s failed: %s", project, error)
        _undo(project, lease, error)
        raise
    Project.objects.filter(pk=project.pk).update(status=Status.ACTIVE, error="")
    project.refresh_from_db()
    return project


def claim_vlan(project: Project) -> None:
    """Give the project the lowest free VLAN, unless an interrupted build left it one."""
    with transaction.atomic():
        pglock.advisory("vlans", xact=True).acquire()
        if project.vlan is None:
            used = _used_vlans(project)
            project.vlan = next((vlan for vlan in range(FIRST_VLAN, LAST_VLAN + 1) if vlan not in used), None)
        if project.vlan is None:
            raise Broken(
                "no_free_vlan", f"All {LAST_VLAN - FIRST_VLAN + 1} networks are taken; delete the network of another project."
            )
        Project.objects.filter(pk=project.pk).update(vlan=project.vlan, status=Status.BUILD, error="")


def _used_vlans(project: Project) -> set[int | None]:
    """Those of projects, and those by which a switch may still forward a socket that has changed hands."""
    sockets = project.sockets.model.objects.filter(applied_vlan__isnull=False)
    projects = Project.objects.filter(vlan__isnull=False)
    return {*projects.values_list("vlan", flat=True), *sockets.values_list("applied_vlan", flat=True)}


def _undo(project: Project, lease: Lease, cause: Exception) -> None:
    """Leave nothing half-built; the VLAN is kept only if the host could not be cleaned."""
    try:
        _demolish(project, lease)
    except Exception as error:  # the cause is what the caller must hear
        log.warning("cleaning up after %s failed: %s", project, error)
        Project.objects.filter(pk=project.pk).update(status=Status.ERROR, error=str(cause))
    else:
        _released(project, Status.ERROR, str(cause))


def _released(project: Project, status: Status, error: str) -> None:
    """Nothing of the project is on the host any more: its VLAN is free."""
    Project.objects.filter(pk=project.pk).update(status=status, error=error, vlan=None, docker_network_id="", router_docker_id="")


def _build(project: Project, lease: Lease) -> None:
    lease.check()
    bridge = _ensure_bridge(project)
    lease.check()
    tunnels(project).ensure(repair=True)
    lease.check()
    network_id = _ensure_docker_network(project)
    lease.check()
    router_id = ensure_router(project, int(bridge.external_ids[MTU_KEY]))
    Project.objects.filter(pk=project.pk).update(docker_network_id=network_id, router_docker_id=router_id)


def _ensure_bridge(project: Project) -> Bridge:
    vtep = host.ovsdb.bridge(host.names.vtep)
    if vtep is None:
        raise DatacenterError(f"There is no bridge {host.names.vtep}: run manage.py bootstrap_datacenter.")
    name = host.names.bridge(project.pk)
    present = host.ovsdb.bridge(name)
    mtu = (present or vtep).external_ids.get(MTU_KEY, vtep.external_ids[MTU_KEY])
    host.ovsdb.ensure_bridge(name, host.names.owner(project.pk) | {MTU_KEY: mtu}, vtep.datapath_type)
    bridge = host.ovsdb.bridge(name)
    assert bridge is not None
    return bridge


def _ensure_docker_network(project: Project) -> str:
    assert project.vlan is not None
    name, subnet = host.names.bridge(project.pk), host.plan.subnet(project.vlan)
    network_id = host.engine.ensure_network(
        NetworkSpec(
            name, host.names.driver, name, subnet.network, subnet.docker_gateway, subnet.builds, host.names.owner(project.pk)
        )
    )
    host.ovsdb.set_bridge_ids(name, {NETWORK_KEY: network_id})  # the driver did so, but to a bridge that may be gone
    return network_id


def _demolish(project: Project, lease: Lease) -> None:
    """Every step in the order in which things depend on each other; a failure ends it, for what is left still depends."""
    with builds_ended(project.pk):
        for step in (_delete_containers, _delete_networks, _delete_volumes, _delete_bridge, _delete_hosts):
            lease.check()
            step(project)


def _delete_containers(project: Project) -> None:
    host.engine.delete_build_steps(host.names.bridge(project.pk))  # of a builder or an engine that was killed
    host.engine.delete_containers(host.names.owner(project.pk))
    host.engine.delete_images(host.names.owner(project.pk))
    host.engine.delete_layers(host.names.build(project.pk))
    project.containers.all().delete()


def _delete_networks(project: Project) -> None:
    host.engine.delete_networks(host.names.owner(project.pk))


def _delete_volumes(project: Project) -> None:
    host.engine.delete_volume(host.names.leases(project.pk), host.names.owner(project.pk))


def _delete_bridge(project: Project) -> None:
    """The project's patch ports and flows on the VTEP bridge, and its bridge with the ports that a crash left."""
    owner = host.names.owner(project.pk)
    patches = [name for name, ids in host.ovsdb.ports(host.names.vtep).items() if owner.items() <= ids.items()]
    if patches:
        openflow.replace_flows(host.names.vtep, project.pk, [])
        host.ovsdb.unplug(*patches)
    bridge = host.ovsdb.bridge(host.names.bridge(project.pk))
    if bridge and owner.items() <= bridge.external_ids.items():
        delete_bridge(bridge.name, host.ovsdb)


def _delete_hosts(project: Project) -> None:
    host.hosts.delete(project.pk)
