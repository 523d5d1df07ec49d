"""`manage.py bootstrap_datacenter`: bridges, uplink, firewall, router image, and the switches connected; repeatable."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps import host
from apps.operations.locks import own_builds
from apps.ports.provisioning import room, site
from apps.ports.services import switches_connect
from datacenter.bootstrap import bootstrap, policy
from datacenter.errors import DatacenterError
from datacenter.firewall import close
from datacenter.room import Room


class Command(BaseCommand):
    help = "Make the host ready for projects: bridges, tunnels, uplink, firewall, router image. Repeatable."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--firewall", action="store_true", help="only its tables; needs neither Docker nor the database")

    def handle(self, *args: Any, firewall: bool, **options: Any) -> None:
        try:
            self._close() if firewall else self._bootstrap()
        except DatacenterError as error:
            raise CommandError(str(error)) from error

    def _close(self) -> None:
        close(policy(host.names, host.plan, site(Room({}, {}))))

    def _bootstrap(self) -> None:
        with own_builds():
            found = bootstrap(host.names, host.plan, site(room()), host.ovsdb, host.engine)
        complaints = switches_connect()
        self.stdout.write(f"datapath {found.datapath_type}, MTU {found.mtu}, uplink {found.uplink}")
        for sentence in complaints:
            self.stderr.write(self.style.WARNING(sentence))
