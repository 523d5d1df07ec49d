"""`manage.py restore FILE`: enters a backup into an empty database, all of it or nothing."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, TextIO

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.ports.backups.errors import BackupError
from apps.ports.backups.services import restore

STDIN = Path("-")


class Command(BaseCommand):
    help = (
        "Enter a backup into a database that was just migrated, all of it or nothing. Containers and networks are missing on the "
        "host then, until manage.py reconcile has built them with the names and addresses that they had. What was under way when "
        "the backup was made has failed. Leases of laptops are not in a backup: they ask anew."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="as manage.py backup wrote it; - is standard input")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            with _opened(file) as source:
                entered = restore(source)
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        except BackupError as error:
            raise CommandError(f"{file}: nothing was restored. {error}") from error
        self.stdout.write("restored: " + ", ".join(f"{name} ({count})" for name, count in entered.items()))


@contextmanager
def _opened(file: Path) -> Iterator[TextIO]:
    """The file, which can be read twice; what is not ASCII cannot be ours, and its digest will tell."""
    if file != STDIN:
        with file.open(encoding="ascii", errors="replace", newline="") as source:
            yield source
        return
    with TemporaryFile("w+", encoding="utf-8", errors="replace", newline="") as copy:
        shutil.copyfileobj(sys.stdin, copy)
        copy.seek(0)
        yield copy
