"""`manage.py import_sockets`."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from apps.ports.models import Socket, Switch
from tests.integration import rows

pytestmark = pytest.mark.django_db
HEADER = "number,switch,of_port,label,x,y"


@pytest.fixture(autouse=True)
def switches() -> None:
    rows.switch()
    rows.vlan_switch()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "sockets.csv"


def imported(file: Path, *lines: str, dry_run: bool = False, encoding: str = "utf-8") -> list[str]:
    """The lines that the command prints."""
    file.write_text("\n".join(lines) + "\n", encoding=encoding)
    out = StringIO()
    call_command("import_sockets", str(file), dry_run=dry_run, stdout=out)
    return out.getvalue().splitlines()


def refused(file: Path, *lines: str) -> list[str]:
    """The mistakes of a file that changes nothing."""
    before = list(Socket.objects.order_by("pk").values())
    with pytest.raises(CommandError) as error:
        imported(file, *lines)
    assert list(Socket.objects.order_by("pk").values()) == before
    first, *mistakes = str(error.value).splitlines()
    assert first.endswith("nothing was imported.")
    return mistakes


def sockets() -> list[tuple[int, str, int, str, float | None, float | None]]:
    return list(Socket.objects.order_by("pk").values_list("number", "switch__name", "of_port", "label", "x", "y"))


def test_sockets_are_entered_and_told(file: Path) -> None:
    told = imported(file, HEADER, "3,room-1,3,by the window,1.5,2", '4,room-2,7,"a ""b"", c",,')
    assert told == ["socket 3: created", "socket 4: created", "2 created, 0 changed, 0 unchanged"]
    assert sockets() == [(3, "room-1", 3, "by the window", 1.5, 2.0), (4, "room-2", 7, 'a "b", c', None, None)]


def test_the_header_may_be_in_any_order_and_leave_out_what_is_optional(file: Path) -> None:
    imported(file, "of_port,number,switch", "7,3,room-1")
    assert sockets() == [(3, "room-1", 7, "", None, None)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_what_a_spreadsheet_writes_is_read(file: Path, encoding: str) -> None:
    assert imported(file, HEADER + "\r", " 3 , room-1 ,3,Tür,,\r", "\r", "4,room-1,4,,,\r", encoding=encoding)
    assert [row[3] for row in sockets()] == ["Tür", ""]


def test_importing_twice_changes_nothing(file: Path) -> None:
    lines = [HEADER, "3,room-1,3,a,1,2", "4,room-1,4,b,,"]
    imported(file, *lines)
    assert imported(file, *lines) == ["0 created, 0 changed, 2 unchanged"]


def test_sockets_that_are_there_are_changed_and_keep_what_the_file_does_not_say(file: Path) -> None:
    rows.socket(switch(), label="old", x=1.0, y=1.0, applied_vlan=42, enabled=False, disabled_reason="loop")
    told = imported(file, "number,switch,of_port,label", "3,room-1,9,new")
    assert told == ["socket 3: changed (of_port 3 → 9, label old → new)", "0 created, 1 changed, 0 unchanged"]
    assert sockets() == [(3, "room-1", 9, "new", 1.0, 1.0)]
    assert (Socket.objects.get().applied_vlan, Socket.objects.get().disabled_reason) == (42, "loop")


def test_an_empty_field_empties_what_was_there(file: Path) -> None:
    rows.socket(switch(), label="old", x=1.0, y=1.0)
    imported(file, HEADER, "3,room-1,3,,,")
    assert sockets() == [(3, "room-1", 3, "", None, None)]


def test_sockets_may_change_places(file: Path) -> None:
    for number in (3, 4):
        rows.socket(switch(), number=number, of_port=number)
    imported(file, HEADER, "3,room-1,4,,,", "4,room-1,3,,,")
    assert [(row[0], row[2]) for row in sockets()] == [(3, 4), (4, 3)]


def test_a_new_socket_may_take_the_port_that_another_leaves(file: Path) -> None:
    rows.socket(switch())
    imported(file, HEADER, "4,room-1,3,,,", "3,room-1,5,,,")
    assert [(row[0], row[2]) for row in sockets()] == [(3, 5), (4, 3)]


def test_a_dry_run_tells_the_same_and_changes_nothing(file: Path) -> None:
    rows.socket(switch())
    told = imported(file, HEADER, "3,room-1,9,,,", "4,room-1,4,,,", dry_run=True)
    assert told == [
        "socket 3: would be changed (of_port 3 → 9)",
        "socket 4: would be created",
        "would be: 1 created, 1 changed, 0 unchanged",
    ]
    assert sockets() == [(3, "room-1", 3, "", None, None)]


def test_a_dry_run_finds_the_mistakes_too(file: Path) -> None:
    with pytest.raises(CommandError, match="line 2"):
        imported(file, HEADER, "x,room-1,3,,,", dry_run=True)


def test_one_mistake_keeps_everything_out(file: Path) -> None:
    assert len(refused(file, HEADER, "3,room-1,3,,,", "4,room-9,4,,,")) == 1


def test_all_mistakes_are_told_at_once_with_their_lines(file: Path) -> None:
    rows.socket(switch(), number=8, of_port=8, project=rows.active_project())
    rows.socket(switch(), number=9, of_port=9)
    mistakes = refused(
        file, HEADER,
        "x,room-1,3,,,", "4,room-9,4,,,", "5,room-1,0,,,", f"6,room-1,6,{'a' * 64},,", "7,room-1,7,,nan,1e999",
        "8,room-1,88,,,", "10,room-1,9,,,", "11,room-1,11,,,", "11,room-1,12,,,", "12,room-1,11,,,", "13,room-1,13,,",
        "14,room-1,48,,,", "15,room-1,15,,,,", "99999999999,room-1,16,,,",
    )  # fmt: skip
    assert [int(mistake.split()[1].rstrip(":")) for mistake in mistakes] == [2, 3, 4, 5, 6, 6, 7, 8, 10, 11, 12, 13, 14, 15]
    told = "\n".join(mistakes)
    for words in (
        "line 2: number 'x' is not a whole number from 1 to",
        "line 3: switch 'room-9' is no switch; there are: room-1, room-2.",
        "line 7: socket 8 belongs to project 7 and cannot be moved",
        "line 8: port 9 of room-1 is taken by socket 9.",
        "line 10: socket 11 is on line 9 already.",
        "line 11: port 11 of room-1 is taken by line 9.",
        "line 13: port 48 of room-1 leads to the datacenter.",
    ):
        assert words in told


def test_an_assigned_socket_may_get_another_label(file: Path) -> None:
    rows.socket(switch(), project=rows.active_project())
    imported(file, HEADER, "3,room-1,3,new,,")
    assert sockets()[0][3] == "new"
    assert Socket.objects.get().project_id == 7


@pytest.mark.parametrize(("header", "words"), [
    ("number,switch", "column of_port is missing"),
    ("number,switch,of_port,colour", "there is no column 'colour'"),
    ("number,switch,of_port,x,x", "column x is there twice"),
    ("", "column number is missing"),
    ("3,room-1,3", "column number is missing"),
])  # fmt: skip
def test_a_wrong_header_is_told_on_line_1(file: Path, header: str, words: str) -> None:
    mistakes = refused(file, header, "3,room-1,3")
    assert any(words in mistake and mistake.startswith("line 1: ") for mistake in mistakes)


def test_a_file_without_rows_enters_nothing(file: Path) -> None:
    assert imported(file, HEADER) == ["0 created, 0 changed, 0 unchanged"]


def test_what_cannot_be_read_is_told(file: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        call_command("import_sockets", str(file))
    file.write_bytes(HEADER.encode() + b"\n3,room-1,3,\xff,,\n")
    with pytest.raises(CommandError, match="not UTF-8"):
        call_command("import_sockets", str(file))
    assert "this is no CSV" in refused(file, HEADER, '3,room-1,3,"never closed,,')[0]


def test_a_mistake_in_a_field_of_several_lines_is_told_by_its_last_line(file: Path) -> None:
    mistakes = refused(file, HEADER, '3,room-1,3,"two\nlines",,')
    assert mistakes[0].startswith("line 3: label ")


def switch() -> Switch:
    return Switch.objects.get(name="room-1")
