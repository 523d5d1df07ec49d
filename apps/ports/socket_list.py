"""A list of the room's sockets as CSV: read whole, every mistake found, and entered in one transaction or not at all."""

import csv
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from apps.ports.models import Socket, Switch

REQUIRED, OPTIONAL = ("number", "switch", "of_port"), ("label", "x", "y")
LARGEST = 2**31 - 1  # of a PositiveIntegerField


class SocketListError(Exception):
    """The list cannot be imported; one sentence for each mistake, with its line."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__(" ".join(sentences))
        self.sentences = sentences


@dataclass(frozen=True)
class Change:
    """What becomes, or would become, of a socket: kind is created, changed or unchanged."""

    number: int
    kind: str
    detail: str = ""


Row = tuple[int, dict[str, Any]]  # line number, columns of Socket


@transaction.atomic
def import_sockets(lines: Iterable[str], *, dry_run: bool) -> list[Change]:
    """Enter the sockets of a CSV file; raises SocketListError, with nothing written, if anything is wrong with it."""
    mistakes: list[str] = []
    rows = _read(lines, mistakes)
    present = {socket.pk: socket for socket in Socket.objects.select_for_update().order_by("pk")}
    _check_places(rows, present, mistakes)
    if mistakes:
        raise SocketListError(sorted(mistakes, key=lambda sentence: int(sentence.split()[1].rstrip(":"))))
    changes = [_change(columns, present.get(columns["number"])) for _, columns in rows]
    if not dry_run:
        _write([columns for _, columns in rows], changes)
    return changes


def _read(lines: Iterable[str], mistakes: list[str]) -> list[Row]:
    """The rows that can be read; what is wrong with others goes to the mistakes."""
    reader = csv.DictReader(lines, strict=True)
    rows, switches = [], {switch.name: switch for switch in Switch.objects.all()}
    try:
        _check_header(reader.fieldnames or [])
        for fields in reader:
            columns, wrong = _parse(fields, switches)
            mistakes += [f"line {reader.line_num}: {sentence}" for sentence in wrong]
            if not wrong:
                rows.append((reader.line_num, columns))
    except csv.Error as error:
        mistakes.append(f"line {reader.line_num}: this is no CSV: {error}.")
    return rows


def _check_header(names: Iterable[str]) -> None:
    names = list(names)
    wrong = [f"column {name} is missing." for name in REQUIRED if name not in names]
    wrong += [f"there is no column {name!r}." for name in names if name not in REQUIRED + OPTIONAL]
    wrong += [f"column {name} is there twice." for name in sorted({name for name in names if names.count(name) > 1})]
    if wrong:
        raise SocketListError([f"line 1: {sentence}" for sentence in wrong])


def _parse(fields: dict[Any, Any], switches: dict[str, Switch]) -> tuple[dict[str, Any], list[str]]:
    """The columns of a row, and what is wrong with it; an empty x or y is none."""
    columns: dict[str, Any] = {}
    wrong: list[str] = []
    if None in fields or None in fields.values():
        return {}, ["the row has not as many fields as the header."]
    for name, text in fields.items():
        try:
            columns[name] = _PARSERS[name](text.strip(), switches)
        except ValueError as error:
            wrong.append(f"{name} {text!r} {error}.")
    if not wrong and columns["of_port"] == columns["switch"].uplink_port:
        wrong.append(f"port {columns['of_port']} of {columns['switch']} leads to the datacenter.")
    return columns, wrong


def _whole(text: str, _: object) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and 1 <= int(text) <= LARGEST):
        raise ValueError(f"is not a whole number from 1 to {LARGEST}")
    return int(text)


def _switch(text: str, switches: dict[str, Switch]) -> Switch:
    if text not in switches:
        raise ValueError(f"is no switch; there are: {', '.join(sorted(switches)) or 'none'}")
    return switches[text]


def _label(text: str, _: object) -> str:
    if len(text) > 63 or not text.isprintable():
        raise ValueError("is longer than 63 characters, or has some that cannot be printed")
    return text


def _position(text: str, _: object) -> float | None:
    try:
        value = float(text) if text else None
    except ValueError:
        value = math.nan
    if value is not None and not math.isfinite(value):
        raise ValueError("is not a number")
    return value


_PARSERS: dict[str, Callable[[str, Any], Any]] = {
    "number": _whole, "switch": _switch, "of_port": _whole, "label": _label, "x": _position, "y": _position,
}  # fmt: skip


def _check_places(rows: list[Row], present: dict[int, Socket], mistakes: list[str]) -> None:
    """Each number once, each port of a switch once, and no socket moved under those who use it."""
    places = {(s.switch_id, s.of_port): f"socket {s.pk}" for s in present.values() if s.pk not in {r["number"] for _, r in rows}}
    numbers: dict[int, int] = {}
    for line, columns in rows:
        number, switch, of_port = columns["number"], columns["switch"], columns["of_port"]
        if number in numbers:
            mistakes.append(f"line {line}: socket {number} is on line {numbers[number]} already.")
        numbers.setdefault(number, line)
        holder = places.setdefault((switch.pk, of_port), f"line {line}")
        if holder != f"line {line}":
            mistakes.append(f"line {line}: port {of_port} of {switch} is taken by {holder}.")
        before = present.get(number)
        if before and before.project_id and (before.switch_id, before.of_port) != (switch.pk, of_port):
            mistakes.append(f"line {line}: socket {number} belongs to {before.project} and cannot be moved; free it first.")


def _change(columns: dict[str, Any], before: Socket | None) -> Change:
    number = columns["number"]
    if before is None:
        return Change(number, "created")
    changed = {name: value for name, value in columns.items() if getattr(before, name) != value}
    if not changed:
        return Change(number, "unchanged")
    details = [f"{name} {getattr(before, name)} → {value}" for name, value in changed.items()]
    return Change(number, "changed", f" ({', '.join(details)})")


def _write(rows: list[dict[str, Any]], changes: list[Change]) -> None:
    sockets: dict[str, list[Socket]] = {change.kind: [] for change in changes}
    for columns, change in zip(rows, changes, strict=True):
        sockets[change.kind].append(Socket(**columns))
    if "changed" in sockets:  # in one statement: sockets may change places
        Socket.objects.bulk_update(sockets["changed"], [name for name in rows[0] if name != "number"])
    Socket.objects.bulk_create(sockets.get("created", []))
