"""Rows become a Network, records become rows; the only importer of apps."""

import logging
from collections import defaultdict
from collections.abc import Iterable

from django.conf import settings
from django.db import DataError, IntegrityError, connection
from django.db.models import QuerySet
from django.utils import timezone

from apps import host
from apps.ports.models import APPLIED_CHANNEL, Host, Socket, Switch, UplinkKind
from apps.projects.models import NETWORK_CHANNEL
from sdn.events import Applied, Gone, Looped, Present, Record, Seen
from sdn.network import Limits, Membership, Network
from sdn.network import Socket as SocketOfNetwork
from sdn.network import Switch as SwitchOfNetwork

log = logging.getLogger(__name__)

CHANGED = NETWORK_CHANNEL  # notified when what `load` reads has changed
LOOP = "loop"  # disabled_reason of a socket that a cable joins to another


def load() -> Network:
    """The network as it is now; a switch whose dpid is none is left out with a warning."""
    sockets: defaultdict[int, list[SocketOfNetwork]] = defaultdict(list)
    columns = ("number", "switch_id", "of_port", "enabled", "project_id", "project__vlan", "applied_vlan")
    for number, switch, of_port, enabled, project, vlan, applied in Socket.objects.order_by("number").values_list(*columns):
        live = Membership(project, vlan) if enabled and vlan is not None else None
        sockets[switch].append(SocketOfNetwork(number, of_port, enabled, live, applied))
    switches = {}
    for row in Switch.objects.all():
        try:
            dpid = int(row.dpid, 16)
        except ValueError:
            log.warning("switch %s has %r for a dpid; mend it in the admin", row.name, row.dpid)
            continue
        switches[dpid] = SwitchOfNetwork(
            dpid=dpid,
            name=row.name,
            uplink=row.uplink_port,
            tagged=row.uplink_kind == UplinkKind.VLAN,
            sockets=tuple(sockets[row.pk]),
            bounce=row.bounce_ms / 1000,
        )
    return Network(host.plan, switches, Limits(settings.NETMANAGER_SOCKET_MACS, settings.NETMANAGER_SOCKET_BROADCASTS))


def write(record: Record) -> None:
    """Write what the controller found; what no longer fits the rows, as of a socket that is gone, is passed over."""
    try:
        _write(record)
    except (IntegrityError, DataError) as error:
        log.warning("%s is not written: %s", record, str(error).strip())


def write_connected(dpids: Iterable[int], *, connected: bool) -> None:
    """Note that switches are connected, or no more."""
    now = timezone.now()
    times = {"connected_at": now, "last_seen": now} if connected else {"connected_at": None}
    _switches(dpids).update(**times)


def write_disconnected_but(dpids: Iterable[int]) -> None:
    """Note that no switch is connected but these: a controller that was killed could not."""
    stale = Switch.objects.filter(connected_at__isnull=False).exclude(dpid__in=[f"{dpid:016x}" for dpid in dpids])
    stale.update(connected_at=None)


def write_alive(dpids: Iterable[int]) -> None:
    """Note that these switches are connected now, and their hosts there."""
    now, switches = timezone.now(), _switches(dpids)
    switches.update(last_seen=now)
    Host.objects.filter(socket__switch__in=switches).update(last_seen=now)


def _switches(dpids: Iterable[int]) -> QuerySet[Switch]:
    return Switch.objects.filter(dpid__in=[f"{dpid:016x}" for dpid in dpids])


def _write(record: Record) -> None:
    match record:
        case Applied(number, vlan):
            Socket.objects.filter(pk=number).update(applied_vlan=vlan, applied_at=timezone.now())
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_notify(%s, %s)", [APPLIED_CHANNEL, str(number)])
        case Seen(project, mac, number, ip, hostname):
            told = {"ip": ip, "hostname": hostname}
            _upsert([(project, mac, number)], **{name: value for name, value in told.items() if value is not None})
        case Gone(project, mac, number):
            Host.objects.filter(project_id=project, mac=mac, socket_id=number).delete()
        case Present(dpid, hosts):
            _only(dpid, hosts)
        case Looped(number):
            if Socket.objects.filter(pk=number, enabled=True).update(enabled=False, disabled_reason=LOOP):
                log.warning("socket %s is joined to another by a cable; it is disabled", number)


def _only(dpid: int, hosts: Iterable[tuple[int, str, int]]) -> None:
    """Have rows of these hosts at the switch's sockets, and of no others."""
    for row in Host.objects.filter(socket__switch__in=_switches([dpid])):
        if (row.project_id, row.mac, row.socket_id) not in hosts:
            row.delete()
    _upsert(hosts)


def _upsert(hosts: Iterable[tuple[int, str, int]], **told: str) -> None:
    """Have rows of hosts (project, MAC, socket), with what they told."""
    now = timezone.now()
    seen = {"first_seen": now, "last_seen": now, **told}
    rows = [Host(project_id=project, mac=mac, socket_id=number, **seen) for project, mac, number in hosts]
    Host.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["project", "mac"], update_fields=["socket", "last_seen", *told]
    )  # fmt: skip
