"""What switches hold: tables of networks, and messages made to bytes and done."""

from collections.abc import Iterable, Iterator
from typing import Any

from os_ken.ofproto import ofproto_v1_3 as ofp

from sdn import wire
from sdn.flows import Message, Table
from sdn.network import Network, Socket
from sdn.pipeline import Host, Setting, project_table, switch_table
from tests.unit.openflow import encoding
from tests.unit.openflow.switch import FakeSwitch
from tests.unit.room.networks import UPLINK, row

Learned = tuple[int, Host]  # with its VLAN
PORTS = (*range(1, 9), UPLINK)


def table(network: Network, hosts: Iterable[Learned] = (), *, meters: bool = True) -> Table:
    """All that a switch should hold which has learned these hosts."""
    setting, hosts = Setting(row(network), meters, network.plan, network.limits), list(hosts)
    projects: dict[int, list[Socket]] = {}
    for socket in row(network).sockets:
        if socket.vlan is not None and socket.of_port != row(network).uplink:
            projects.setdefault(socket.vlan, []).append(socket)
    of_projects = (
        project_table(setting, vlan, sockets, [host for of, host in hosts if of == vlan]) for vlan, sockets in projects.items()
    )
    return Table.union([switch_table(setting), *of_projects])


def send(fake: FakeSwitch, messages: Iterable[Message]) -> None:
    """Have the switch do messages, each one as bytes; it must refuse none."""
    for message in messages:
        for encoded in wire.encode(encoding.PROTOCOL, message):
            encoded.set_xid(1)
            encoded.serialize()
            fake.receive(bytes(encoded.buf))
    while fake.step():
        pass
    assert fake.refused == []


def raw(fake: FakeSwitch) -> set[bytes]:
    """All that a switch holds, to the last bit, as it tells it."""
    tables = fake.tables
    return {
        *(encoding.flow_stats(entry.sent) for entry in tables.flows.values()),
        *map(encoding.group_desc, tables.groups.values()),
        *map(encoding.meter_config, tables.meters.values()),
    }


def read(fake: FakeSwitch) -> Table:
    """All that a switch holds, as it is read from what it tells."""
    tables = fake.tables
    return Table.of(
        map(wire.decode_flow, _told(ofp.OFPMP_FLOW, [encoding.flow_stats(entry.sent) for entry in tables.flows.values()])),
        map(wire.decode_group, _told(ofp.OFPMP_GROUP_DESC, map(encoding.group_desc, tables.groups.values()))),
        map(wire.decode_meter, _told(ofp.OFPMP_METER_CONFIG, map(encoding.meter_config, tables.meters.values()))),
    )


def _told(kind: int, entries: Iterable[bytes]) -> Iterator[Any]:
    """Entries of a multipart reply, as os-ken reads them."""
    for part in encoding.multipart(kind, 1, entries):
        yield from encoding.parse(part).body
