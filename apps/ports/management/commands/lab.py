"""`manage.py lab`: a room in a box on this host: switches, sockets and laptops, with their rows."""

import json
import os
import time
from argparse import REMAINDER
from dataclasses import asdict
from typing import Any, get_args

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.errors import NetManagerError
from apps.ports.lab_rows import lab_rows_delete, lab_rows_ensure, lab_switches
from apps.ports.services import switches_connect
from datacenter.errors import DatacenterError
from lab import namespaces
from lab import room as rooms
from lab.errors import LabError
from lab.layout import Layout, Uplink
from lab.room import Room


class Command(BaseCommand):
    help = "A room in a box on this host: OpenFlow switches, sockets, and laptops plugged into them."
    requires_system_checks = ()  # `lab exec` is called often, and nobody's settings change by it

    def add_arguments(self, parser: CommandParser) -> None:
        does = parser.add_subparsers(dest="does", required=True)
        up = does.add_parser("up", help="Build the room; one of this shape stays as it is.")
        up.add_argument("--sockets", type=int, required=True, help="How many, numbered from 1.")
        up.add_argument("--switches", type=int, default=1, help="How many switches share the sockets.")
        up.add_argument("--uplink", choices=get_args(Uplink), default="vxlan", help="How switches reach the datacenter.")
        up.add_argument("--bounce-ms", type=int, default=100, help="How long a link is down when a socket changes hands.")
        up.add_argument("--wait", type=float, default=20, help="Seconds for the controller to have the switches; 0: not.")
        down = does.add_parser("down", help="Remove the room; its sockets are free and gone.")
        down.add_argument("--keep-rows", action="store_true", help="Needs no database; the rows stay.")
        run = does.add_parser("exec", help="Run a command on a laptop: lab exec 3 -- ping 10.64.2.1")
        run.add_argument("socket", type=int)
        run.add_argument("command", nargs=REMAINDER)
        dhcp = does.add_parser("dhcp", help="Have a laptop ask for a lease, keep it, and print it as JSON.")
        dhcp.add_argument("socket", type=int)
        dhcp.add_argument("--timeout", type=float, default=15, help="Seconds.")
        for name, what in (("cable", "Join two sockets by a patch cable."), ("uncable", "Take a patch cable out.")):
            cable = does.add_parser(name, help=what)
            cable.add_argument("sockets", type=int, nargs=2)

    def handle(self, *args: Any, **options: Any) -> None:
        if os.geteuid() != 0:
            raise CommandError("The lab is made of namespaces and bridges: run this as root.")
        try:
            getattr(self, f"_{options['does']}")(**options)
        except (LabError, DatacenterError) as error:
            raise CommandError(str(error)) from error
        except NetManagerError as error:
            raise CommandError(error.sentence) from error

    def _up(self, *, sockets: int, switches: int, uplink: Uplink, bounce_ms: int, wait: float, **options: Any) -> None:
        port = int(settings.NETMANAGER_OPENFLOW_LISTEN.rpartition(":")[2])
        instance = settings.NETMANAGER_INSTANCE
        room = Room(Layout(instance, sockets, settings.NETMANAGER_LAB_NETWORK, switches, uplink, port))
        lab_rows_ensure(room.layout, bounce_ms)  # first: the controller knows no switch without a row
        if not room.stands():
            lab_switches(instance).update(connected_at=None)  # whatever it was connected by is gone
        self.stdout.write("The room is built." if room.up() else "The room stands already.")
        self._connect()
        self._describe(room)
        if wait:
            self._wait_for_controller(room, wait)

    def _down(self, *, keep_rows: bool, **options: Any) -> None:
        rooms.down(settings.NETMANAGER_INSTANCE)
        if not keep_rows:
            lab_rows_delete(settings.NETMANAGER_INSTANCE)
            self._connect()

    def _exec(self, *, socket: int, command: list[str], **options: Any) -> None:
        command = command[1:] if command[:1] == ["--"] else command
        if not command:
            raise CommandError("Say what to run: lab exec 3 -- ping 10.64.2.1")
        inside = [*namespaces.enter(self._room().laptop(socket).namespace), *command]
        os.execvp(inside[0], inside)  # noqa: S606  # streams, signals and exit status are the command's

    def _dhcp(self, *, socket: int, timeout: float, **options: Any) -> None:
        self.stdout.write(json.dumps(asdict(self._room().dhcp(socket, timeout))))

    def _cable(self, *, sockets: list[int], **options: Any) -> None:
        self._room().cable(*sockets)

    def _uncable(self, *, sockets: list[int], **options: Any) -> None:
        self._room().uncable(*sockets)

    def _connect(self) -> None:
        for complaint in switches_connect():
            self.stderr.write(self.style.WARNING(complaint))

    def _room(self) -> Room:
        return Room.standing(settings.NETMANAGER_INSTANCE)

    def _describe(self, room: Room) -> None:
        for switch in room.switches:
            numbers = room.layout.sockets_of(switch.number)
            self.stdout.write(f"switch {switch.name}, dpid {switch.dpid}, in namespace {switch.namespace}")
            self.stdout.write(f"  look at it: OVS_RUNDIR={switch.run_dir} ovs-vsctl show")
            first, last = room.laptop(numbers[0]), room.laptop(numbers[-1])
            self.stdout.write(f"  sockets {numbers[0]} to {numbers[-1]}, laptops in {first.namespace} to {last.namespace}")

    def _wait_for_controller(self, room: Room, seconds: float) -> None:
        """Return once every switch and the controller say that they have each other."""
        deadline = time.monotonic() + seconds
        while not all(switch.is_connected() for switch in room.switches) or self._away(room):
            if time.monotonic() > deadline:
                away = ", ".join(self._away(room)) or "any switch"
                raise CommandError(
                    f"The room stands, but the controller did not take {away} within {seconds:g} s. It is part of make up "
                    f"(manage.py run_controller), listens on {settings.NETMANAGER_OPENFLOW_LISTEN} and logs why."
                )
            time.sleep(0.1)
        for switch in room.switches:
            switch.keep_trying()

    def _away(self, room: Room) -> list[str]:
        return [switch.name for switch in lab_switches(room.layout.instance) if switch.connected_at is None]
