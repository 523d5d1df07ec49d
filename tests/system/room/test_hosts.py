"""What is plugged in where, as the admin lists it."""

import pytest

from tests.conditions import wait_until
from tests.system.lab import Lab
from tests.system.room.town import FAR, NEAR, SEATS, Town
from tests.system.staff import Staff


@pytest.fixture
def admin(town: Town) -> Staff:
    return Staff.logged_in()


def _at(admin: Staff, socket: int) -> list[tuple[str, ...]]:
    """MAC, address, name, socket and project of what is plugged into a socket."""
    columns = ("mac", "ip", "hostname", "socket", "project")
    rows = [tuple(row[column] for column in columns) for row in admin.rows("ports/host/").values()]
    return [row for row in rows if row[3] == f"socket {socket}"]


def _expected(room: Lab, town: Town, socket: int, project: int) -> tuple[str, ...]:
    return (room.room.laptop(socket).mac, town.leases[socket].ip, f"laptop{socket}", f"socket {socket}", f"project {project}")


def _wait_for(admin: Staff, socket: int, rows: list[tuple[str, ...]]) -> None:
    wait_until(lambda: _at(admin, socket) == rows, f"the admin's list of hosts has {rows} at socket {socket}")


def test_the_list_of_hosts_has_every_laptop_with_mac_address_and_name(room: Lab, town: Town, admin: Staff) -> None:
    for project, sockets in SEATS.items():
        for socket in sockets:
            _wait_for(admin, socket, [_expected(room, town, socket, project)])


@pytest.mark.parametrize("project", [NEAR, FAR])
def test_a_laptop_that_is_unplugged_is_listed_no_more_until_it_is_plugged_in_again(
    room: Lab, town: Town, admin: Staff, project: int
) -> None:
    neighbour, socket = SEATS[project]
    expected = [_expected(room, town, socket, project)]
    _wait_for(admin, socket, expected)
    try:
        room.on(socket, "ip", "link", "set", "eth0", "down")
        _wait_for(admin, socket, [])
        assert _at(admin, neighbour), "its neighbour still is"
    finally:
        room.on(socket, "ip", "link", "set", "eth0", "up")
    _wait_for(admin, socket, expected)
