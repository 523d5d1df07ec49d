"""`manage.py backup`."""

import json
import stat
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import InternalError, transaction

from apps.ports.backups.contents import LEFT_OUT
from apps.ports.backups.services import backup
from tests.conditions import wait_until
from tests.integration import rows
from tests.integration.backups import database, furnish
from tests.integration.sessions import beside, elsewhere

pytestmark = pytest.mark.django_db(transaction=True)


def written(text: str) -> dict[str, list[dict[str, Any]]]:
    """The rows of a backup by model."""
    found: dict[str, list[dict[str, Any]]] = {}
    for line in text.splitlines()[1:-1]:
        row = json.loads(line)
        found.setdefault(row["model"], []).append(row)
    return found


def printed() -> str:
    out = StringIO()
    call_command("backup", "-", stdout=out, stderr=StringIO())
    return out.getvalue()


def test_every_row_of_every_model_is_in_it_but_of_those_that_are_left_out() -> None:
    furnish()
    tables = {model._meta.label_lower for model in apps.get_models() if model._meta.managed and not model._meta.proxy}
    assert LEFT_OUT.issubset(tables)
    there = database()
    assert set(there) == tables - LEFT_OUT
    assert {model: len(found) for model, found in written(printed()).items()} == {
        model: len(found) for model, found in there.items()
    }
    assert all(there.values()), "the control: there are rows of every kind"


def test_standard_output_gets_what_a_file_gets(tmp_path: Path) -> None:
    furnish()
    file, told = tmp_path / "backup", StringIO()
    call_command("backup", str(file), stderr=told)
    assert file.read_text() == printed()
    assert told.getvalue() == f"{sum(map(len, database().values()))} rows are backed up\n"


def test_a_file_is_its_owners_only_and_takes_the_place_of_the_last(tmp_path: Path) -> None:
    file = tmp_path / "backup"
    file.write_text("the last")
    file.chmod(0o644)
    call_command("backup", str(file), stderr=StringIO())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_text() == printed()
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_that_cannot_be_written_is_told() -> None:
    with pytest.raises(CommandError, match=r"^/nowhere/backup cannot be written: No such file or directory\.$"):
        call_command("backup", "/nowhere/backup")


class Sink(StringIO):
    """What does something after the first line was written."""

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        super().__init__()
        self._meanwhile = [meanwhile]

    def write(self, text: str) -> int:
        if self.tell() and self._meanwhile:
            self._meanwhile.pop()()
        return super().write(text)


def test_it_is_of_one_moment_though_others_write() -> None:
    furnish()
    before = printed()

    def change() -> None:
        rows.container(rows.active_project(9, 44), docker_id="cc9876543210")
        rows.operation(project_id=9)

    sink = Sink(lambda: elsewhere(change))
    backup(sink)
    assert sink.getvalue() == before
    assert len(printed().splitlines()) == len(before.splitlines()) + 3, "the control: it has been written"


def test_it_waits_for_nobody_and_has_nothing_that_is_not_committed() -> None:
    furnish()
    before, begun, ended = printed(), [False], [False]

    def change() -> None:
        with transaction.atomic():
            rows.active_project(9, 44)
            begun[0] = True
            wait_until(lambda: ended[0], "the backup is written")

    with beside() as start:
        changing = start(change)
        wait_until(lambda: begun[0], "the other session has written")
        try:
            assert printed() == before
        finally:
            ended[0] = True
        changing.result()


def test_it_reads_only() -> None:
    with pytest.raises(InternalError, match="read-only"):
        backup(Sink(lambda: rows.project(9)))
