"""The town stands before the room does, and while one room takes the place of another."""

from collections.abc import Iterator

import pytest

from lab.layout import BRIDGE, CABLE, UNDERLAY, UPLINK, UPLINK_PORT
from tests.system.lab import Lab, standing_lab
from tests.system.room.town import SOCKETS, SWITCHES, Town
from tests.system.stack import Stack, run


@pytest.fixture(scope="package")
def projects(stack: Stack) -> Iterator[Town]:
    """The projects with their containers; no laptop has a lease yet."""
    town = Town(stack)
    town.build()
    yield town
    town.demolish()


@pytest.fixture(scope="package", params=["vxlan", "vlan", "mixed"])
def room(projects: Town, request: pytest.FixtureRequest) -> Iterator[Lab]:
    """Two switches with this kind of uplink, or the second with VLAN; every laptop is in its project."""
    mixed = request.param == "mixed"
    with standing_lab(projects.stack, SOCKETS, SWITCHES, "vxlan" if mixed else request.param) as lab:
        if mixed:
            _trunk_the_second(lab)
        projects.settle(lab)
        yield lab


def _trunk_the_second(lab: Lab) -> None:
    """Plug the second switch's cable in as a trunk, at both ends, and enter the switch as one of kind VLAN."""
    switch, layout = lab.switch(2), lab.room.layout
    cable = layout.host_link("u", switch.number)
    switch.vsctl(
        "--", "del-port", BRIDGE, UPLINK, "--", "del-port", UNDERLAY, CABLE,
        "--", "add-port", BRIDGE, CABLE, "--", "set", "Interface", CABLE, f"ofport_request={UPLINK_PORT}",
    )  # fmt: skip
    run("ovs-vsctl", "del-port", layout.host_bridge, cable)
    lab.stack.manage(
        "register_switch", switch.name, "--dpid", switch.dpid, "--uplink-port", str(UPLINK_PORT), "--trunk", cable
    )  # fmt: skip


@pytest.fixture
def town(projects: Town, room: Lab) -> Town:
    """The projects, with their laptops."""
    return projects
