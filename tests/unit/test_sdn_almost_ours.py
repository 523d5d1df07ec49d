"""What is on the switch and almost ours is not taken for ours, and is set right."""

from collections.abc import Callable
from typing import Any

import pytest
from os_ken.ofproto import ofproto_v1_3 as ofp
from os_ken.ofproto import ofproto_v1_3_parser as parser

from sdn.flows import (
    Table,
    difference,
)
from sdn.pipeline import Host
from tests.unit.openflow import encoding
from tests.unit.openflow.switch import FakeSwitch
from tests.unit.room.networks import EIGHT, SEVEN, UPLINK, laptop, room
from tests.unit.room.tables import PORTS, Learned, raw, read, send, table

ROOMS = {"VXLAN": room(SEVEN, SEVEN, EIGHT), "VLAN": room(SEVEN, SEVEN, EIGHT, tagged=True)}
HOSTS: list[Learned] = [(SEVEN.vlan, Host(laptop(1), 1)), (EIGHT.vlan, Host(laptop(2), UPLINK))]


def of_kind(sent: Any, kind: type) -> list[Any]:
    return [each for each in sent.instructions if isinstance(each, kind)]


def apply_of(sent: Any) -> list[Any]:
    return [each.actions for each in of_kind(sent, parser.OFPInstructionActions)]


def with_mask(sent: Any) -> None:
    for each in of_kind(sent, parser.OFPInstructionWriteMetadata):
        each.metadata_mask = 0xFFFF


def with_other_metadata(sent: Any) -> None:
    for each in of_kind(sent, parser.OFPInstructionWriteMetadata):
        each.metadata += 1


def ends_in_a_minute(sent: Any) -> None:
    sent.hard_timeout = 60


def ends_silently(sent: Any) -> None:
    sent.flags = 0


def ends_earlier(sent: Any) -> None:
    sent.idle_timeout = sent.idle_timeout and 10


def with_another_cookie(sent: Any) -> None:
    sent.cookie += 1


def written(sent: Any) -> None:
    for each in of_kind(sent, parser.OFPInstructionActions):
        each.type = ofp.OFPIT_WRITE_ACTIONS


def shortened(sent: Any) -> None:
    for actions in apply_of(sent):
        for action in actions:
            if isinstance(action, parser.OFPActionOutput) and action.port == ofp.OFPP_CONTROLLER:
                action.max_len = 14


def with_a_service_tag(sent: Any) -> None:
    for actions in apply_of(sent):
        for action in actions:
            if isinstance(action, parser.OFPActionPushVlan):
                action.ethertype = 0x88A8


def pushed_twice(sent: Any) -> None:
    for actions in apply_of(sent):
        if actions and isinstance(actions[0], parser.OFPActionPushVlan):
            actions.insert(0, parser.OFPActionPushVlan(0x8100))


def pushed_and_not_set(sent: Any) -> None:
    for actions in apply_of(sent):
        if actions and isinstance(actions[0], parser.OFPActionOutput):
            actions.insert(0, parser.OFPActionPushVlan(0x8100))


def with_another_source(sent: Any) -> None:
    for actions in apply_of(sent):
        actions.insert(0, parser.OFPActionSetField(eth_src="0a:00:00:00:00:66"))


def sent_back(sent: Any) -> None:
    for actions in apply_of(sent):
        actions.append(parser.OFPActionOutput(ofp.OFPP_IN_PORT))


def without_a_meter(sent: Any) -> None:
    sent.instructions = [each for each in sent.instructions if not isinstance(each, parser.OFPInstructionMeter)]


def with_a_meter(sent: Any) -> None:
    if not of_kind(sent, parser.OFPInstructionMeter):
        sent.instructions.insert(0, parser.OFPInstructionMeter(1))


def going_nowhere(sent: Any) -> None:
    sent.instructions = [each for each in sent.instructions if not isinstance(each, parser.OFPInstructionGotoTable)]


def going_too_far(sent: Any) -> None:
    for each in of_kind(sent, parser.OFPInstructionGotoTable):
        each.table_id += 1


ALMOST = [
    with_mask,
    with_other_metadata,
    ends_in_a_minute,
    ends_silently,
    ends_earlier,
    with_another_cookie,
    written,
    shortened,
    with_a_service_tag,
    pushed_twice,
    pushed_and_not_set,
    with_another_source,
    sent_back,
    without_a_meter,
    with_a_meter,
    going_nowhere,
    going_too_far,
]


@pytest.mark.parametrize("bend", ALMOST)
def test_flows_that_are_almost_ours_are_set_right(bend: Callable[[Any], None]) -> None:
    for network in ROOMS.values():
        fake, wanted = FakeSwitch(PORTS), table(network, HOSTS)
        send(fake, difference(Table(), wanted))
        right = raw(fake)
        entries = [entry.sent for entry in fake.tables.flows.values()]
        before = [encoding.flow_stats(sent) for sent in entries]
        for sent in entries:
            bend(sent)
        bent = sum(encoding.flow_stats(sent) != as_sent for sent, as_sent in zip(entries, before, strict=True))
        assert bent or network is ROOMS["VXLAN"]
        assert len(difference(read(fake), wanted)) >= bent
        send(fake, difference(read(fake), wanted))
        assert raw(fake) == right


def as_select(group: Any) -> None:
    group.type = ofp.OFPGT_SELECT


def with_one_more_bucket(group: Any) -> None:
    group.buckets.append(parser.OFPBucket(actions=[parser.OFPActionOutput(8)]))


def with_one_bucket_less(group: Any) -> None:
    group.buckets.pop()


def with_buckets_swapped(group: Any) -> None:
    group.buckets.reverse()


def in_kilobits(meter: Any) -> None:
    meter.flags = ofp.OFPMF_KBPS | ofp.OFPMF_BURST


def without_a_burst(meter: Any) -> None:
    meter.flags = ofp.OFPMF_PKTPS


def with_a_large_burst(meter: Any) -> None:
    meter.bands[0].burst_size = 10_000


def with_a_second_band(meter: Any) -> None:
    meter.bands.append(parser.OFPMeterBandDrop(1, 1))


def without_bands(meter: Any) -> None:
    meter.bands = []


def only_remarking(meter: Any) -> None:
    meter.bands = [parser.OFPMeterBandDscpRemark(500, 500, 1)]


@pytest.mark.parametrize("bend", [as_select, with_one_more_bucket, with_one_bucket_less, with_buckets_swapped])
def test_groups_that_are_almost_ours_are_set_right(bend: Callable[[Any], None]) -> None:
    set_right(bend, FakeSwitch(PORTS), lambda fake: list(fake.tables.groups.values()))


@pytest.mark.parametrize(
    "bend", [in_kilobits, without_a_burst, with_a_large_burst, with_a_second_band, without_bands, only_remarking]
)
def test_meters_that_are_almost_ours_are_set_right(bend: Callable[[Any], None]) -> None:
    set_right(bend, FakeSwitch(PORTS), lambda fake: list(fake.tables.meters.values()))


def set_right(bend: Callable[[Any], None], fake: FakeSwitch, of: Callable[[FakeSwitch], list[Any]]) -> None:
    wanted = table(ROOMS["VXLAN"], HOSTS)
    send(fake, difference(Table(), wanted))
    right = raw(fake)
    for each in of(fake):
        bend(each)
    assert raw(fake) != right
    send(fake, difference(read(fake), wanted))
    assert raw(fake) == right
