"""A controller of ours beside the running one, with a database of its own: it may be killed, and its limits lifted."""

import os
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.request import urlopen

from django.core.management import call_command
from django.db import connections

from apps.ports.models import Socket, Switch
from apps.projects.models import Project, Status
from bench.processes import Process, free_port
from bench.room import OURS, SOCKETS, VLAN, flow_count, hand_over, take_back
from lab.layout import UPLINK_PORT
from lab.room import Room
from lab.shell import wait_until

DATABASE = "bench"  # Django's alias; deploy/bench.sh makes it
URL = os.environ.get("NETMANAGER_BENCH_DATABASE_URL", "")
MACS = 1_000_000  # hosts of a socket: no limit
PROJECT = 1  # that has all the sockets of our switch at first


class Ours:
    """The controller and the switch that it controls."""

    def __init__(self, room: Room) -> None:
        self.switch = room.switch(OURS)
        self._room, self._metrics = room, free_port()
        port = free_port()
        environment = {
            "DATABASE_URL": URL,
            "NETMANAGER_OPENFLOW_LISTEN": f"0.0.0.0:{port}",
            "NETMANAGER_METRICS_LISTEN": f"127.0.0.1:{self._metrics}",
            "NETMANAGER_SOCKET_MACS": str(MACS),
        }
        self.process = Process("controller", [sys.executable, "manage.py", "run_controller"], environment, port)

    def start(self) -> None:
        """Return once the switch has told it that all is as it should be."""
        before = flow_count(self.switch)
        self.process.start()
        wait_until(
            lambda: self.switch.is_connected() and self.metric("apply_seconds_count") > 0, "It does not take the switch.", 30
        )
        assert flow_count(self.switch) >= before

    def kill(self) -> None:
        self.process.kill()

    def reset(self) -> None:
        """Start again with no host learned."""
        self.kill()
        take_back(self.switch)
        hand_over(self._room, self.switch, self.process.port)
        self.start()

    def metric(self, name: str) -> float:
        """The value of one of its metrics without labels."""
        with urlopen(f"http://127.0.0.1:{self._metrics}/metrics", timeout=5) as answer:
            found = re.search(rf"^netmanager_{name} (\S+)$", answer.read().decode(), re.MULTILINE)
        return float(found[1]) if found else 0.0


@contextmanager
def running(room: Room) -> Iterator[Ours]:
    """A controller that has our switch, all sockets of which are one project's, until the end of the `with`."""
    if not URL:
        raise SystemExit("There is no NETMANAGER_BENCH_DATABASE_URL; deploy/bench.sh makes that database.")
    connections.settings[DATABASE] = connections.settings["default"] | {"NAME": URL.rpartition("/")[2]}
    call_command("migrate", database=DATABASE, verbosity=0)
    ours = Ours(room)
    row = Switch.objects.using(DATABASE).create(
        name="bench", dpid=ours.switch.dpid, uplink_port=UPLINK_PORT, tunnel_address="198.18.247.11", bounce_ms=0
    )
    project = Project.objects.using(DATABASE).create(pk=PROJECT, vlan=VLAN, status=Status.ACTIVE)
    Socket.objects.using(DATABASE).bulk_create(
        Socket(number=port, switch=row, of_port=port, project=project) for port in range(1, SOCKETS + 1)
    )
    try:
        hand_over(room, ours.switch, ours.process.port)
        ours.start()
        yield ours
    finally:
        ours.kill()
        take_back(ours.switch)
        connections[DATABASE].close()
