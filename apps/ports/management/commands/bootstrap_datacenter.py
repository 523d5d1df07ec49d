"""`manage.py bootstrap_datacenter`: bridges, tunnels to the switches, uplink, firewall and router image; repeatable."""

from ipaddress import IPv4Address
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps import host
from apps.ports.models import Switch, UplinkKind
from datacenter.bootstrap import Site, bootstrap
from datacenter.errors import DatacenterError


class Command(BaseCommand):
    help = "Make the host ready for projects: bridges, tunnels, uplink, firewall, router image. Repeatable."

    def handle(self, *args: Any, **options: Any) -> None:
        switches = Switch.objects.filter(uplink_kind=UplinkKind.VXLAN, tunnel_address__isnull=False)
        site = Site(
            uplink=settings.NETMANAGER_UPLINK,
            dns=host.dns_servers(),
            egress_deny=settings.NETMANAGER_EGRESS_DENY,
            tunnels={switch.pk: IPv4Address(switch.tunnel_address) for switch in switches},
        )
        try:
            found = bootstrap(host.names, host.plan, site, host.ovsdb, host.engine)
        except DatacenterError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"datapath {found.datapath_type}, MTU {found.mtu}, uplink {found.uplink}")
