"""`manage.py backup FILE`: writes all that is needed to build every project anew on a fresh host into one file."""

import os
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.ports.backups.services import backup

STDOUT = Path("-")


class Command(BaseCommand):
    help = (
        "Write all rows into one file, as they are at one moment; everything may go on meanwhile. It has secrets: the tokens of "
        "services and the hashed passwords of staff. Not in it are the settings file, which is to be kept as well, what "
        "containers wrote into their own files and volumes, images that were not built from a Dockerfile, and the leases of "
        "laptops, who ask anew."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="where it goes, readable by its owner only; - is standard output")

    def handle(self, *args: Any, file: Path, **options: Any) -> None:
        try:
            if file == STDOUT:
                self.stdout.ending = ""
                count = backup(self.stdout)
            else:
                count = self._into(file)
        except OSError as error:
            raise CommandError(f"{file} cannot be written: {error.strerror}.") from error
        self.stderr.write(f"{count} rows are backed up")

    def _into(self, file: Path) -> int:
        """The file is there only once it is whole, and a backup that it held until then."""
        part = file.with_name(f"{file.name}.part")
        part.unlink(missing_ok=True)
        part.touch(mode=0o600, exist_ok=False)
        try:
            with part.open("w", encoding="ascii") as stream:
                count = backup(stream)
                stream.flush()
                os.fsync(stream.fileno())
            part.replace(file)
        finally:
            part.unlink(missing_ok=True)
        return count
