"""`manage.py purge_datacenter`: removes everything of this instance from the host and the broker; `make purge` calls it."""

import shutil
from typing import Any

import redis
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps import host
from datacenter.errors import DatacenterError
from datacenter.purge import purge


class Command(BaseCommand):
    help = "Remove every container, network, image, bridge and firewall rule of this instance. The rows stay."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            removed = purge(host.names, host.ovsdb, host.engine)
        except DatacenterError as error:
            raise CommandError(str(error)) from error
        with redis.Redis.from_url(settings.REDIS_URL) as broker:
            for key in broker.scan_iter(f"{settings.NETMANAGER_INSTANCE}:*"):
                broker.delete(key)
        shutil.rmtree(settings.NETMANAGER_STATE, ignore_errors=True)
        for name in removed:
            self.stdout.write(f"removed {name}")
