"""The fake switch does what the specification of OpenFlow 1.3 says, so that the tests of sdn/ may rely on it."""

from typing import Any

import pytest
from os_ken.ofproto import ofproto_v1_3 as ofp
from os_ken.ofproto import ofproto_v1_3_parser as parser

from tests.unit.openflow import encoding
from tests.unit.openflow.headers import header_fields
from tests.unit.openflow.mods import (
    CONTROLLER,
    Goto,
    Group,
    Output,
    PopVlan,
    PushVlan,
    SetField,
    apply,
    flow,
    group,
    metadata,
    meter,
    write,
)
from tests.unit.openflow.pipeline import Out
from tests.unit.openflow.switch import FakeSwitch
from tests.unit.room.frames import BROADCAST, arp, ethernet, icmpv6, ipv4, udp
from tests.unit.room.networks import laptop

A, B = laptop(1), laptop(2)
FRAME = ethernet(A, B)


def switch(*messages: Any) -> FakeSwitch:
    """A switch of ports 1-4 that has done these messages."""
    fake = FakeSwitch([1, 2, 3, 4])
    do(fake, *messages)
    return fake


def do(fake: FakeSwitch, *messages: Any) -> list[str]:
    """Have messages done; what was refused."""
    for message in messages:
        message.set_xid(5)
        message.serialize()
        fake.receive(bytes(message.buf))
        fake.step()
    return fake.refused


def ports(fake: FakeSwitch, frame: bytes = FRAME, port: int = 1) -> list[int]:
    return [out.port for out in fake.out(port, frame)]


def test_the_flow_of_the_highest_priority_counts_and_without_one_a_frame_is_dropped() -> None:
    fake = switch(flow(apply(Output(2))), flow(apply(Output(3)), priority=2, eth_src=A), flow(priority=3, eth_dst=A))
    assert ports(fake) == [3]
    assert ports(fake, ethernet(B)) == [2]
    assert ports(fake, ethernet(B, A)) == []
    assert ports(switch()) == []


@pytest.mark.parametrize(
    ("fields", "frame", "matches"),
    [
        ({"in_port": 1}, FRAME, True),
        ({"in_port": 2}, FRAME, False),
        ({"eth_dst": ("01:00:00:00:00:00", "01:00:00:00:00:00")}, FRAME, False),
        ({"eth_dst": ("01:00:00:00:00:00", "01:00:00:00:00:00")}, ethernet(A, BROADCAST), True),
        ({"vlan_vid": 0}, FRAME, True),
        ({"vlan_vid": 0}, ethernet(A, tags=[0]), False),
        ({"vlan_vid": (0x1000, 0x1000)}, FRAME, False),
        ({"vlan_vid": (0x1000, 0x1000)}, ethernet(A, tags=[0]), True),
        ({"vlan_vid": 0x1007}, ethernet(A, tags=[7, 9]), True),
        ({"vlan_vid": 0x1007}, ethernet(A, tags=[9, 7]), False),
        ({"eth_type": 0x0806}, arp(A, "10.0.0.1", "10.0.0.2", tags=[7]), True),
        ({"eth_type": 0x8100}, ethernet(A, tags=[7]), False),
        ({"eth_type": 0x0806, "arp_spa": ("10.0.0.0", "255.0.0.255")}, arp(A, "10.9.9.0", "10.0.0.2"), True),
        ({"eth_type": 0x0806, "arp_spa": ("10.0.0.0", "255.0.0.255")}, arp(A, "10.9.9.1", "10.0.0.2"), False),
        ({"eth_type": 0x0800, "ip_proto": 17, "udp_src": 67}, udp(A, B, "10.0.0.1", "10.0.0.2", (67, 68)), True),
        ({"eth_type": 0x0800, "ip_proto": 17, "udp_dst": 67}, udp(A, B, "10.0.0.1", "10.0.0.2", (67, 68)), False),
        (
            {"eth_type": 0x0800, "ip_proto": 17, "udp_src": 67},
            ipv4(A, B, "10.0.0.1", "10.0.0.2", 17, bytes([0, 67] * 5), fragment=9),
            False,
        ),
        ({"eth_type": 0x86DD, "ip_proto": 58, "icmpv6_type": 134}, icmpv6(A, 134, extensions=2), True),
        ({"tunnel_id": 0}, FRAME, True),
        ({"tunnel_id": 7}, FRAME, False),
        ({"metadata": 0}, FRAME, True),
    ],
)
def test_a_match_holds_where_the_specification_says(fields: dict[str, Any], frame: bytes, matches: bool) -> None:
    fake = switch(flow(apply(Output(2)), **fields))
    assert fake.refused == []
    assert ports(fake, frame) == ([2] if matches else [])


