"""A room: its switches, its laptops, and the cables between them."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from lab import host, leases, namespaces, patches, teardown
from lab.errors import LabError
from lab.laptop import Laptop
from lab.layout import Layout, run_directory
from lab.leases import Lease
from lab.switch import Switch


class Room:
    """The room of a layout; it need not stand."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout

    @classmethod
    def standing(cls, instance: str) -> Self:
        """The room that an `up` of this or another process has built; raises LabError if there is none."""
        note = _note_of(instance)
        if not note.exists():
            raise LabError(f"No lab of instance {instance} stands; manage.py lab up builds one.")
        return cls(Layout.of_json(note.read_text()))

    # The whole room

    def up(self) -> bool:
        """Build the room, in the place of another or of a broken one; False if it stood already, and lost no frame."""
        with _alone(self.layout.instance):
            built = not self.stands()
            if built:
                teardown.remove(self.layout.instance)
                self._build()
            host.ensure_underlay(self.layout)  # the host may have lost what is its own
            for number in self.layout.switch_numbers:
                host.wait_for_underlay(self.layout, number)
            if built:
                _note_of(self.layout.instance).write_text(self.layout.as_json())  # last: without it what stands is half made
            return built

    def down(self) -> None:
        """Remove whatever room the instance has, whole or not."""
        down(self.layout.instance)

    def stands(self) -> bool:
        """Whether exactly this room stands, whole."""
        note = _note_of(self.layout.instance)
        return (
            note.exists()
            and note.read_text() == self.layout.as_json()
            and set(self._namespaces()) <= namespaces.present()
            and all(host.has_cables(self.layout, switch.number) and switch.stands() for switch in self.switches)
        )

    def _build(self) -> None:
        namespaces.add(*self._namespaces())
        for switch in self.switches:
            namespaces.set_sysctls(switch.namespace, namespaces.QUIET)
            host.lay_cables(self.layout, switch.number)
        for laptop in self.laptops:
            laptop.build()
        for switch in self.switches:
            switch.build()

    def _namespaces(self) -> list[str]:
        return [switch.namespace for switch in self.switches] + [laptop.namespace for laptop in self.laptops]

    # What is in it

    @property
    def switches(self) -> list[Switch]:
        return [Switch(self.layout, number) for number in self.layout.switch_numbers]

    @property
    def laptops(self) -> list[Laptop]:
        return [Laptop(self.layout, socket) for socket in self.layout.numbers]

    def switch(self, number: int = 1) -> Switch:
        return Switch(self.layout, number)

    def laptop(self, socket: int) -> Laptop:
        """The laptop at a socket; raises LabError if there is no such socket."""
        self.layout.switch_of(socket)
        return Laptop(self.layout, socket)

    def lease(self, socket: int) -> Lease | None:
        """The lease that a laptop has now, without asking for one."""
        return leases.lease_of(self.laptop(socket))

    def dhcp(self, socket: int, seconds: float = 15) -> Lease:
        """Have a laptop ask for a lease, which it keeps from then on; raises LabError if it gets none in time."""
        return leases.ensure_lease(self.laptop(socket), seconds)

    def cable(self, one: int, other: int) -> None:
        """Join two sockets by a patch cable; their laptops are unplugged meanwhile."""
        patches.plug(self.layout, one, other)

    def uncable(self, one: int, other: int) -> None:
        """Take a patch cable out and plug the laptops in again."""
        patches.unplug(self.layout, one, other)


def down(instance: str) -> None:
    """Remove whatever room an instance has; repeatable, and forgiving of what is half there."""
    with _alone(instance):
        teardown.remove(instance)


def _note_of(instance: str) -> Path:
    """The layout of the room that stands."""
    return run_directory(instance) / "layout.json"


@contextmanager
def _alone(instance: str) -> Iterator[None]:
    """One at a time builds or removes an instance's room."""
    place = run_directory(instance).parent
    place.mkdir(parents=True, exist_ok=True)
    directory = os.open(place, os.O_RDONLY)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX)
        yield
    finally:
        os.close(directory)
