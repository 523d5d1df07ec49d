"""`manage.py reconcile`: makes the host what the database says, once or, with --watch, whenever something differs."""

import sys
from argparse import ArgumentParser
from typing import Any

from celery import current_app
from django.core.management.base import BaseCommand, CommandError
from django.db import Error

from apps.operations.models import State
from apps.repairs import metrics, services
from apps.repairs.drift import Drift
from apps.repairs.looking import confirmed
from apps.repairs.watching import watch
from datacenter.errors import DatacenterError


class Command(BaseCommand):
    help = "Compare the host with the database, and put right what differs. Tells what it did, and where it could not."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="only tell what differs; exits 1 if anything does")
        parser.add_argument("--project", type=int, metavar="ID", help="look at this project alone")
        parser.add_argument("--watch", action="store_true", help="go on: look again at every change of the host, and every 30 s")

    def handle(self, *args: Any, dry_run: bool, project: int | None, **options: Any) -> None:
        current_app.loader.import_default_modules()  # all that waits in a project is run with its repair, of whatever app it is
        if options["watch"]:
            if dry_run or project is not None:
                raise CommandError("--watch looks at everything and repairs it; leave out --dry-run and --project.")
            metrics.serve()
            watch()
        try:
            drifts = confirmed(project)
        except (DatacenterError, Error) as error:
            raise CommandError(f"cannot look: {str(error).strip()}") from error
        self._tell(drifts) if dry_run else self._repair(drifts)

    def _tell(self, drifts: list[Drift]) -> None:
        for drift in drifts:
            self.stdout.write(str(drift))
        sys.exit(1 if drifts else 0)

    def _repair(self, drifts: list[Drift]) -> None:
        operations = services.drifts_repair(drifts)
        for operation in operations:
            self.stdout.write(operation.log, ending="")
        if failures := [operation for operation in operations if operation.state != State.SUCCEEDED]:
            said = [f"{one} {one.uuid}: {one.error or 'somebody else runs it still'}" for one in failures]
            raise CommandError("Not everything could be put right. " + " ".join(said))
