"""Where a backup may be restored."""

from dataclasses import replace

import pytest

from apps.ports.backups.errors import BackupError
from apps.ports.backups.file import Origin
from apps.ports.backups.fitness import check_fits

HERE = Origin("nm", "10.64.0.0/12", ("operations.0001_initial", "operations.0002_steps", "projects.0001_initial"))


def test_it_fits_where_all_is_the_same() -> None:
    check_fits(HERE, HERE)
    check_fits(replace(HERE, schema=HERE.schema[::-1]), HERE)


@pytest.mark.parametrize(
    ("backup", "sentence"),
    [
        (replace(HERE, schema=(*HERE.schema, "ports.0009_new")), "this database lacks ports.0009_new. Run manage.py migrate"),
        (replace(HERE, schema=HERE.schema[:1]), "made before operations.0002_steps, projects.0001_initial. Restore it by the"),
        (replace(HERE, schema=("ports.0009_new",)), "this database lacks ports.0009_new"),
        (replace(HERE, schema=(*HERE.schema, *"abcde")), "lacks a, b, c and 2 more."),
        (replace(HERE, instance="nmx"), "set NETMANAGER_INSTANCE=nmx"),
        (replace(HERE, project_pool="10.96.0.0/12"), "set NETMANAGER_PROJECT_POOL=10.96.0.0/12"),
    ],
)
def test_it_is_refused_elsewhere(backup: Origin, sentence: str) -> None:
    with pytest.raises(BackupError) as refused:
        check_fits(backup, HERE)
    assert sentence in str(refused.value)


def test_a_database_without_tables_lacks_them() -> None:
    with pytest.raises(BackupError, match="this database lacks"):
        check_fits(HERE, replace(HERE, schema=()))
