"""`manage.py seed_images`: builds the default image and puts it into the catalogue; staff's own entries stay."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps import host
from apps.containers.models import Image
from datacenter.errors import DatacenterError

CATALOGUE = Path(__file__).parents[2] / "catalogue"


class Command(BaseCommand):
    help = "Build the images of the default catalogue and enter those that are missing."

    def handle(self, *args: Any, **options: Any) -> None:
        for context in sorted(CATALOGUE.iterdir()):
            reference = f"{host.names.instance}-{context.name}:latest"
            try:
                host.engine.build_image(context, reference, host.names.owner())
            except DatacenterError as error:
                raise CommandError(str(error)) from error
            first = not Image.objects.filter(is_default=True).exists()
            Image.objects.get_or_create(name=context.name, defaults={"reference": reference, "is_default": first})
            self.stdout.write(f"image {context.name}: {reference}")
