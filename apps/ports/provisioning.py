"""Connects switches and hands sockets over; the caller holds the lease of the project that a socket is taken from or given to."""

import logging
from collections.abc import Callable
from ipaddress import IPv4Address

import pglock
from django.conf import settings
from django.db import Error
from django.db.models import F, Q
from django.utils import timezone

from apps import host
from apps.errors import Broken, Rejected
from apps.operations.locks import Lease
from apps.operations.notices import Notices, listening
from apps.ports.models import APPLIED_CHANNEL, Socket, Switch, UplinkKind
from apps.ports.rules import socket_available
from apps.projects.models import Project
from datacenter.bootstrap import Site
from datacenter.room import Room, ensure_switch_ports

log = logging.getLogger(__name__)

CONFIRMATION = 2.0  # seconds for which the controller's word is waited for


def room() -> Room:
    """How the switches are reached, as their rows say."""
    switches = Switch.objects.all()
    return Room(
        {s.pk: IPv4Address(s.tunnel_address) for s in switches if s.uplink_kind == UplinkKind.VXLAN and s.tunnel_address},
        {s.pk: s.trunk for s in switches if s.uplink_kind == UplinkKind.VLAN},
    )


def site(switches: Room) -> Site:
    """What the operator has decided, and where these switches are."""
    return Site(
        settings.NETMANAGER_UPLINK, host.dns_servers(), settings.NETMANAGER_EGRESS_DENY, switches, settings.NETMANAGER_BASE_IMAGE
    )


def ensure_switches() -> list[str]:
    """Give every switch its port on the VTEP bridge; sentences about those that frames will not reach."""
    with pglock.advisory("switches"):  # two at once would take each other's new ports away
        complaints = ensure_switch_ports(host.names, room(), settings.NETMANAGER_UPLINK, host.ovsdb)
    names = dict(Switch.objects.values_list("pk", "name"))
    sentences = [f"Switch {names.get(switch, switch)}: {sentence}" for switch, sentence in complaints]
    for sentence in sentences:
        log.warning(sentence)
    return sentences


def ensure_switch(switch: Switch) -> None:
    """The switch's port on the VTEP bridge; raises Broken if it cannot be had."""
    port = room().ports(host.names)[switch.pk]
    if host.ovsdb.ofport(port.name) is not None:
        return
    sentences = ensure_switches()
    if host.ovsdb.ofport(port.name) is None:
        raise Broken("switch_not_connected", " ".join(s for s in sentences if s.startswith(f"Switch {switch.name}: ")))


def assign(socket: Socket, project: Project, user_id: int, lease: Lease) -> bool:
    """Give a free socket to the project, or leave it there; whether its switch confirmed it in time.

    Raises Rejected if somebody else was faster, or took it away while the switch was waited for.
    """
    with listening(APPLIED_CHANNEL) as notices:
        unassigned = Socket.objects.filter(pk=socket.pk, project=None, enabled=True)
        if not unassigned.update(project=project, assigned_by=user_id, assigned_at=timezone.now()):
            socket_available(socket.pk, project.pk)
        confirmed = Socket.objects.filter(pk=socket.pk, project=project, applied_vlan=project.vlan)
        applied = _wait(notices, socket.pk, confirmed.exists, lease)
    if not applied and socket_available(socket.pk, project.pk).project_id is None:
        raise Rejected("socket_taken", f"Socket {socket.pk} was taken from project {project.pk} again by somebody else.")
    return applied


def free(number: int, project_id: int, lease: Lease) -> bool | None:
    """Take the socket from the project; whether its switch confirmed it in time, None if the project does not have it."""
    with listening(APPLIED_CHANNEL) as notices:
        its = Socket.objects.filter(pk=number, project_id=project_id)
        if not its.update(project=None, assigned_by=None, assigned_at=None):
            return None
        confirmed = Socket.objects.filter(Q(applied_vlan=None) | Q(applied_vlan=F("project__vlan")), pk=number)
        return _wait(notices, number, confirmed.exists, lease)


def _wait(notices: Notices, number: int, confirmed: Callable[[], bool], lease: Lease) -> bool:
    try:
        return notices.wait_until(confirmed, str(number), CONFIRMATION)
    except Error:
        lease.check()
        raise
