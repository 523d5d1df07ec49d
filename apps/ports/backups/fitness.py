"""Whether rows from one NetManager fit another; pure."""

from apps.ports.backups.errors import BackupError
from apps.ports.backups.file import Origin

NAMED = 3  # migrations that a sentence names


def check_fits(backup: Origin, here: Origin) -> None:
    """Raise BackupError if the backup needs another schema, or other settings, than there are here."""
    lacking, ahead = set(backup.schema) - set(here.schema), set(here.schema) - set(backup.schema)
    if lacking:
        raise BackupError(
            f"The backup is of another schema: this database lacks {_some(lacking)}. Run manage.py migrate, with a NetManager "
            "that is as new as the one that made the backup."
        )
    if ahead:
        raise BackupError(
            f"The backup is of another schema: it was made before {_some(ahead)}. Restore it by the NetManager that made it, "
            "and migrate that then."
        )
    if backup.instance != here.instance:
        raise BackupError(
            f"The backup is of instance {backup.instance}, which is in the names of its images, and this is {here.instance}; "
            f"set NETMANAGER_INSTANCE={backup.instance}."
        )
    if backup.project_pool != here.project_pool:
        raise BackupError(
            f"The addresses in the backup are of {backup.project_pool}, and here they are of {here.project_pool}; "
            f"set NETMANAGER_PROJECT_POOL={backup.project_pool}."
        )


def _some(migrations: set[str]) -> str:
    """The first of them by name."""
    rest = len(migrations) - NAMED
    return ", ".join(sorted(migrations)[:NAMED]) + (f" and {rest} more" if rest > 0 else "")
