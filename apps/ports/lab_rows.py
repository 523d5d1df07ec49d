"""The rows of a lab: its switches, known by their dpids, and its sockets."""

from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from apps.errors import Rejected
from apps.ports.models import Socket, Switch, UplinkKind
from lab.layout import UPLINK_PORT, Layout, dpid_prefix


def lab_switches(instance: str) -> QuerySet[Switch]:
    """The rows of an instance's lab, in the order of its switches."""
    return Switch.objects.filter(dpid__startswith=dpid_prefix(instance)).order_by("dpid")


@transaction.atomic
def lab_rows_ensure(layout: Layout, bounce_ms: int) -> None:
    """Make the rows those of this room; what is right is not written, and a socket keeps its project.

    Raises Rejected if other switches have its socket numbers, names or addresses.
    """
    _check_free(layout)
    switches = {number: _ensure_switch(layout, number, bounce_ms) for number in layout.switch_numbers}
    ours = Socket.objects.filter(switch__in=lab_switches(layout.instance))
    ours.filter(number__gt=layout.sockets).delete()
    places = {socket: (switches[layout.switch_of(socket)], layout.of_port(socket)) for socket in layout.numbers}
    present = {socket.pk: socket for socket in ours}
    moved = [socket for socket in present.values() if (socket.switch_id, socket.of_port) != places[socket.pk]]
    for socket in moved:
        socket.switch_id, socket.of_port = places[socket.pk]
    Socket.objects.bulk_update(moved, ["switch", "of_port"])  # one statement: they may change places
    Socket.objects.bulk_create(
        Socket(number=number, switch_id=switch, of_port=of_port, label=f"laptop {number}")
        for number, (switch, of_port) in places.items()
        if number not in present
    )
    lab_switches(layout.instance).exclude(pk__in=switches.values()).delete()


@transaction.atomic
def lab_rows_delete(instance: str) -> None:
    """Delete the rows of an instance's lab, whoever has its sockets; none is fine."""
    Socket.objects.filter(switch__in=lab_switches(instance)).delete()
    lab_switches(instance).delete()


def _ensure_switch(layout: Layout, number: int, bounce_ms: int) -> int:
    """Id of the row of a switch."""
    vxlan = layout.uplink == "vxlan"
    columns: dict[str, Any] = {
        "name": layout.switch_name(number),
        "uplink_port": UPLINK_PORT,
        "uplink_kind": UplinkKind.VXLAN if vxlan else UplinkKind.VLAN,
        "tunnel_address": str(layout.tunnel(number).ip) if vxlan else None,
        "trunk": "" if vxlan else layout.host_link("u", number),
        "bounce_ms": bounce_ms,
    }
    switch, _ = Switch.objects.get_or_create(dpid=layout.dpid(number), defaults=columns)
    if any(getattr(switch, column) != value for column, value in columns.items()):
        Switch.objects.filter(pk=switch.pk).update(**columns)
    return int(switch.pk)


def _check_free(layout: Layout) -> None:
    others = Switch.objects.exclude(pk__in=lab_switches(layout.instance))
    if socket := Socket.objects.filter(switch__in=others, number__lte=layout.sockets).order_by("number").first():
        raise Rejected(
            "socket_exists",
            f"Socket {socket.number} is one of switch {socket.switch.name}, and a lab needs the numbers 1 to {layout.sockets} "
            "for its own. Delete that switch's sockets, or run the lab in another instance of NetManager.",
        )
    names = [layout.switch_name(number) for number in layout.switch_numbers]
    addresses = [str(layout.tunnel(number).ip) for number in layout.switch_numbers]
    if switch := others.filter(Q(name__in=names) | Q(tunnel_address__in=addresses)).first():
        raise Rejected(
            "switch_exists",
            f"Switch {switch.name} has a name or tunnel address that the lab needs for a switch of its own. Rename it, "
            "or set NETMANAGER_LAB_NETWORK to a network that is free.",
        )
