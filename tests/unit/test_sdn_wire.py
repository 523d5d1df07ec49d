"""Our words to OpenFlow's bytes and back."""

import pytest
from os_ken.ofproto import ofproto_v1_3 as ofp

from sdn import tables, wire
from sdn.events import Port
from sdn.flows import (
    AddFlow,
    AddGroup,
    AddMeter,
    Barrier,
    DeleteFlow,
    DeleteGroup,
    DeleteMeter,
    Flow,
    Group,
    Message,
    Meter,
    ModifyGroup,
    ModifyMeter,
    Output,
    PopVlan,
    PushVlan,
    ReadTable,
    SetPort,
    SetTunnel,
    Table,
    ToGroup,
    difference,
    match,
)
from sdn.pipeline import Host
from tests.unit.openflow import encoding
from tests.unit.openflow.encoding import PROTOCOL
from tests.unit.openflow.switch import FakeSwitch
from tests.unit.room.connect import connected
from tests.unit.room.frames import arp, ethernet
from tests.unit.room.networks import EIGHT, SEVEN, UPLINK, laptop, room
from tests.unit.room.tables import PORTS, Learned, read, send, table

ROOMS = {"VXLAN": room(SEVEN, SEVEN, EIGHT), "VLAN": room(SEVEN, SEVEN, EIGHT, tagged=True)}
HOSTS: list[Learned] = [(SEVEN.vlan, Host(laptop(1), 1)), (EIGHT.vlan, Host(laptop(2), UPLINK))]

FLOWS = [
    Flow(0, 0, (), 0),
    Flow(3, 65535, match(in_port=7), 2**64 - 1, (Output(1), Output(2)), 5, 2**64 - 1, 4, 300),
    Flow(1, 1, match(metadata=7, eth_src="0a:00:00:00:00:01"), 1, (SetTunnel(2**24 - 1), Output(UPLINK)), goto=2),
    Flow(0, 1, match(vlan_vid=0x1000 | 4094), 1, (PopVlan(), PushVlan(2), Output(9), PushVlan(4094), ToGroup(7))),
    Flow(0, 1, match(vlan_vid=(0x1000, 0x1000), eth_dst=("01:00:00:00:00:00", "01:00:00:00:00:00")), 1, metadata=0, goto=1),
    Flow(0, 2, match(eth_type=0x0806, arp_spa=("10.64.0.1", "255.240.0.255")), 1),
    Flow(0, 2, match(eth_type=0x0800, ipv4_src=("10.64.0.128", "255.240.0.128")), 1),
    Flow(0, 2, match(eth_type=0x86DD, ip_proto=58, icmpv6_type=134), 1),
    Flow(0, 2, match(in_port=UPLINK, tunnel_id=4094), 1),
]


@pytest.mark.parametrize("flow", FLOWS)
def test_a_flow_comes_back_from_the_switch_as_it_was_sent(flow: Flow) -> None:
    fake = FakeSwitch(PORTS)
    send(fake, [AddMeter(Meter(5, 100)), AddGroup(Group(7, ((Output(1),),))), AddFlow(flow)])
    assert read(fake).flows == {flow.key: flow}
    send(fake, [DeleteFlow(flow.key)])
    assert read(fake).flows == {}


def test_deleting_a_flow_deletes_no_other() -> None:
    fake = FakeSwitch(PORTS)
    near = [Flow(0, 1, (), 1), Flow(0, 1, match(in_port=1), 1), Flow(0, 2, match(in_port=1), 1), Flow(1, 1, match(in_port=1), 1)]
    send(fake, map(AddFlow, near))
    send(fake, [DeleteFlow((0, 1, match(in_port=1)))])
    assert set(read(fake).flows) == {flow.key for flow in near if flow != near[1]}


