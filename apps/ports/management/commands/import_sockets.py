"""`manage.py import_sockets FILE.csv`: enters the sockets of the room, all or none."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.ports.socket_list import Change, SocketListError, import_sockets


class Command(BaseCommand):
    help = "Enter or change sockets from a CSV file with a header: number, switch, of_port, and if wanted label, x, y."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="CSV, UTF-8")
        parser.add_argument("--dry-run", action="store_true", help="tell what would be done and change nothing")

    def handle(self, *args: Any, file: Path, dry_run: bool, **options: Any) -> None:
        try:
            with file.open(encoding="utf-8-sig", newline="") as lines:
                changes = import_sockets(lines, dry_run=dry_run)
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        except UnicodeDecodeError as error:
            raise CommandError(f"{file} is not UTF-8: {error.reason} at byte {error.start}.") from error
        except SocketListError as error:
            raise CommandError("\n".join([f"{file}: nothing was imported.", *error.sentences])) from error
        self._report(changes, "would be " if dry_run else "")

    def _report(self, changes: list[Change], would_be: str) -> None:
        for change in changes:
            if change.kind != "unchanged":
                self.stdout.write(f"socket {change.number}: {would_be}{change.kind}{change.detail}")
        counts = [f"{sum(change.kind == kind for change in changes)} {kind}" for kind in ("created", "changed", "unchanged")]
        self.stdout.write(("would be: " if would_be else "") + ", ".join(counts))
