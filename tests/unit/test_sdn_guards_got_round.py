"""What a laptop may not say, however it says it."""

import pytest

from tests.unit.room import frames
from tests.unit.room.networks import PLAN, SEVEN, container, laptop, room
from tests.unit.room.rig import Rig

GATEWAY = str(PLAN.subnet(SEVEN.vlan).router)
ME, YOU = laptop(1), laptop(2)
EVERYBODY = (frames.BROADCAST, "10.64.2.9", "255.255.255.255")
CLAIM = frames.arp(ME, GATEWAY, "10.64.2.9", YOU, 2)


@pytest.fixture
def rig() -> Rig:
    rig = Rig(room(SEVEN, SEVEN))
    rig.connect()
    rig.settle()
    return rig


@pytest.mark.parametrize(
    "frame",
    [
        frames.udp(ME, *EVERYBODY, (67, 68)),
        frames.udp(ME, *EVERYBODY, (4011, 68)),
        frames.udp6(ME, (547, 546)),
        frames.udp6(ME, (4011, 546)),
        CLAIM,
        CLAIM[:14] + bytes([0, 6]) + CLAIM[16:],
        frames.ethernet(container(SEVEN.vlan, 1)),
        frames.ethernet(frames.NOBODY),
    ],
    ids=[
        "DHCP",
        "DHCP from another port",
        "DHCPv6",
        "DHCPv6 from another port",
        "ARP of the gateway",
        "the same, of hardware type 6",
        "the gateway's MAC",
        "nobody's MAC",
    ],
)
def test_it_comes_out_nowhere_and_the_controller_does_not_hear_of_it(rig: Rig, frame: bytes) -> None:
    passage = rig.arrive(1, frame)
    assert (passage.out, passage.copies) == ([], [])
    assert rig.arrive(1, frames.ethernet(ME)).out, "the control: the laptop is heard"


def test_a_switch_is_asked_to_read_the_ports_of_a_first_fragment(rig: Rig) -> None:
    assert rig.fake.fragments == 3  # NX_MATCH of Open vSwitch
