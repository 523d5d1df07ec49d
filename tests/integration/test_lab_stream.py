"""The zero-loss instrument: it loses nothing itself, and sees what is lost."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from lab.errors import LabError
from lab.room import Room
from lab.stream import Endpoint, Target, stream
from tests.conditions import wait_until
from tests.integration.rooms import give_addresses, join, leftovers, standing_room


@pytest.fixture(scope="module")
def standing() -> Iterator[Room]:
    with standing_room(sockets=3) as room:
        yield room
    assert leftovers() == []


@pytest.fixture
def room(standing: Room) -> Room:
    """Laptop 1 reaches laptop 2, and laptop 3 nobody."""
    standing.switch().ofctl("del-flows")
    join(standing, 1, 2)
    return standing


def let_pass(seconds: float) -> None:
    """Let a stream run: its length is what a test is about."""
    end = time.monotonic() + seconds
    wait_until(lambda: time.monotonic() >= end, "time passes", seconds + 1)


@contextmanager
def busy_machine() -> Iterator[None]:
    """Every core has as much to do as it can."""
    spinning = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for process in spinning:
            process.kill()
            process.wait()


def test_it_loses_nothing_on_a_busy_machine(room: Room) -> None:
    with busy_machine(), stream(room.laptop(1).endpoint, room.laptop(2).endpoint) as frames:
        let_pass(5)
    result = frames.result
    assert (result.lost, result.duplicates, result.dropped) == ([], 0, 0)
    assert result.sent >= 5000
    assert result.late < 0.25
    assert 0 < result.longest_gap_ms < 300


def test_it_finds_the_frames_that_a_switch_dropped_and_no_others(room: Room) -> None:
    with stream(room.laptop(1).endpoint, room.laptop(2).endpoint) as frames:
        frames.wait_for_first(5)
        before = time.monotonic()
        room.switch().ofctl("add-flow", "priority=40000,in_port=1,actions=drop")
        let_pass(0.05)
        room.switch().ofctl("add-flow", "priority=40000,in_port=1,actions=output:2")
        after = time.monotonic()
        let_pass(0.2)
    lost = frames.result.lost
    assert lost == list(range(lost[0], lost[-1] + 1))
    assert before <= frames.result.due(lost[0]) <= frames.result.due(lost[-1]) <= after
    assert frames.result.longest_gap_ms > 50
    assert frames.result.received + len(lost) == frames.result.sent


def test_single_frames_that_are_missing_are_found(room: Room) -> None:
    room.switch().ofctl("add-meter", "meter=1,pktps,burst,bands=type=drop,rate=19,burst_size=1")
    try:
        room.switch().ofctl("add-flow", "priority=40000,in_port=1,actions=meter:1,output:2")
        with stream(room.laptop(1).endpoint, room.laptop(2).endpoint, rate=20) as frames:
            let_pass(2)
    finally:
        room.switch().ofctl("del-meters")
    lost = frames.result.lost
    assert lost
    assert not {number + 1 for number in lost} & set(lost)
    assert frames.result.received + len(lost) == frames.result.sent


def test_frames_that_come_twice_are_counted(room: Room) -> None:
    room.switch().ofctl("add-flow", "in_port=1,actions=output:2,output:2")
    with stream(room.laptop(1).endpoint, room.laptop(2).endpoint, rate=100) as frames:
        frames.wait_for_first(5)
    assert frames.result.duplicates == frames.result.received >= 1


def test_it_tells_how_long_after_a_moment_the_first_frame_came(room: Room) -> None:
    room.switch().ofctl("del-flows")
    with stream(room.laptop(1).endpoint, room.laptop(3).endpoint) as frames:
        with pytest.raises(LabError, match=r"within 0\.2 s"):
            frames.wait_for_first(0.2)
        before = time.monotonic()
        room.switch().ofctl("add-flow", "in_port=1,actions=output:3")
        after = time.monotonic()
        first = frames.wait_for_first(5)
    assert before < first < after + 0.1
    assert frames.result.first_after(before) == first - before
    assert frames.result.lost == list(range(len(frames.result.lost)))


def test_it_runs_in_the_namespace_of_any_process_with_or_without_addresses(room: Room) -> None:
    give_addresses(room, "10.9.9", 1)
    with room.laptop(2).popen("sh", "-c", "echo ready; exec sleep 60", stdout=subprocess.PIPE, text=True) as sleeper:
        assert sleeper.stdout
        assert sleeper.stdout.readline() == "ready\n"
        place = Endpoint.of_process(sleeper.pid)
        with stream(room.laptop(1).endpoint, place) as there, stream(place, room.laptop(1).endpoint) as back:
            let_pass(0.5)
        sleeper.kill()
    assert (there.result.lost, back.result.lost) == ([], [])
    assert min(there.result.received, back.result.received) >= 400


def test_it_tells_how_far_it_is(room: Room) -> None:
    room.switch().ofctl("del-flows")
    with stream(room.laptop(1).endpoint, room.laptop(2).endpoint, rate=100) as frames:
        assert (frames.so_far().received, frames.so_far().number) == (0, -1)
        room.switch().ofctl("add-flow", "in_port=1,actions=output:2")
        first = frames.wait_for_first(5)
        let_pass(0.3)
        so_far = frames.so_far()
        let_pass(0.1)
    assert 0 < so_far.received < frames.result.received
    assert first < so_far.at == frames.result.arrivals[so_far.received - 1].received
    assert so_far.missing == frames.result.arrivals[0].number


def test_it_goes_on_when_the_receivers_interface_was_down(room: Room) -> None:
    with stream(room.laptop(1).endpoint, room.laptop(2).endpoint, rate=100) as frames:
        frames.wait_for_first(5)
        room.laptop(2).run("ip", "link", "set", "eth0", "down")
        let_pass(0.1)
        room.laptop(2).run("ip", "link", "set", "eth0", "up")
        up = time.monotonic()
        let_pass(0.3)
    assert frames.result.lost
    assert frames.result.first_after(up) is not None


def test_frames_to_somebody_behind_a_router_carry_the_routers_mac(room: Room) -> None:
    to = Target("06:00:00:00:07:07", "198.18.255.9")
    room.switch().ofctl("del-flows")
    room.switch().ofctl("add-flow", f"in_port=1,ip,dl_dst={to.mac},nw_dst={to.ip},actions=output:2")
    with stream(room.laptop(1).endpoint, room.laptop(2).endpoint, rate=100, to=to) as frames:
        frames.wait_for_first(5)
        let_pass(0.2)
    assert frames.result.received
    assert frames.result.lost == []


def test_many_streams_at_once_hear_only_their_own(room: Room) -> None:
    ends = room.laptop(1).endpoint, room.laptop(2).endpoint
    with stream(*ends, rate=200) as one, stream(*ends, rate=300) as other:
        let_pass(1)
    assert (one.result.lost, other.result.lost) == ([], [])
    assert one.result.sent < other.result.sent


def test_a_namespace_or_interface_that_is_missing_is_told_and_nothing_goes_on_running(room: Room) -> None:
    nobody = Endpoint(("ip", "netns", "exec", "nmt-laptop9"))
    with pytest.raises(LabError, match="nmt-laptop9"), stream(room.laptop(1).endpoint, nobody):
        pass
    with pytest.raises(LabError, match="No such device"), stream(Endpoint((), "nmt-none"), room.laptop(2).endpoint):
        pass
    assert room.laptop(2).run("sh", "-c", "cat /proc/net/packet | wc -l").stdout.strip() == "1"