@pytest.mark.parametrize(
    "fields",
    [
        {"ipv4_src": "10.0.0.1"},
        {"eth_type": 0x0806, "ipv4_src": "10.0.0.1"},
        {"eth_type": 0x0800, "udp_src": 67},
        {"arp_spa": "10.0.0.1"},
        {"eth_type": 0x0800, "ip_proto": 58, "icmpv6_type": 134, "arp_op": 1},
        {"vlan_pcp": 1},
        {"ip_proto": 17},
    ],
)
def test_a_match_without_what_it_presupposes_is_refused(fields: dict[str, Any]) -> None:
    fake = switch(flow(**fields))
    assert len(fake.refused) == 1 and "BAD_PREREQ" in fake.refused[0]
    assert encoding.parse(fake.outbox[0]).xid == 5


def test_metadata_is_written_by_its_mask_and_seen_by_the_next_table() -> None:
    fake = switch(
        flow(metadata(0x1F, 0x0F), Goto(1)),
        flow(metadata(0xF0, 0xF0), Goto(2), table=1, metadata=0x0F),
        flow(apply(Output(2)), table=2, metadata=0xFF),
    )
    assert ports(fake) == [2]


def test_actions_are_applied_in_their_order() -> None:
    tagged = [Out(2, 0, FRAME), Out(3, 7, FRAME), Out(4, 7, ethernet(A, B, tags=[9]))]
    actions = [Output(2), SetField(tunnel_id=7), Output(3), PushVlan(0x8100), SetField(vlan_vid=0x1009), Output(4)]
    assert switch(flow(apply(*actions))).out(1, FRAME) == tagged
    popped = switch(flow(apply(PopVlan(), Output(2)), vlan_vid=(0x1000, 0x1000)))
    assert popped.out(1, ethernet(A, B, tags=[7, 9])) == [Out(2, 0, ethernet(A, B, tags=[9]))]


def test_what_is_applied_is_seen_by_the_next_table() -> None:
    fake = switch(flow(apply(PopVlan()), Goto(1), vlan_vid=0x1007), flow(apply(Output(2)), table=1, vlan_vid=0))
    assert ports(fake, ethernet(A, tags=[7])) == [2]
    assert ports(fake, ethernet(A, tags=[7, 7])) == []


def test_actions_that_are_written_are_done_at_the_end_and_not_after_a_miss() -> None:
    fake = switch(flow(write(Output(2)), Goto(1)), flow(write(Output(3)), table=1, eth_src=A))
    assert ports(fake) == [3]
    assert ports(fake, ethernet(B)) == []


def test_a_frame_leaves_by_its_own_port_only_if_told_so() -> None:
    assert ports(switch(flow(apply(Output(1), Output(2))))) == [2]
    assert ports(switch(flow(apply(Output(ofp.OFPP_IN_PORT))))) == [1]
    assert ports(switch(flow(apply(Output(ofp.OFPP_FLOOD))))) == [2, 3, 4]


def test_every_bucket_of_a_group_works_on_a_copy() -> None:
    fake = switch(
        group(1, [Output(1)], [SetField(tunnel_id=7), PushVlan(0x8100), SetField(vlan_vid=0x1009), Output(2)], [Output(3)]),
        flow(apply(Group(1), Output(4))),
    )
    assert fake.out(1, FRAME) == [Out(2, 7, ethernet(A, B, tags=[9])), Out(3, 0, FRAME), Out(4, 0, FRAME)]


def test_ports_that_are_down_send_and_receive_nothing() -> None:
    fake = switch(flow(apply(Output(2), Output(3))))
    fake.set_link(2, link=False)
    assert ports(fake) == [3]
    assert fake.arrive(2, FRAME).out == []


