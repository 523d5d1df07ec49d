"""Faucet, from its own virtualenv, with one switch; its settings are its defaults but for the number of hosts."""

import json
import os
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.processes import Process, free_port
from bench.room import OTHER_VLAN, SOCKETS, VLAN, flow_count, hand_over, take_back
from lab.room import Room
from lab.shell import wait_until
from lab.switch import Switch

VIRTUALENV = Path(os.environ["NETMANAGER_VAR"], "faucet")
MAX_HOSTS = 1_000_000


class Faucet:
    """A Faucet and the switch that it controls."""

    def __init__(self, room: Room, switch: Switch, place: Path) -> None:
        self.switch = switch
        self._room, self._configuration = room, place / "faucet.yaml"
        environment = {
            "PATH": f"{VIRTUALENV}/bin:{os.environ['PATH']}",
            "FAUCET_CONFIG": str(self._configuration),
            "FAUCET_CONFIG_STAT_RELOAD": "0",
            "FAUCET_LOG": "STDERR",
            "FAUCET_EXCEPTION_LOG": "STDERR",
            "FAUCET_PROMETHEUS_ADDR": "127.0.0.1",
            "FAUCET_PROMETHEUS_PORT": str(free_port()),
        }
        port = free_port()
        command = [f"{VIRTUALENV}/bin/faucet", "--use-stderr", f"--ryu-ofp-tcp-listen-port={port}"]
        self.process = Process("faucet", command, environment, port)

    def start(self) -> None:
        """Return once it has made the switch's ports work."""
        self.process.start()
        wait_until(lambda: self.switch.is_connected() and self.has_port_in(1, VLAN), "Faucet does not take the switch.", 30)

    def kill(self) -> None:
        self.process.kill()

    def assign(self, others: frozenset[int] = frozenset()) -> None:
        """Write faucet.yaml: all ports in VLAN, but these in OTHER_VLAN."""
        interfaces = {
            f"s{port}": {"number": port, "native_vlan": OTHER_VLAN if port in others else VLAN, "max_hosts": MAX_HOSTS}
            for port in range(1, SOCKETS + 1)
        }
        datapath = {"dp_id": int(self.switch.dpid, 16), "hardware": "Open vSwitch", "interfaces": interfaces}
        networks = {f"v{vlan}": {"vid": vlan, "max_hosts": MAX_HOSTS} for vlan in (VLAN, OTHER_VLAN)}
        part = self._configuration.with_suffix(".part")
        part.write_text(json.dumps({"vlans": networks, "dps": {"bench": datapath}}))  # JSON is YAML
        part.replace(self._configuration)

    def reload(self) -> None:
        """Have it read faucet.yaml, as its documentation says."""
        self.process.signal(signal.SIGHUP)

    def has_port_in(self, port: int, vlan: int) -> bool:
        """Whether the switch has a port in a VLAN."""
        flows = self.switch.ofctl("dump-flows", f"in_port={port}")
        return any(f"set_field:{0x1000 | vlan}->vlan_vid" in line for line in flows.splitlines())

    def reset(self) -> None:
        """Start again with no host learned."""
        self.kill()
        take_back(self.switch)
        hand_over(self._room, self.switch, self.process.port)
        self.start()
        assert flow_count(self.switch)


@contextmanager
def running(room: Room, switch: Switch) -> Iterator[Faucet]:
    """A Faucet that has the switch, until the end of the `with`."""
    with tempfile.TemporaryDirectory() as place:
        faucet = Faucet(room, switch, Path(place))
        faucet.assign()
        try:
            hand_over(room, switch, faucet.process.port)
            faucet.start()
            yield faucet
        finally:
            faucet.kill()
            take_back(switch)
