"""`manage.py create_admin FILE`: makes the superuser admin and writes its password to a file; `make up` calls it."""

import secrets
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

NAME = "admin"


class Command(BaseCommand):
    help = "Make the superuser admin with a random password, written to FILE; one that exists is left as it is."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="where the password goes, readable by its owner only")

    @transaction.atomic
    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        if User.objects.filter(username=NAME).exists():
            return
        password = secrets.token_urlsafe(18)
        User.objects.create_superuser(NAME, password=password)
        file.touch(mode=0o600)
        file.write_text(f"{password}\n")