def test_groups_and_meters_come_back_as_they_were_sent() -> None:
    fake = FakeSwitch(PORTS)
    group = Group(2, ((Output(1),), (SetTunnel(2), Output(UPLINK)), (PushVlan(2), Output(9))))
    send(fake, [AddGroup(group), AddGroup(Group(3, ())), AddMeter(Meter(1, 500)), AddMeter(Meter(tables.CONTROLLER_METER, 2000))])
    assert read(fake).groups == {2: group, 3: Group(3, ())}
    assert read(fake).meters == {1: Meter(1, 500), tables.CONTROLLER_METER: Meter(tables.CONTROLLER_METER, 2000)}
    send(
        fake,
        [ModifyGroup(Group(2, ((Output(4),),))), DeleteGroup(3), ModifyMeter(Meter(1, 7)), DeleteMeter(tables.CONTROLLER_METER)],
    )
    assert read(fake) == Table.of([], [Group(2, ((Output(4),),))], [Meter(1, 7)])


def test_a_port_is_set_down_and_up_and_nothing_else_of_it() -> None:
    fake = FakeSwitch(PORTS)
    mac = fake.ports[1].mac
    send(fake, [SetPort(1, mac, up=False)])
    assert [number for number, state in fake.ports.items() if not state.up] == [1]
    assert fake.log[-1].mask == ofp.OFPPC_PORT_DOWN
    send(fake, [SetPort(1, mac, up=True)])
    assert fake.ports[1].up


@pytest.mark.parametrize(("up", "link"), [(True, True), (True, False), (False, False), (False, True)])
def test_a_port_is_read_from_its_description(up: bool, link: bool) -> None:
    status = encoding.parse(encoding.port_status(ofp.OFPPR_MODIFY, encoding.port(3, "0a:00:00:00:00:09", up=up, link=link)))
    assert wire.decode_port(status.desc) == Port("0a:00:00:00:00:09", up, link)


def test_a_copy_tells_its_port_its_vlan_and_whether_its_sender_is_known() -> None:
    rig = connected(ROOMS["VXLAN"])
    frame = arp(laptop(1), "10.64.2.9", "10.64.2.1")
    rig.fake.arrive(2, frame)
    snooped, unknown = (wire.decode_packet_in(encoding.parse(copy)) for copy in rig.fake.outbox)
    assert (snooped.port, snooped.vlan, snooped.frame, snooped.unknown) == (2, 0, frame, False)
    assert (unknown.port, unknown.vlan, unknown.frame, unknown.unknown) == (2, SEVEN.vlan, frame, True)


def test_a_flow_that_ended_is_known_by_its_key() -> None:
    rig = connected(ROOMS["VXLAN"])
    rig.arrive(1, ethernet(laptop(1)))
    rig.pass_time(tables.IDLE)
    (removed,) = rig.fake.outbox
    assert wire.decode_flow(encoding.parse(removed)).key == (
        tables.LEARN,
        tables.KNOWN,
        match(in_port=1, metadata=SEVEN.vlan, eth_src=laptop(1)),
    )


def test_each_of_our_messages_is_one_that_a_switch_reads() -> None:
    messages: list[Message] = [Barrier(7), ReadTable(), DeleteGroup(1), DeleteMeter(1), DeleteFlow((0, 0, ()))]
    encoded = [type(each) for message in messages for each in wire.encode(PROTOCOL, message)]
    fake = FakeSwitch(PORTS)
    send(fake, messages)
    assert [type(message) for message in fake.log] == encoded
    assert len(encoded) == len(messages) + len(wire.READ_TABLE)


@pytest.mark.parametrize("name", ROOMS)
@pytest.mark.parametrize("meters", [True, False])
def test_a_whole_room_comes_back_as_it_was_sent(name: str, meters: bool) -> None:
    fake, wanted = FakeSwitch(PORTS), table(ROOMS[name], HOSTS, meters=meters)
    send(fake, difference(Table(), wanted))
    assert read(fake) == wanted
    assert difference(read(fake), wanted) == []
