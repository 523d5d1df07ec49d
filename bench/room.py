"""A room of the benchmark's own, with two like switches: the first is ours to control, the second Faucet's.

It belongs to no instance of NetManager, so that one's lab, and whoever uses it, is left alone.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Network

from lab.layout import BRIDGE, Layout
from lab.room import Room
from lab.shell import wait_until
from lab.switch import Switch

INSTANCE = "bch"
NETWORK = IPv4Network("198.18.246.0/23")  # of the benchmark range (RFC 2544)
SOCKETS = 8  # of each switch
OURS, FAUCETS = 1, 2
VLAN, OTHER_VLAN = 100, 200


@contextmanager
def standing() -> Iterator[Room]:
    """The room, until the end of the `with`."""
    room = Room(Layout(INSTANCE, 2 * SOCKETS, NETWORK, switches=2))
    room.down()
    try:
        room.up()
        yield room
    finally:
        room.down()


def hand_over(room: Room, switch: Switch, port: int) -> None:
    """Have a switch controlled by who listens on this TCP port of the host."""
    target = f"tcp:{room.layout.control(switch.number)[0].ip}:{port}"
    settings = ("connection_mode=out-of-band", "max_backoff=1000")
    switch.vsctl("set-controller", BRIDGE, target, "--", "set", "Controller", BRIDGE, *settings)


def take_back(switch: Switch) -> None:
    """Leave a switch without a controller and without flows."""
    switch.vsctl("del-controller", BRIDGE)
    wait_until(lambda: not switch.vsctl("--bare", "--columns=target", "list", "Controller"), "The controller is not taken off.")
    switch.ofctl("del-flows")
    switch.ofctl("del-groups")
    switch.ofctl("del-meters")


def flow_count(switch: Switch) -> int:
    """How many flows a switch holds, in all tables."""
    found = re.search(r"flow_count=(\d+)", switch.ofctl("dump-aggregate"))
    assert found
    return int(found[1])
