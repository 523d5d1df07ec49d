"""`manage.py bootstrap_datacenter`: bridges, uplink, firewall, router image, and the switches connected; repeatable."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps import host
from apps.ports.provisioning import room
from apps.ports.services import switches_connect
from datacenter.bootstrap import Site, bootstrap
from datacenter.errors import DatacenterError


class Command(BaseCommand):
    help = "Make the host ready for projects: bridges, tunnels, uplink, firewall, router image. Repeatable."

    def handle(self, *args: Any, **options: Any) -> None:
        site = Site(
            uplink=settings.NETMANAGER_UPLINK,
            dns=host.dns_servers(),
            egress_deny=settings.NETMANAGER_EGRESS_DENY,
            room=room(),
        )
        try:
            found = bootstrap(host.names, host.plan, site, host.ovsdb, host.engine)
            complaints = switches_connect()
        except DatacenterError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"datapath {found.datapath_type}, MTU {found.mtu}, uplink {found.uplink}")
        for sentence in complaints:
            self.stderr.write(self.style.WARNING(sentence))
