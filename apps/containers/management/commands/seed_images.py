"""`manage.py seed_images`: builds the images of the default catalogue, and fills a catalogue that is empty."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from apps import host
from apps.containers.models import Image
from apps.operations.locks import own_builds
from datacenter.errors import DatacenterError

CATALOGUE = Path(__file__).parents[2] / "catalogue"
DEFAULT = "default"


class Command(BaseCommand):
    help = "Build the images of the default catalogue; enter them if the catalogue is empty, else it stays as staff have it."

    def handle(self, *args: Any, **options: Any) -> None:
        base = Image(name="debian", reference=settings.NETMANAGER_BASE_IMAGE, command="sleep infinity")
        with own_builds():
            built = [self._build(context) for context in sorted(CATALOGUE.iterdir())]
        with transaction.atomic():
            if not Image.objects.exists():
                Image.objects.bulk_create([*built, base])
                self.stdout.write("the catalogue has been empty and is filled")

    def _build(self, context: Path) -> Image:
        reference = f"{host.names.instance}-{context.name}:latest"
        try:
            host.engine.build_image(context, reference, host.names.owner(), settings.NETMANAGER_BASE_IMAGE)
        except DatacenterError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"image {context.name}: {reference}")
        return Image(name=context.name, reference=reference, is_default=context.name == DEFAULT)
