"""Frames lost while a controller is killed and started again, beside Faucet, with a control run of each."""

import statistics
import time
from collections.abc import Callable

from bench.faucet import Faucet
from bench.ours import Ours
from lab.room import Room
from lab.stream import stream
from lab.switch import Switch

AWAY, QUIET, AFTER = 0.3, 0.5, 2.0  # seconds: between kill and start, before the kill, after the start
UNDISTURBED = 3.0  # seconds of a control run
TRIES = 5


def run(room: Room, ours: Ours, theirs: Faucet, rounds: int) -> None:
    """Measure and print."""
    lost: dict[str, list[int]] = {}
    for _ in range(rounds):
        for name, controller in (("NetManager", ours), ("Faucet", theirs)):
            _say_hello(room, controller.switch)
            control = _control(room, controller.switch)
            lost.setdefault(f"{name}, undisturbed", []).append(control)
            lost.setdefault(name, []).append(_lost(room, controller.switch, lambda c=controller: _restart(c)))  # type: ignore[misc]
    print(f"\nFrames lost of a 1 kHz stream while the controller is killed (SIGKILL) and started again ({rounds} rounds)")
    for name in ("NetManager", "Faucet", "NetManager, undisturbed", "Faucet, undisturbed"):
        print(f"  {name:<62} p50 {statistics.median(lost[name]):7.0f}   most {max(lost[name]):7d}", flush=True)


def _restart(controller: Ours | Faucet) -> None:
    controller.kill()
    time.sleep(AWAY)
    controller.start()


def _control(room: Room, switch: Switch) -> int:
    """Frames lost without disturbance, which must be none: a machine too busy for that makes all else void."""
    for _ in range(TRIES):
        if not _lost(room, switch, lambda: time.sleep(UNDISTURBED)):
            return 0
    raise SystemExit(f"{TRIES} control runs lost frames: the machine is too busy to measure this.")


def _lost(room: Room, switch: Switch, act: Callable[[], None]) -> int:
    """How many frames between two laptops of a switch do not arrive; those that the receiver had no room for make it void."""
    first, second, *_ = room.layout.sockets_of(switch.number)
    with stream(room.laptop(first).endpoint, room.laptop(second).endpoint) as frames:
        frames.wait_for_first(10)
        time.sleep(QUIET)
        act()
        time.sleep(AFTER)
        result = frames.stop()
    if result.dropped:
        raise SystemExit(f"The receiver dropped {result.dropped} frames: the measurement is void.")
    return len(result.lost)


def _say_hello(room: Room, switch: Switch) -> None:
    """Have both ends learned."""
    first, second, *_ = room.layout.sockets_of(switch.number)
    for one, other in ((first, second), (second, first)):
        with stream(room.laptop(one).endpoint, room.laptop(other).endpoint) as frames:
            frames.wait_for_first(10)
            time.sleep(QUIET)
