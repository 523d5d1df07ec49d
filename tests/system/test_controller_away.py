"""The controller dies, stays away or breaks: what is known goes on, what is new gets through, and it catches up."""

import os
import re
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests.conditions import wait_until
from tests.integration.openflow_peer import Peer
from tests.system.lab import Lab
from tests.system.netns import Tap
from tests.system.scene import (
    CONTROLLER_PORT,
    NOISE,
    SPARE,
    STRANGER,
    Scene,
    let_pass,
    listens,
    loses_nothing,
    of_host,
    sql,
    standing_scene,
)
from tests.system.stack import VAR

BACK = 3  # seconds from its end until the controller listens again
APPLIED = 1  # seconds from the switch's reconnection
RECONNECTED = 2  # seconds from when the controller listens, in the lab
NEW_MAC = "06:00:00:00:01:06"


@pytest.fixture(scope="module")
def standing(lab: Lab) -> Iterator[Scene]:
    with standing_scene(lab, 2003, 2004) as scene:
        yield scene


@pytest.fixture
def scene(standing: Scene) -> Iterator[Scene]:
    """Everybody is where they belong, and known; sockets 3 and 6 are free, before and after, and the controller runs."""
    standing.everybody_answers()
    yield standing
    standing.stack.control("start", "controller")
    for socket in (SPARE, STRANGER):
        standing.give(socket, None)


@contextmanager
def _away(scene: Scene) -> Iterator[None]:
    """Without a controller; at the end of the block it is started again and soon in charge."""
    scene.stack.control("stop", "controller")
    try:
        wait_until(lambda: not scene.lab.switch().is_connected(), "the switch is on its own")
        yield
    finally:
        scene.stack.control("start", "controller")
    scene.wait_in_charge()


def _ends_and_comes_back(scene: Scene) -> float:
    """Wait until the controller has ended and listens again; seconds between."""
    wait_until(lambda: not listens(), "the controller ended")
    ended = time.monotonic()
    wait_until(listens, "the controller is back")
    return time.monotonic() - ended


def test_a_killed_controller_costs_no_frame_and_finds_everything_as_it_was(scene: Scene) -> None:
    before = scene.table()
    assert scene.learned() == scene.expected()

    def kill() -> None:
        killed, at = scene.controller(), time.time()
        os.kill(killed, signal.SIGKILL)
        seconds = _ends_and_comes_back(scene)
        wait_until(lambda: scene.connected_at()[-1] > at, "the switch is connected again")
        scene.wait_in_charge()
        assert scene.controller() not in (0, killed)
        print(f"it listens again after {seconds:.2f} s")

    at = time.time()
    loses_nothing(scene.ends(), kill)
    assert scene.table() == before, "learned hosts were taken over"
    assert min(scene.ages()) > time.time() - at, "and no flow was made anew"


def test_what_a_switch_holds_after_a_restart_is_what_an_empty_one_gets_and_the_learned_hosts(scene: Scene) -> None:
    kept = scene.table()
    with _away(scene):
        for command in ("del-flows", "del-groups", "del-meters"):
            scene.lab.switch().ofctl(command)
        assert scene.table() == [], "the control: nothing is left"
    assert [line for line in scene.table() if not of_host(line)] == [line for line in kept if not of_host(line)]
    assert len([line for line in kept if of_host(line)]) == 2 * len(scene.expected())
    scene.everybody_answers()
    assert scene.table() == kept


def test_without_a_controller_the_known_go_on_isolated_and_the_new_get_through(scene: Scene) -> None:
    here, there = scene.sides
    scene.give(STRANGER, here.project)

    def reach_each_other() -> bool:
        return all(scene.answered(STRANGER, target) for target in (here.web, here.router, *here.addresses))

    # Its link was bounced when the socket changed hands, and only the controller sets it up again.
    wait_until(lambda: "LOWER_UP" in scene.lab.on(STRANGER, "ip", "link", "show", "eth0").stdout, "its link is up again")

    with ExitStack() as afterwards:
        with _away(scene):
            afterwards.enter_context(scene.stranger(NEW_MAC, here.prefix + "100"))
            loses_nothing(scene.ends(), lambda: let_pass(2))
            scene.everybody_answers()
            with _tap(scene, here.sockets[0]) as within, _tap(scene, there.sockets[0]) as beyond:
                assert reach_each_other(), "the new host and the others"
                assert not scene.answered(STRANGER, there.addresses[0])
                assert not _from_new(beyond)
                assert _from_new(within), "the control: its neighbours see what is for all"
            with ThreadPoolExecutor() as pool:
                targets = (there.router, there.web, *there.addresses)
                assert not any(pool.map(lambda target: scene.answered(here.sockets[0], target), targets))
            assert (here.vlan, NEW_MAC, STRANGER) not in scene.learned()
        wait_until(lambda: reach_each_other() and (here.vlan, NEW_MAC, STRANGER) in scene.learned(), "it is learned at last")


