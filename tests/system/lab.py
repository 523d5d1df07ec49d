"""The lab of the stack under test: what its laptops see, what its switch holds, and calls that must succeed."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

from lab.leases import Lease
from lab.room import Room
from lab.stream import Endpoint
from lab.switch import Switch
from tests.conditions import wait_until
from tests.system.stack import INSTANCE, Answer, Stack


class Lab:
    """A standing room and the stack that it belongs to."""

    def __init__(self, stack: Stack) -> None:
        self.stack, self.room = stack, Room.standing(INSTANCE)

    # Sockets

    def add(self, socket: int, project: int) -> Answer:
        """Give a socket to a project; it must be applied."""
        answer = self.stack.post(f"/add-port/1/{project}/{socket}/")
        assert (answer.status, answer.body.get("applied")) == (200, True), answer
        return answer

    def remove(self, socket: int) -> None:
        """Take a socket from its project; it must be applied."""
        answer = self.stack.post(f"/remove-port/1/{socket}/")
        assert (answer.status, answer.body.get("applied")) == (200, True), answer

    def join(self, socket: int, project: int) -> Lease:
        """Give a socket to a project, and have its laptop get a lease there."""
        self.add(socket, project)
        return self.room.dhcp(socket, 30)

    def socket(self, number: int) -> dict[str, str]:
        """The row of a socket, every column as text."""
        columns = ("enabled", "disabled_reason", "applied_vlan", "project_id")
        code = f"from apps.ports.models import Socket; s = Socket.objects.get(pk={number})"
        shown = self.stack.orm(f"{code}; print(*(getattr(s, column) or '-' for column in {columns}))").split()
        return dict(zip(columns, shown, strict=True))

    # Laptops

    def on(self, socket: int, *command: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
        """Run a command on a laptop."""
        return self.room.laptop(socket).run(*command, timeout=timeout)

    def pings(self, socket: int, target: str) -> bool:
        """Whether a ping is answered, by the third at the latest."""
        return self.on(socket, "ping", "-c", "3", "-i", "0.3", "-W", "2", target).returncode == 0

    def end(self, socket: int) -> Endpoint:
        """A laptop as an end of a stream."""
        return self.room.laptop(socket).endpoint

    def container_end(self, project: int, name: str) -> Endpoint:
        """A container as an end of a stream."""
        return Endpoint.of_process(self.stack.pid(project, name))

    # The switch

    def switch(self, number: int = 1) -> Switch:
        return self.room.switch(number)

    def flows(self, number: int = 1) -> list[str]:
        """Flows of a switch without counters, in order."""
        lines = self.switch(number).ofctl("dump-flows", "--no-stats").splitlines()
        return sorted(line.strip() for line in lines if "actions=" in line)

    def wait_connected(self, number: int = 1, seconds: float = 30) -> None:
        """Wait until a switch and the controller have each other."""
        wait_until(lambda: self.switch(number).is_connected(), f"switch {number} is connected", seconds)


@contextmanager
def standing_lab(stack: Stack, sockets: int, switches: int = 1, uplink: str = "vxlan") -> Iterator[Lab]:
    """A lab of this shape, until the end of the block."""
    stack.command("lab", "up", "--sockets", str(sockets), "--switches", str(switches), "--uplink", uplink)
    try:
        yield Lab(stack)
    finally:
        stack.command("lab", "down")
