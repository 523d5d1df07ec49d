"""The file of a backup: what is written is read, and nothing that was cut off or changed."""

from collections.abc import Callable
from datetime import UTC, datetime
from io import StringIO

import pytest

from apps.ports.backups.errors import BackupError
from apps.ports.backups.file import Origin, Row, read, write

ORIGIN = Origin("nm", "10.64.0.0/12", ("operations.0001_initial", "projects.0001_initial"))
ROWS: list[Row] = [
    {"model": "projects.project", "pk": 7, "fields": {"vlan": 42, "error": "kein Platz: µ\n", "quota_cpus": None}},
    {"model": "containers.container", "pk": 1, "fields": {"dockerfile": 'FROM x\r\nCMD ["y"]\u2028', "cpus": 0.1}},
]


def text(rows: list[Row] = ROWS, origin: Origin = ORIGIN) -> str:
    file = StringIO()
    assert write(file, origin, rows) == len(rows)
    return file.getvalue()


def restored(written: str) -> tuple[Origin, list[Row]]:
    origin, rows = read(StringIO(written, newline=""))
    return origin, list(rows)


@pytest.mark.parametrize("rows", [ROWS, ROWS[:1], []])
def test_what_is_written_is_read(rows: list[Row]) -> None:
    assert restored(text(rows)) == (ORIGIN, rows)


def test_it_is_ascii_with_a_line_for_each_row() -> None:
    assert text().isascii()
    assert len(text().splitlines()) == len(ROWS) + 2


def test_times_are_written_to_the_microsecond() -> None:
    at = datetime(2026, 11, 25, 12, 0, 0, 123456, tzinfo=UTC)
    [row] = restored(text([{"model": "m", "pk": 1, "fields": {"at": at}}]))[1]
    assert datetime.fromisoformat(row["fields"]["at"]) == at


def test_what_is_cut_off_anywhere_is_refused() -> None:
    whole = text()
    for length in range(len(whole)):
        with pytest.raises(BackupError):
            read(StringIO(whole[:length], newline=""))


def test_what_is_changed_anywhere_is_refused() -> None:
    whole = text()
    for at in range(len(whole)):
        other = "1" if whole[at] == "0" else "0"
        with pytest.raises(BackupError):
            read(StringIO(whole[:at] + other + whole[at + 1 :], newline=""))


@pytest.mark.parametrize("change", [lambda t: t + "\n", lambda t: t + t, lambda t: t.replace("\n", "\r\n"), lambda t: "\n" + t])
def test_what_is_added_is_refused(change: Callable[[str], str]) -> None:
    with pytest.raises(BackupError):
        read(StringIO(change(text()), newline=""))


def test_rows_that_changed_places_are_refused() -> None:
    head, one, other, end = text().splitlines(keepends=True)
    with pytest.raises(BackupError, match="not whole"):
        read(StringIO(head + other + one + end, newline=""))


@pytest.mark.parametrize("other", ["", "\n", "[]", "7", "{}", "PGDMP", '{"netmanager_backup": 1}\n', "\ufffd\ufffd"])
def test_what_is_no_backup_is_refused(other: str) -> None:
    with pytest.raises(BackupError, match="no backup"):
        read(StringIO(other, newline=""))


def test_another_format_is_refused() -> None:
    with pytest.raises(BackupError, match="another version of NetManager"):
        read(StringIO(text().replace('"netmanager_backup": 1', '"netmanager_backup": 2'), newline=""))