@pytest.mark.parametrize(
    ("before", "message", "reason"),
    [
        ([], flow(apply(Group(1))), "BAD_OUT_GROUP"),
        ([], flow(parser.OFPInstructionMeter(1)), "UNKNOWN_METER"),
        ([], flow(Goto(0)), "BAD_TABLE_ID"),
        ([], flow(Goto(1), table=1), "BAD_TABLE_ID"),
        ([], flow(apply(PopVlan())), "INCONSISTENT"),
        ([], flow(apply(SetField(vlan_vid=0x1001))), "INCONSISTENT"),
        ([group(1)], group(1), "GROUP_EXISTS"),
        ([], group(1, command=ofp.OFPGC_MODIFY), "UNKNOWN_GROUP"),
        ([meter(1)], meter(1), "METER_EXISTS"),
        ([], meter(1, ofp.OFPMC_MODIFY), "UNKNOWN_METER"),
        ([], meter(0), "INVALID_METER"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(before: list[Any], message: Any, reason: str) -> None:
    fake = switch(*before)
    held = (dict(fake.tables.flows), dict(fake.tables.groups), dict(fake.tables.meters))
    (refused,) = do(fake, message)
    assert reason in refused
    assert (fake.tables.flows, fake.tables.groups, fake.tables.meters) == held


def test_deleting_what_is_not_there_is_no_mistake() -> None:
    assert (
        switch(group(1, command=ofp.OFPGC_DELETE), meter(1, ofp.OFPMC_DELETE), flow(command=ofp.OFPFC_DELETE_STRICT)).refused
        == []
    )


def test_a_flow_of_the_same_match_and_priority_is_replaced() -> None:
    fake = switch(
        flow(apply(Output(2)), in_port=1, eth_src=A),
        flow(apply(Output(3)), eth_src=A, in_port=1),
        flow(apply(Output(4)), in_port=1, priority=0),
    )
    assert ports(fake) == [3]
    assert len(fake.tables.flows) == 2
    assert not fake.outbox


def test_deletion_is_strict_or_of_all_that_is_covered() -> None:
    flows = [flow(in_port=1), flow(in_port=1, eth_src=A), flow(in_port=2), flow(in_port=1, priority=2), flow(in_port=1, table=1)]
    fake = switch(*flows, flow(command=ofp.OFPFC_DELETE_STRICT, in_port=1))
    assert len(fake.tables.flows) == 4
    do(fake, flow(command=ofp.OFPFC_DELETE, in_port=1, priority=9))
    assert len(fake.tables.flows) == 2
    do(fake, flow(command=ofp.OFPFC_DELETE, table=ofp.OFPTT_ALL))
    assert fake.tables.flows == {}


def test_deletion_may_be_of_a_cookie_or_a_port_or_a_group() -> None:
    fake = switch(
        group(1),
        flow(in_port=1, cookie=(0x17, 0)),
        flow(in_port=2, cookie=(0x27, 0)),
        flow(apply(Output(3)), in_port=3),
        flow(apply(Group(1)), in_port=4),
    )
    do(fake, flow(command=ofp.OFPFC_DELETE, cookie=(0x10, 0xF0)))
    do(fake, flow(command=ofp.OFPFC_DELETE, out_port=3), flow(command=ofp.OFPFC_DELETE, out_group=1))
    assert [dict(entry.sent.match.items()) for entry in fake.tables.flows.values()] == [{"in_port": 2}]


def test_with_a_group_or_a_meter_go_the_flows_that_use_it() -> None:
    fake = switch(
        group(1),
        group(2),
        meter(1),
        flow(apply(Group(1)), in_port=1),
        flow(apply(Group(2)), in_port=2),
        flow(parser.OFPInstructionMeter(1), in_port=3),
    )
    do(fake, group(1, command=ofp.OFPGC_DELETE), meter(1, ofp.OFPMC_DELETE))
    assert [dict(entry.sent.match.items()) for entry in fake.tables.flows.values()] == [{"in_port": 2}]
    assert [encoding.parse(told).reason for told in fake.outbox] == [ofp.OFPRR_GROUP_DELETE, ofp.OFPRR_DELETE]


def test_an_idle_flow_ends_and_says_so() -> None:
    fake = switch(flow(apply(Output(2)), idle=10, eth_src=A), flow(apply(Output(2)), idle=10, eth_src=B))
    fake.pass_time(9)
    fake.arrive(1, FRAME)
    fake.pass_time(2)
    assert ports(fake) == [2] and ports(fake, ethernet(B)) == []
    (told,) = [encoding.parse(told) for told in fake.outbox]
    assert (told.reason, dict(told.match.items())) == (ofp.OFPRR_IDLE_TIMEOUT, {"eth_src": B})


def test_a_copy_for_the_controller_has_the_cookie_of_its_flow_and_the_metadata_at_its_time() -> None:
    fake = switch(flow(apply(CONTROLLER), metadata(7), Goto(1), cookie=(3, 0)), flow(apply(CONTROLLER), table=1, cookie=(4, 0)))
    fake.arrive(1, FRAME)
    first, second = (encoding.parse(copy) for copy in fake.outbox)
    assert (first.cookie, first.table_id, dict(first.match.items()), first.data) == (3, 0, {"in_port": 1}, FRAME)
    assert (second.cookie, second.table_id, dict(second.match.items())) == (4, 1, {"in_port": 1, "metadata": 7})


def test_a_restart_leaves_nothing_and_a_lost_connection_everything() -> None:
    fake = switch(group(1), meter(1), flow(in_port=1))
    fake.cut()
    assert fake.tables.flows
    fake.restart()
    assert not (fake.tables.flows or fake.tables.groups or fake.tables.meters)


def test_stubs_of_frames_have_the_fields_that_are_there() -> None:
    for frame in (
        arp(A, "10.0.0.1", "10.0.0.2"),
        udp(A, B, "10.0.0.1", "10.0.0.2", (67, 68)),
        icmpv6(A, 134, extensions=1),
        ethernet(A, tags=[7, 9]),
    ):
        for length in range(len(frame)):
            assert header_fields(frame[:length]).keys() <= header_fields(frame).keys()
