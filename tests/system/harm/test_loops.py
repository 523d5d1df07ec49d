"""A cable between two sockets: it is quiet soon, no other project loses a frame, and staff see which socket it was."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from lab import namespaces
from tests.conditions import wait_until
from tests.system.harm import forged as f
from tests.system.harm.attacker import sending
from tests.system.harm.disturbance import SAME, Ways, lossless
from tests.system.lab import Lab
from tests.system.netns import Tap
from tests.system.stack import Stack
from tests.system.staff import Staff

OURS, THEIRS = 7001, 7002  # projects
TALKER, NEIGHBOUR, ONE_END, OTHER_END, STRANGER, OTHER_STRANGER = range(1, 7)  # sockets of the first switch
FAR, FAR_END = 7, 8  # and of the second
PLACES = dict.fromkeys((TALKER, NEIGHBOUR, ONE_END, OTHER_END, FAR_END), OURS) | dict.fromkeys(
    (STRANGER, OTHER_STRANGER, FAR), THEIRS
)
TALK = 20  # broadcasts a second
QUIET = 2  # seconds after which a loop must be over
WATCHED = 2  # seconds that follow, in which there must be nothing but talk


@pytest.fixture(scope="module")
def room(stack: Stack, lab: Lab) -> Iterator[Lab]:
    """Sockets of two projects, and a container of each."""
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda project: stack.new_container(project, "web"), (OURS, THEIRS)))
        list(pool.map(lambda place: lab.join(*place), PLACES.items()))
    yield lab
    stack.delete_projects(OURS, THEIRS)


@pytest.mark.parametrize("far", [OTHER_END, FAR_END], ids=["on one switch", "between two switches"])
def test_a_cable_is_quiet_soon_and_staff_see_which_socket_it_was_and_enable_it_again(room: Lab, far: int) -> None:
    staff, ends = Staff.logged_in(), (ONE_END, far)

    def cabled() -> None:
        with _cable(room, ends) as plug:
            _quiet_soon(room, plug)
            disabled = _disabled(room, staff, ends)
        for socket in disabled:
            _enable(room, staff, socket)
        for socket in ends:
            room.room.dhcp(socket, 30)

    lossless(_ways(room, tunnelled=False), cabled)


def test_a_cable_of_a_socket_that_is_given_to_the_project_is_quiet_soon_and_containers_lose_nothing(room: Lab) -> None:
    """Also through the tunnel, whose frames the lab's own datapath loses whenever a cable is plugged in: it is there already."""
    staff, ends = Staff.logged_in(), (ONE_END, OTHER_END)

    def given() -> None:
        _quiet_soon(room, lambda: room.add(OTHER_END, OURS))
        [disabled] = _disabled(room, staff, ends)
        assert room.stack.post(f"/remove-port/1/{OTHER_END}/").status == 200
        staff.change(f"ports/socket/{disabled}/change/", enabled="on")
        wait_until(lambda: room.socket(ONE_END)["applied_vlan"] != "-", "the other one is live")

    room.remove(OTHER_END)
    with _cable(room, ends) as plug:
        plug()
        lossless(_ways(room, tunnelled=True), given)


def _ways(lab: Lab, *, tunnelled: bool) -> Ways:
    ours, theirs = (lab.container_end(project, "web") for project in (OURS, THEIRS))
    switched = {
        SAME: (lab.end(TALKER), lab.end(NEIGHBOUR)),
        "other project": (lab.end(STRANGER), lab.end(OTHER_STRANGER)),
    }
    containers = {"from a container": (ours, lab.end(NEIGHBOUR)), "to a container": (lab.end(NEIGHBOUR), ours)}
    return Ways(switched, containers if tunnelled else {}, (theirs, lab.end(FAR)), looped=True)


@contextmanager
def _cable(lab: Lab, ends: tuple[int, int]) -> Iterator[Callable[[], None]]:
    """What plugs the cable in; it is out after the block."""
    try:
        yield lambda: lab.room.cable(*ends)
    finally:
        lab.room.uncable(*ends)


def _quiet_soon(lab: Lab, make: Callable[[], object]) -> None:
    """Somebody talks, and a loop is made: a neighbour hears it, and soon nothing but talk again."""
    laptop = lab.room.laptop(TALKER)
    talk = [
        f.arp(laptop.mac, "192.0.2.1", "192.0.2.2", f.REQUEST),
        f.ethernet(laptop.mac, f.BROADCAST, f.EXPERIMENTAL, b"talk"),
    ]
    enter = namespaces.enter(lab.room.laptop(NEIGHBOUR).namespace)
    with sending(laptop, talk, TALK), Tap(enter, "eth0") as tap:
        began = time.monotonic()
        make()
        looped = time.monotonic()
        time.sleep(QUIET + WATCHED)
        heard = [float(frame["time"]) - looped for frame in tap.frames() if bytes.fromhex(frame["frame"]) in talk]
    storm, silence = sum(moment < QUIET for moment in heard), sum(QUIET <= moment < QUIET + WATCHED for moment in heard)
    print(f"{storm} frames until {QUIET} s after the loop, {silence} in {WATCHED} s then; talk is {TALK} a second")
    assert storm > TALK * (QUIET + looped - began) + 5, "the control: the loop was there, if only for an instant"
    assert 0 < silence <= TALK * WATCHED + 2


def _disabled(lab: Lab, staff: Staff, ends: tuple[int, int]) -> list[int]:
    """The sockets that staff see disabled, and why: one of these two, or both if each of two switches has found it out."""
    rows = {socket: staff.row("ports/socket/", f"ports/socket/{socket}") for socket in lab.room.layout.numbers}
    reasons = {socket: row["disabled_reason"] for socket, row in rows.items() if row["enabled"] == "False"}
    assert reasons and reasons.items() <= dict.fromkeys(ends, "loop").items(), rows
    assert len(reasons) <= len({rows[end]["switch"] for end in ends}), rows
    return list(reasons)


def _enable(lab: Lab, staff: Staff, socket: int) -> None:
    staff.change(f"ports/socket/{socket}/change/", enabled="on")
    wait_until(lambda: lab.socket(socket)["applied_vlan"] != "-", "the socket is live again")
    assert lab.socket(socket)["disabled_reason"] == "-"
