"""`manage.py register_switch NAME …`: enters a switch of the room, or changes it, and connects it; repeatable."""

from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.ports.models import Switch, UplinkKind
from apps.ports.provisioning import room
from apps.ports.services import switches_connect
from datacenter import netlink
from datacenter.errors import DatacenterError
from datacenter.room import check_trunk


class Command(BaseCommand):
    help = "Enter an OpenFlow switch of the room, or change the one of this name, and connect it. Repeatable."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="what staff call the switch")
        parser.add_argument("--dpid", required=True, help="datapath id, 16 hexadecimal digits")
        parser.add_argument("--uplink-port", required=True, type=int, help="its OpenFlow port towards the datacenter")
        uplink = parser.add_mutually_exclusive_group(required=True)
        uplink.add_argument("--tunnel-address", help="IPv4 address of its end of the VXLAN tunnel")
        uplink.add_argument("--trunk", metavar="NIC", help="the NIC of this host that leads to it, with VLAN tags")
        parser.add_argument("--bounce-ms", type=int, help="how long a socket's link is down when it changes hands; 0: not")

    def handle(self, *args: Any, name: str, **options: Any) -> None:
        switch = Switch.objects.filter(name=name).first() or Switch(name=name)
        made = switch.pk is None
        self._describe(switch, **options)
        try:
            switch.full_clean()
            if switch.trunk:
                self._check(switch.trunk)
            switch.save()
            complaints = switches_connect()
        except ValidationError as error:
            raise CommandError(_sentence(error)) from error
        except DatacenterError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{'entered' if made else 'has'} switch {switch.name}, dpid {switch.dpid}")
        for sentence in complaints:
            self.stderr.write(self.style.WARNING(sentence))

    def _describe(self, switch: Switch, **options: Any) -> None:
        switch.dpid, switch.uplink_port = options["dpid"], options["uplink_port"]
        switch.tunnel_address, switch.trunk = options["tunnel_address"], options["trunk"] or ""
        switch.uplink_kind = UplinkKind.VLAN if options["trunk"] else UplinkKind.VXLAN
        if options["bounce_ms"] is not None:
            switch.bounce_ms = options["bounce_ms"]

    def _check(self, nic: str) -> None:
        if not netlink.link_exists(nic):
            raise DatacenterError(f"There is no network interface {nic} on this host.")
        check_trunk(nic, room(), settings.NETMANAGER_UPLINK)


def _sentence(error: ValidationError) -> str:
    """What is wrong, by the names of the options."""
    return " ".join(
        f"--{field.replace('_', '-')}: {' '.join(messages)}" if field != "__all__" else " ".join(messages)
        for field, messages in error.message_dict.items()
    )
