"""`manage.py set_up`: all that comes between a database and processes that run, in one process; `make up` calls it."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import connections

SERVICE = "dml-servant"


class Command(BaseCommand):
    help = "Migrate the database, make the host ready, build the images, and write the password of admin and the bot's token."
    requires_system_checks = ()  # migrate and check make them

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--restore", metavar="FILE", help="a backup, which is entered into the empty database first")
        parser.add_argument("--password", type=Path, required=True, help="file for the password of admin, if admin is made")
        parser.add_argument("--token", type=Path, required=True, help=f"file for the API token of {SERVICE}")

    def handle(self, *args: Any, restore: str, password: Path, token: Path, **options: Any) -> None:
        call_command("migrate", verbosity=0, skip_checks=False)
        if restore:
            self._call("restore", restore)
        self._call("check")
        call_command("collectstatic", interactive=False, verbosity=0)
        with ThreadPoolExecutor(1) as pool:  # images take long where there are none yet
            images = pool.submit(self._seed_images)
            self._call("bootstrap_datacenter")
            images.result()
        self._call("create_admin", password)
        self._write_token(token)

    def _call(self, name: str, *arguments: object) -> None:
        call_command(name, *arguments, stdout=self.stdout, stderr=self.stderr)

    def _seed_images(self) -> None:
        try:
            self._call("seed_images")
        finally:
            connections.close_all()  # this thread's

    def _write_token(self, file: Path) -> None:
        """Put it into the file, readable by its owner only, whole or not at all."""
        part = file.with_name(f"{file.name}.part")
        part.unlink(missing_ok=True)
        with open(os.open(part, os.O_WRONLY | os.O_CREAT, 0o600), "w") as stdout:  # noqa: PTH123  # Path.open takes no mode
            call_command("create_service_token", SERVICE, stdout=stdout)
        part.rename(file)
