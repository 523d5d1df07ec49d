"""Writes the rows of a NetManager into a backup, and a backup into an empty database."""

from typing import TextIO

from django.core import serializers
from django.core.exceptions import FieldDoesNotExist
from django.core.management.color import no_style
from django.core.serializers.base import DeserializationError
from django.db import Error, connection, transaction
from django.db.models import F, Q

from apps.errors import Broken
from apps.operations.execution import fail
from apps.operations.models import ENDED, Operation
from apps.ports.backups import contents, file
from apps.ports.backups.errors import BackupError
from apps.ports.backups.fitness import check_fits
from apps.ports.models import Socket, Switch
from apps.projects.models import Project

LOST = Broken(
    "lost_at_restore", "NetManager was restored from a backup that was made before this ended; see what is there, and ask anew."
)


def backup(into: file.Sink) -> int:
    """Write all rows as they are at one moment, whatever goes on meanwhile; how many they are."""
    with transaction.atomic(durable=True):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        return file.write(into, contents.origin(), contents.rows())


def restore(source: TextIO) -> dict[str, int]:
    """Enter all rows of a backup, or none; how many there are of which. Raises BackupError."""
    origin, rows = file.read(source)
    with transaction.atomic(durable=True):
        check_fits(origin, contents.origin())
        check_empty()
        try:
            for row in serializers.deserialize("python", rows):
                row.save(force_insert=True)
            connection.check_constraints()
        except (Error, DeserializationError, FieldDoesNotExist) as error:
            raise BackupError(f"The rows do not fit the database: {str(error).strip()}") from error
        _leave_old_host()
        _go_on_counting()
        return contents.counts()


def check_empty() -> None:
    """Raise BackupError if there are rows already."""
    if present := contents.counts():
        found = ", ".join(f"{name} ({count})" for name, count in present.items())
        raise BackupError(
            f"The database is not empty: it has {found}. A backup goes into one that was just migrated; what is in this one, "
            "manage.py flush deletes."
        )


def _leave_old_host() -> None:
    """Forget what was true of the host that is gone only; rows keep the docker_id of containers, which the engine lacks now."""
    Project.objects.update(docker_network_id="", router_docker_id="")
    Switch.objects.update(connected_at=None, last_seen=None)
    # A VLAN that a switch had still to give up stays on the row: it may forward by it, and nobody may get it.
    Socket.objects.filter(applied_vlan=F("project__vlan")).update(applied_vlan=None, applied_at=None)
    fail(~Q(state__in=ENDED), LOST)
    Operation.objects.filter(littered=True).update(littered=False)


def _go_on_counting() -> None:
    """Have the next rows numbered behind these."""
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), contents.kept_models()):
            cursor.execute(statement)
