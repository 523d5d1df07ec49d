"""The controller as a process on the test database, and bridges that it may have."""

import os
import re
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from django.db import connection

from datacenter.bootstrap import datapath_type
from tests.conditions import wait_until
from tests.integration.switch import delete_everything, run, vsctl

KNOWN = 200  # priority of a learned host's flows
PORT, METRICS = 6656, 9656
UPLINK = 1000
SECONDS = 60.0


class Controller:
    """`manage.py run_controller` with the database of the tests."""

    def __init__(self, log: Path, **settings: str) -> None:
        self._log = log
        database = connection.settings_dict
        url = f"postgres://{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}/{database['NAME']}"
        own = {"NETMANAGER_OPENFLOW_LISTEN": f"127.0.0.1:{PORT}", "NETMANAGER_METRICS_LISTEN": f"127.0.0.1:{METRICS}"}
        self._env = os.environ | {"DATABASE_URL": url} | own | settings
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", "run_controller"], env=self._env, stdout=log, stderr=log
            )
        return self

    def wait_listening(self) -> Self:
        wait_until(lambda: self._listens() or self.ended is not None, "the controller listens")
        assert self.ended is None, self.log
        return self

    def _listens(self) -> bool:
        with socket.socket() as client:
            return bool(self.metrics()) and client.connect_ex(("127.0.0.1", PORT)) == 0

    def kill(self) -> None:
        if self._process:
            self._process.kill()
            self._process.wait()

    @property
    def ended(self) -> int | None:
        """Its exit status, once it has one."""
        assert self._process is not None
        return self._process.poll()

    @property
    def log(self) -> str:
        return self._log.read_text()

    def metrics(self) -> str:
        """What Prometheus would read; nothing where nobody listens."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{METRICS}/metrics", timeout=5) as answer:
                return str(answer.read().decode())
        except OSError:
            return ""

    def metric(self, name: str) -> float:
        """The value of a metric without labels."""
        found = re.search(rf"^{name} (\S+)$", self.metrics(), re.MULTILINE)
        return float(found.group(1)) if found else 0.0


class Bridge:
    """A bridge of this machine's Open vSwitch as a room's switch: ports 3 to 5 for sockets, and a tunnel."""

    def __init__(self, name: str, dpid: int) -> None:
        self.name, self.dpid = name, f"{dpid:016x}"

    def make(self) -> None:
        vsctl(
            "add-br", self.name, "--", "set", "bridge", self.name, f"datapath_type={datapath_type()}", "fail_mode=secure",
            "protocols=OpenFlow13", f"other-config:datapath-id={self.dpid}",
        )  # fmt: skip
        for number in (3, 4, 5):
            port = f"{self.name}-{number}"
            vsctl("add-port", self.name, port, "--", "set", "interface", port, "type=internal", f"ofport_request={number}")
        tunnel = f"{self.name}-vx"
        vsctl(
            "add-port", self.name, tunnel, "--", "set", "interface", tunnel, "type=vxlan", f"ofport_request={UPLINK}",
            f"options:remote_ip=198.18.99.{self.dpid[-1]}", "options:key=flow",
        )  # fmt: skip

    def connect(self, target: str = f"tcp:127.0.0.1:{PORT}") -> None:
        vsctl(
            "set-controller", self.name, target,
            "--", "set", "controller", self.name, "connection_mode=out-of-band", "max_backoff=1000",
        )  # fmt: skip

    def disconnect(self) -> None:
        vsctl("del-controller", self.name)

    def ofctl(self, command: str, *arguments: str) -> str:
        return run("ovs-ofctl", "-O", "OpenFlow13", command, self.name, *arguments)

    def flows(self) -> list[str]:
        """Its flows without counters and ages, but for those of learned hosts: the ports' own interfaces speak when they like."""
        lines = [line.strip() for line in self.ofctl("dump-flows", "--no-stats").splitlines()]
        return sorted(line for line in lines if "actions=" in line and f"priority={KNOWN}," not in line)

    def ages(self) -> list[float]:
        """Seconds since each flow was written."""
        return [float(age) for age in re.findall(r"duration=([\d.]+)s", self.ofctl("dump-flows"))]

    def in_project(self, port: int, vlan: int) -> bool:
        """Whether frames of a port are classified as the project's."""
        return any(f"in_port={port} " in f"{flow} " and f"write_metadata:{vlan:#x}" in flow for flow in self._named())

    def _named(self) -> list[str]:
        return [re.sub(r'in_port="[^"]*-(\d+)"', r"in_port=\1", flow) for flow in self.flows()]

    def dark(self, port: int) -> bool:
        """Whether no flow and no group has to do with a port."""
        text = "\n".join(self._named()) + re.sub(r'output:"[^"]*-(\d+)"', r"output:\1", self.ofctl("dump-groups"))
        return not re.search(rf"(in_port=|output:){port}\b", text)


@contextmanager
def made(*bridges: Bridge) -> Iterator[None]:
    """The bridges, until the end of the block."""
    delete_everything(*(bridge.name for bridge in bridges))
    try:
        for bridge in bridges:
            bridge.make()
        yield
    finally:
        delete_everything(*(bridge.name for bridge in bridges))
