"""A laptop of the lab: a namespace whose eth0 is wired to a socket."""

import os
import subprocess
from pathlib import Path
from typing import Any

from datacenter import netlink
from datacenter.bootstrap import datapath_type
from lab import namespaces
from lab.errors import LabError
from lab.layout import LAPTOP_INTERFACE, Layout, run_directory
from lab.shell import TIMEOUT
from lab.stream import Endpoint

MTU = 1500  # bytes; a lease may tell it another
ASKPASS = Path(__file__).with_name("askpass")
SSH_OPTIONS = (  # whoever answers is somebody new, and the password is right at the first attempt or wrong
    "-F", "none", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR",
    "-o", "PreferredAuthentications=password", "-o", "NumberOfPasswordPrompts=1", "-o", "ConnectTimeout=10",
)  # fmt: skip


class Laptop:
    """The laptop at a socket; it need not stand."""

    def __init__(self, layout: Layout, socket: int) -> None:
        self._layout, self.socket = layout, socket
        self.namespace = layout.laptop_namespace(socket)
        self.interface = LAPTOP_INTERFACE
        self.mac = layout.laptop_mac(socket)
        self.run_dir = run_directory(layout.instance) / "laptops" / str(socket)

    @property
    def endpoint(self) -> Endpoint:
        """The laptop as an end of a stream."""
        return Endpoint(tuple(namespaces.enter(self.namespace)), self.interface)

    @property
    def resolv_conf(self) -> Path:
        """What programs of the laptop see as /etc/resolv.conf."""
        return namespaces.ETC / self.namespace / "resolv.conf"

    def run(self, *command: str, timeout: float = TIMEOUT, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a command on the laptop; it may fail: look at its returncode. `options` are those of subprocess.run.

        Raises LabError if the command does not end within `timeout` seconds.
        """
        options = {"capture_output": True, "text": True} | options
        try:
            return subprocess.run([*namespaces.enter(self.namespace), *command], check=False, timeout=timeout, **options)
        except subprocess.TimeoutExpired as error:
            raise LabError(f"On laptop {self.socket} {' '.join(command)} did not end within {timeout:g} s.") from error

    def popen(self, *command: str, **options: Any) -> subprocess.Popen[Any]:
        """Start a command on the laptop; `options` are those of subprocess.Popen."""
        return subprocess.Popen([*namespaces.enter(self.namespace), *command], **options)

    def ssh(self, login: str, password: str, *command: str) -> subprocess.CompletedProcess[str]:
        """Log in somewhere (`student@web`) by password and run a command there; returncode 255 tells that nobody was let in."""
        asked = {"SSH_ASKPASS": str(ASKPASS), "SSH_ASKPASS_REQUIRE": "force", "LAB_PASSWORD": password}
        return self.run("ssh", *SSH_OPTIONS, login, *command, env=os.environ | asked, stdin=subprocess.DEVNULL)

    def build(self) -> None:
        """Wire it to its socket; both namespaces must be there. The switch's end is called s<socket>."""
        self.resolv_conf.parent.mkdir(parents=True, exist_ok=True)
        self.resolv_conf.write_text("")  # `ip netns exec` mounts what is there when a program starts
        for part in ("run", "lib"):
            (self.run_dir / part).mkdir(parents=True)
        wire, end = self._layout.host_link("s", self.socket), self._layout.host_link("l", self.socket)
        checksums = datapath_type() == "system"
        netlink.plug_veth(netlink.VethPair(wire, end, self.mac, MTU, peer_checksums=checksums))
        switch = self._layout.switch_namespace(self._layout.switch_of(self.socket))
        namespaces.batch(
            f"link set {wire} netns {switch} name s{self.socket}\nlink set {end} netns {self.namespace} name {self.interface}\n"
        )
        namespaces.batch(f"link set s{self.socket} up\n", switch)
        namespaces.set_sysctls(self.namespace, {"ipv4/ip_forward": 0})  # a laptop is no router, though the host may be one
        namespaces.batch(f"link set {self.interface} up\n", self.namespace)
