"""Patch cables between two sockets."""

from collections.abc import Iterator

import pytest

from lab.errors import LabError
from lab.room import Room
from tests.conditions import wait_until
from tests.integration.rooms import give_addresses, join, leftovers, pings, standing_room


@pytest.fixture
def room() -> Iterator[Room]:
    """Sockets 1 to 3 on the first switch, 4 and 5 on the other."""
    with standing_room(sockets=5, switches=2) as room:
        give_addresses(room, "10.9.9", 1, 2, 3, 4, 5)
        yield room
    assert leftovers() == []


def carrier(room: Room, socket: int) -> bool:
    return "LOWER_UP" in room.laptop(socket).run("ip", "link", "show", "eth0").stdout


def test_what_leaves_by_one_socket_comes_in_by_the_other(room: Room) -> None:
    join(room, 3, 1)  # 3 sends to socket 1, by the cable to socket 2, and from there to ...
    room.switch().ofctl("add-flow", "in_port=2,actions=in_port,output:3")
    for _ in range(2):
        room.cable(2, 1)
    room.laptop(3).run("ping", "-c", "1", "-W", "1", "10.9.9.77")
    assert "n_packets=0" not in room.switch().ofctl("dump-flows", "in_port=2")


def test_a_cable_joins_sockets_of_two_switches(room: Room) -> None:
    join(room, 1, 3, switch=1)
    join(room, 1, 2, switch=2)  # sockets 4 and 5
    room.cable(3, 4)
    assert pings(room, 1, "10.9.9.5")
    room.uncable(3, 4)
    assert not pings(room, 1, "10.9.9.5")
    assert pings(room, 1, "10.9.9.3")


def test_laptops_are_unplugged_meanwhile_and_back_afterwards(room: Room) -> None:
    join(room, 1, 2)
    assert pings(room, 1, "10.9.9.2")
    room.cable(1, 2)
    assert not carrier(room, 1)
    assert not carrier(room, 2)
    assert carrier(room, 3)
    for _ in range(2):
        room.uncable(1, 2)
    wait_until(lambda: carrier(room, 1) and carrier(room, 2), "both have a link again")
    assert pings(room, 1, "10.9.9.2")


def test_openflow_port_numbers_stay_and_the_room_stands(room: Room) -> None:
    room.cable(1, 3)
    assert room.stands()
    assert not room.up()
    room.uncable(3, 1)
    assert room.stands()


def test_a_socket_takes_one_cable_and_a_cable_has_two_ends(room: Room) -> None:
    room.cable(1, 2)
    with pytest.raises(LabError, match="Socket 2 has another cable"):
        room.cable(2, 3)
    with pytest.raises(LabError, match="two ends"):
        room.cable(3, 3)
    with pytest.raises(LabError, match="none with number 6"):
        room.cable(3, 6)
    assert carrier(room, 3)
    room.uncable(3, 4)
