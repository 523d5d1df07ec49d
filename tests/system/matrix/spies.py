"""A spy in every laptop, and one on the host, where every container and router has an end of its veth pair."""

import json
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Interface
from pathlib import Path
from typing import Self

from datacenter.names import ADDRESS_KEY
from tests.system.matrix.isolation import Seen, foreign, vlan_of_address
from tests.system.stack import INSTANCE, run
from tests.system.state.facts import PLAN

PROGRAM = str(Path(__file__).with_name("spy.py"))
LINKS = Path("/sys/class/net")
VETH = f"{INSTANCE}-h"
BETWEEN = 0.05  # seconds between two looks for new veth pairs


class Spies:
    """From `with` to its end; `bridges` has the VLAN of each project's bridge, `laptops` each one's namespace, MAC and VLAN."""

    def __init__(self, bridges: Mapping[str, int], laptops: Sequence[tuple[str, str, int]]) -> None:
        self._bridges, self._laptops = dict(bridges), laptops
        self._veths: dict[str, int] = {}
        self._ended = threading.Event()
        self.dropped, self.foreign, self.counted = 0, list[str](), 0

    def __enter__(self) -> Self:
        self._host = _start(())
        self._rooms = [(name, _start(("ip", "netns", "exec", name), "eth0")) for name, _, _ in self._laptops]
        for program in (self._host, *(program for _, program in self._rooms)):
            assert program.stdout is not None
            assert program.stdout.readline() == '"ready"\n', "the spy does not start"
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        """Count: `foreign` has a line for each place and pair of MACs, `counted` is how many frames were looked at."""
        self._ended.set()
        self._thread.join()
        self._learn()
        self._judge("the host", self._host, self._bridges | self._veths)
        for (name, program), (_, _, vlan) in zip(self._rooms, self._laptops, strict=True):
            self._judge(name, program, {"eth0": vlan})

    def _judge(self, where: str, program: subprocess.Popen[str], places: Mapping[str, int]) -> None:
        told = json.loads(program.communicate(timeout=60)[0])
        seen = [Seen(*row) for row in told["seen"] if row[0] in places or row[0].startswith(VETH)]
        self.dropped += told["dropped"]
        self.counted += sum(one.frames for one in seen)
        laptops = {mac: vlan for _, mac, vlan in self._laptops}
        for one in foreign(seen, places, PLAN, laptops):
            belongs = f"VLAN {places[one.interface]}" if one.interface in places else "one project"
            self.foreign.append(f"{one.frames} frames {one.src} → {one.dst} at {one.interface} of {where}, which is {belongs}'s")

    def _look(self) -> None:
        while not self._ended.wait(BETWEEN):
            if any(link.name.startswith(VETH) and link.name not in self._veths for link in LINKS.iterdir()):
                self._learn()

    def _learn(self) -> None:
        """Note whose the veth pairs are that Open vSwitch has; it may be away."""
        columns = ("--timeout=2", "-f", "json", "--columns=name,external_ids", "list", "Port")
        listed = run("ovs-vsctl", *columns, check=False)
        for name, (_, ids) in json.loads(listed)["data"] if listed else []:
            address = dict(ids).get(ADDRESS_KEY)
            vlan = vlan_of_address(PLAN, IPv4Interface(address).ip) if address and name.startswith(VETH) else None
            if vlan is not None:
                self._veths[name] = vlan


def _start(enter: tuple[str, ...], *interface: str) -> subprocess.Popen[str]:
    command = [*enter, sys.executable, "-I", PROGRAM, *interface]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
