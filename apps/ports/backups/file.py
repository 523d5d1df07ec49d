"""The file: a line of JSON that says where its rows are from, a line for each row, and one that says that this is all."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Protocol, TextIO

from django.core.serializers.json import DjangoJSONEncoder

from apps.ports.backups.errors import BackupError

FORMAT = 1

Row = dict[str, Any]  # as Django's serializer `python` has it: model, pk, fields


class Sink(Protocol):
    """Where text goes."""

    def write(self, text: str, /) -> object: ...


@dataclass(frozen=True)
class Origin:
    """What rows depend on besides each other: the settings that are in names and addresses, and the applied migrations."""

    instance: str
    project_pool: str
    schema: tuple[str, ...]


class _Encoder(DjangoJSONEncoder):
    """Times to the microsecond; Django's has milliseconds."""

    def default(self, value: Any) -> Any:
        return value.isoformat() if isinstance(value, datetime) else super().default(value)


def write(file: Sink, origin: Origin, rows: Iterable[Row]) -> int:
    """Write a backup, in ASCII; how many rows it has."""
    digest, count = hashlib.sha256(), 0

    def write_line(value: dict[str, Any]) -> None:
        text = _line(value)
        digest.update(text.encode())
        file.write(text)

    write_line({"netmanager_backup": FORMAT} | asdict(origin))
    for row in rows:
        write_line(row)
        count += 1
    file.write(_end(count, digest.hexdigest()))
    return count


def read(file: TextIO) -> tuple[Origin, Iterator[Row]]:
    """Where a backup is from, and its rows; BackupError if it is none or is not whole. The file is read twice."""
    origin = _origin(file.readline())
    file.seek(0)
    count = _check_whole(file)
    file.seek(0)
    return origin, map(json.loads, islice(file, 1, count + 1))


def _line(value: dict[str, Any]) -> str:
    return json.dumps(value, cls=_Encoder) + "\n"


def _end(count: int, digest: str) -> str:
    return _line({"rows": count, "sha256": digest})


def _origin(line: str) -> Origin:
    try:
        told = json.loads(line)
        if told.pop("netmanager_backup") != FORMAT:
            raise BackupError(
                "The backup was made by another version of NetManager, which writes another format; restore it by that."
            )
        return Origin(**told | {"schema": tuple(told["schema"])})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BackupError(
            "This is no backup as manage.py backup writes it (one that is compressed is to be unpacked)."
        ) from error


def _check_whole(file: Iterable[str]) -> int:
    """How many rows there are between the first line and the last, which tells that, and the digest of all before."""
    digest, last, count = hashlib.sha256(), "", -2
    for line in file:
        digest.update(last.encode())
        last, count = line, count + 1
    if last != _end(count, digest.hexdigest()):
        raise BackupError("The backup is not whole: it was cut off or changed. Take another one.")
    return count
