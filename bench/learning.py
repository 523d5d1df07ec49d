"""Hosts learned per second, and the time from a host's first frame to its flow, beside Faucet."""

import contextlib
import os
import select
import statistics
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

from bench.faucet import Faucet
from bench.hosts import NOBODY, Spray, frame, new_macs, plugged
from bench.measure import Contender, Measure, interleave, report
from bench.ours import Ours
from bench.room import SOCKETS, flow_count
from lab.errors import LabError
from lab.layout import BRIDGE
from lab.room import Room
from lab.switch import Switch

HOSTS = 2000
RATE = 4000.0  # frames per second, of all sockets together
SHARE = 0.9  # of the hosts, until which the rate is taken: the last ones wait for the frames that went lost
FLOWS_OF_A_HOST = 2  # of both controllers: the way to it, and that it is known
AGAIN = 0.2  # seconds after which a frame that was not learned from is sent again
LIMIT = 60  # seconds


def hosts_per_second(room: Room, ours: Ours, theirs: Faucet, rounds: int) -> None:
    """Measure and print."""
    rates: dict[str, list[float]] = {"NetManager": [], "Faucet": []}
    for number in range(rounds):
        for name, controller in (("NetManager", ours), ("Faucet", theirs)):
            controller.reset()
            seconds, learned, sent = _learn(room, controller.switch)
            rates[name].append(learned / seconds)
            print(f"  round {number + 1}, {name}: {learned} hosts in {seconds:.2f} s, {sent} frames sent", flush=True)
    medians = {name: statistics.median(readings) for name, readings in rates.items()}
    print(f"\nHosts learned per second ({HOSTS} at {SOCKETS} sockets, {RATE:.0f} frames/s, {rounds} rounds)")
    print(f"  NetManager p50 {medians['NetManager']:7.0f}/s")
    print(f"  Faucet     p50 {medians['Faucet']:7.0f}/s   ratio {medians['NetManager'] / medians['Faucet']:.2f}", flush=True)


def first_frame_to_flow(room: Room, ours: Ours, theirs: Faucet, rounds: int) -> None:
    """Measure and print."""
    with _appearing(room, ours.switch) as mine, _appearing(room, theirs.switch) as other:
        contenders = [Contender("NetManager", mine), Contender("Faucet", other)]
        interleave(contenders, 5 * rounds)
    report("A host's first frame, until the switch has a flow of it", contenders)


def _learn(room: Room, switch: Switch) -> tuple[float, int, int]:
    """Seconds until so many hosts were learned, and frames sent meanwhile; fewer than wanted if it takes too long."""
    with plugged(room, switch.number) as sockets:
        sockets[0].send(frame(NOBODY, to=b"\x06\x01\0\0\0\x02"))
        time.sleep(0.5)
        before = flow_count(switch)
        with Spray(sockets, new_macs(HOSTS), RATE) as spray:
            while True:
                asked = time.monotonic()  # the answer is of a moment between this and now
                learned = (flow_count(switch) - before) // FLOWS_OF_A_HOST
                seconds = (asked + time.monotonic()) / 2 - spray.started
                if learned >= SHARE * HOSTS or seconds > LIMIT:
                    return seconds, learned, spray.sent
                time.sleep(0.02)


@contextmanager
def _appearing(room: Room, switch: Switch) -> Iterator[Measure]:
    """Measures how long a new host's flow takes to come, as ovs-ofctl's monitor tells it."""
    command = ["ovs-ofctl", "-O", "OpenFlow13", "monitor", BRIDGE, "watch:!initial"]
    environment = switch.environment
    with (
        plugged(room, switch.number) as sockets,
        subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as monitor,
    ):
        assert monitor.stderr
        heard = _Lines(monitor.stderr.fileno())

        def measure() -> float:
            (mac,) = new_macs(1)
            wanted = f"dl_src={mac.hex(':')}"
            begun = time.monotonic()
            while time.monotonic() < begun + LIMIT:
                sockets[0].send(frame(mac))
                if heard.has(wanted, AGAIN):
                    return time.monotonic() - begun
            raise LabError(f"Switch {switch.name} has no flow of {mac.hex(':')}.")

        try:
            time.sleep(0.5)  # it says nothing when it begins to watch
            yield measure
        finally:
            monitor.kill()


class _Lines:
    """What a program says, as it says it."""

    def __init__(self, source: int) -> None:
        self._source, self._rest = source, ""

    def has(self, wanted: str, seconds: float) -> bool:
        """Whether it says something in this time."""
        deadline = time.monotonic() + seconds
        while select.select([self._source], [], [], max(0.0, deadline - time.monotonic()))[0]:
            self._rest += os.read(self._source, 65536).decode(errors="replace")
            if wanted in self._rest:
                self._rest = ""
                return True
        with contextlib.suppress(ValueError):
            self._rest = self._rest[self._rest.rindex("\n") :]
        return False
