"""A switch of the lab: an Open vSwitch of its own, with its own database, in a namespace."""

import json
import os
import re
import signal
import sys
import time
from ipaddress import IPv4Address
from pathlib import Path

from datacenter.bootstrap import datapath_type
from lab import namespaces
from lab.errors import LabError
from lab.layout import BRIDGE, CABLE, UNDERLAY, UPLINK, UPLINK_PORT, Layout, run_directory
from lab.shell import run

SCHEMA = "/usr/share/openvswitch/vswitch.ovsschema"
PRIORITY = "-10"  # as ovs-ctl starts them: one that is kept waiting loses frames
DAEMONS = ("ovs-vswitchd", "ovsdb-server")  # in the order they end
ESTABLISHED = "01"  # in /proc/net/tcp


class Switch:
    """Switch `number` of a room; it need not stand."""

    def __init__(self, layout: Layout, number: int) -> None:
        self._layout, self.number = layout, number
        self.name = layout.switch_name(number)
        self.dpid = layout.dpid(number)
        self.namespace = layout.switch_namespace(number)
        self.run_dir = run_directory(layout.instance) / str(number)

    # The tools of Open vSwitch

    def vsctl(self, *arguments: str) -> str:
        """Output of ovs-vsctl; raises LabError if it fails."""
        return run("ovs-vsctl", "--timeout=20", *arguments, env=self.environment).strip()

    def ofctl(self, command: str, *arguments: str) -> str:
        """Output of an ovs-ofctl command for the switch's bridge, by OpenFlow 1.3; `arguments` follow the bridge."""
        return run("ovs-ofctl", "-O", "OpenFlow13", command, BRIDGE, *arguments, env=self.environment)

    def appctl(self, *arguments: str) -> str:
        """Output of ovs-appctl, asked of the switch's ovs-vswitchd."""
        return run("ovs-appctl", "-t", "ovs-vswitchd", *arguments, env=self.environment)

    @property
    def environment(self) -> dict[str, str]:
        """With it the tools of Open vSwitch speak to this switch, and to no other."""
        return os.environ | dict.fromkeys(("OVS_RUNDIR", "OVS_DBDIR", "OVS_LOGDIR"), str(self.run_dir))

    # Its life

    def build(self) -> None:
        """Start it, with its bridges; interfaces for them must be in its namespace."""
        self.run_dir.mkdir(parents=True)
        run("ovsdb-tool", "create", str(self.run_dir / "conf.db"), SCHEMA)
        self._start("ovsdb-server", str(self.run_dir / "conf.db"), f"--remote=punix:{self.run_dir}/db.sock")
        self.vsctl("--no-wait", "init")
        self._start("ovs-vswitchd", f"unix:{self.run_dir}/db.sock")
        self.vsctl(*self._underlay(), *self._bridge(), *self._controller(), *self.ports(*self._layout.sockets_of(self.number)))
        self._address()

    def restart(self) -> None:
        """Kill its processes, as a power cut would, and start them again: its ports come back, its flows do not."""
        self.stop()
        self._start("ovsdb-server", str(self.run_dir / "conf.db"), f"--remote=punix:{self.run_dir}/db.sock")
        self._start("ovs-vswitchd", f"unix:{self.run_dir}/db.sock")

    def stop(self) -> None:
        """Kill its processes; those that do not run are passed over."""
        namespaces.end(daemons_in(self.run_dir), signal.SIGKILL)

    def ports(self, *sockets: int) -> list[str]:
        """Arguments for `vsctl` that plug these sockets in, each at its own OpenFlow port."""
        arguments = []
        for socket in sockets:
            arguments += ["--", "--may-exist", "add-port", BRIDGE, f"s{socket}", "--", "set", "Interface", f"s{socket}"]
            arguments += [f"ofport_request={self._layout.of_port(socket)}"]
        return arguments

    def stands(self) -> bool:
        """Whether it runs, with every port where it should be and its address on the underlay."""
        wanted = {f"s{socket}": self._layout.of_port(socket) for socket in self._layout.sockets_of(self.number)}
        try:
            return (
                len(daemons_in(self.run_dir)) == len(DAEMONS)
                and self._ofports() == wanted | {UPLINK: UPLINK_PORT}
                and self._is_addressed()
            )
        except LabError:  # it does not answer
            return False

    def is_connected(self) -> bool:
        """Whether it has a connection to its controller; its database would tell up to 5 s later (`stats-update-interval`)."""
        target = re.fullmatch(r"tcp:([0-9.]+):([0-9]+)", self.vsctl("get-controller", BRIDGE))
        if target is None:
            return False
        address = int.from_bytes(IPv4Address(target[1]).packed, sys.byteorder)
        there = f"{address:08X}:{int(target[2]):04X}"
        return any(row[2:4] == [there, ESTABLISHED] for pid in daemons_in(self.run_dir) for row in _connections(pid))

    def keep_trying(self) -> None:
        """Have a connected switch try its controller again every second when it loses it.

        Open vSwitch before 3.1.3 heeds max_backoff only from the first change of its database on that it sees while connected.
        """
        self.vsctl("set", "Controller", BRIDGE, f"external_ids:connected={time.time():.0f}")

    # How it is made

    def _start(self, daemon: str, *arguments: str) -> None:
        logs = ("--log-file", "-vconsole:off", "-vsyslog:off", "-vfile:info")
        command = ("nice", "-n", PRIORITY, daemon, *arguments, "--pidfile", "--detach", "--no-chdir", *logs)
        run(*namespaces.enter(self.namespace), *command, env=self.environment)

    def _bridge(self) -> list[str]:
        """Secure and never in-band, from its first moment: in-band control forwards by hidden flows (FACTS 3)."""
        bridge = [
            "fail_mode=secure", f"datapath_type={datapath_type()}", "protocols=OpenFlow13",
            f"other_config:datapath-id={self.dpid}", "other_config:disable-in-band=true",
        ]  # fmt: skip
        uplink = [f"ofport_request={UPLINK_PORT}"]
        if self._layout.uplink == "vxlan":
            uplink += ["type=vxlan", "options:key=flow", f"options:remote_ip={self._layout.vtep.ip}"]
        return [
            "--", "add-br", BRIDGE, "--", "set", "Bridge", BRIDGE, *bridge,
            "--", "add-port", BRIDGE, UPLINK, "--", "set", "Interface", UPLINK, *uplink,
        ]  # fmt: skip

    def _controller(self) -> list[str]:
        if self._layout.openflow_port is None:
            return []
        target = f"tcp:{self._layout.control(self.number)[0].ip}:{self._layout.openflow_port}"
        return [
            "--", "set-controller", BRIDGE, target,
            "--", "set", "Controller", BRIDGE, "connection_mode=out-of-band", "max_backoff=1000",
        ]  # fmt: skip

    def _underlay(self) -> list[str]:
        """The userspace datapath finds its tunnels by the address of an internal port (FACTS 3); the kernel's does not mind."""
        if self._layout.uplink != "vxlan":
            return []
        return [
            "--", "add-br", UNDERLAY, "--", "set", "Bridge", UNDERLAY, f"datapath_type={datapath_type()}", "fail_mode=standalone",
            "--", "add-port", UNDERLAY, CABLE,
        ]  # fmt: skip

    def _address(self) -> None:
        if self._layout.uplink == "vxlan":
            address = self._layout.tunnel(self.number)
            namespaces.batch(f"address add {address} dev {UNDERLAY}\nlink set {UNDERLAY} up\n", self.namespace)

    def _is_addressed(self) -> bool:
        if self._layout.uplink != "vxlan":
            return True
        return f" {self._layout.tunnel(self.number)} " in run("ip", "-n", self.namespace, "-o", "-4", "address")

    def _ofports(self) -> dict[str, int]:
        """OpenFlow port by name of every port that works, the bridge's own aside."""
        table = json.loads(self.vsctl("--format=json", "--columns=name,ofport,error", "list", "Interface"))["data"]
        none = ["set", []]
        return {name: ofport for name, ofport, error in table if error == none and name not in (BRIDGE, UNDERLAY, CABLE)}


def daemons_in(run_dir: Path) -> list[int]:
    """Processes of a switch that run, by its pid files; a stale one names a process that is not ours."""
    found = []
    for daemon in DAEMONS:
        file = run_dir / f"{daemon}.pid"
        pid = file.read_text().strip() if file.exists() else ""
        if pid and _has(Path(f"/proc/{pid}"), daemon, f"OVS_RUNDIR={run_dir}"):
            found.append(int(pid))
    return found


def _connections(pid: int) -> list[list[str]]:
    """The columns of each TCP connection of a process's namespace; none if it ended while we looked."""
    try:
        return [line.split() for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]]
    except OSError:
        return []


def _has(process: Path, name: str, variable: str) -> bool:
    """Whether a process is this program with this variable in its environment."""
    try:
        variables = (process / "environ").read_bytes().split(b"\0")
        return (process / "comm").read_text().strip() == name and variable.encode() in variables
    except OSError:
        return False