def _from_new(tap: Tap) -> list[dict[str, str]]:
    return [frame for frame in tap.frames() if frame["src"] == NEW_MAC]


def _tap(scene: Scene, socket: int) -> Tap:
    return Tap(["ip", "netns", "exec", scene.lab.room.laptop(socket).namespace], "eth0")


def test_what_was_asked_for_without_a_controller_is_applied_when_the_switch_is_back(scene: Scene) -> None:
    """Asked: within 1 s of the reconnection, which in the lab comes at most 2 s after the controller listens.

    Measured on two cores with the tests of others beside: 0.01 to 0.03 s, and 0.8 to 1.4 s.
    """
    stack, project = scene.stack, scene.here.project
    stack.control("stop", "controller")
    begun = time.monotonic()
    answer = stack.post(f"/add-port/1/{project}/{SPARE}/")
    waited = time.monotonic() - begun
    assert (answer.status, answer.body["applied"]) == (200, False)
    assert waited < 2 * NOISE
    assert not [line for line in scene.table() if re.search(r"in_port=s?3\b", line)]

    stack.control("start", "controller")
    wait_until(listens, "the controller listens")
    listening = time.time()
    scene.wait_applied(SPARE)
    connected = scene.connected_at()[-1]
    applied = float(sql(f"SELECT extract(epoch FROM applied_at) FROM ports_socket WHERE number = {SPARE}"))
    print(f"answered after {waited:.2f} s, connected {connected - listening:.2f} s after it listened")
    print(f"applied {applied - connected:.2f} s after that")
    assert connected - listening < RECONNECTED * NOISE
    assert 0 < applied - connected < APPLIED * NOISE
    assert scene.lab.room.dhcp(SPARE, 30).router == scene.here.router


def test_an_error_in_a_handler_ends_the_controller_and_supervisord_has_it_back(scene: Scene) -> None:
    """Of a switch that speaks nonsense; asked: within 3 s. Measured: 2.3 s, and 5.4 s under a load of ten."""
    dpid = 0xEE
    sql(
        "INSERT INTO ports_switch (name, dpid, uplink_port, uplink_kind, tunnel_address, trunk, bounce_ms)"
        f" VALUES ('nonsense', '{dpid:016x}', 48, 'VXLAN', '198.18.255.77', '', 0)"
    )
    logs = [Path(VAR, "log", name) for name in ("controller.log", "supervisord.log")]
    before = scene.table()

    def provoke() -> None:
        sizes, pid, at = [log.stat().st_size for log in logs], scene.controller(), time.time()
        with Peer(CONTROLLER_PORT, dpid) as peer:
            peer.shake_hands()
            peer.send_packet_in_from_nowhere()
            seconds = _ends_and_comes_back(scene)
        print(f"it listens again after {seconds:.2f} s")
        assert seconds < BACK * NOISE
        said, supervised = (log.read_bytes()[size:].decode() for log, size in zip(logs, sizes, strict=True))
        assert "the controller broke\nTraceback (most recent call last):" in said
        assert "exited: controller (exit status 1; not expected)" in supervised
        assert scene.controller() not in (0, pid)
        wait_until(lambda: scene.connected_at()[-1] > at, "the lab's switch is connected again")
        scene.wait_in_charge()

    try:
        loses_nothing(scene.ends(), provoke)
    finally:
        sql("DELETE FROM ports_switch WHERE name = 'nonsense'")
    assert scene.table() == before
