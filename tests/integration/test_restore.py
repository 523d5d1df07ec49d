"""`manage.py restore`."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.core.management import CommandError, call_command
from django.db import connection
from rest_framework.test import APIClient

from apps.containers.models import Container
from apps.operations.models import Operation, State
from apps.operations.notices import listening
from apps.ports.backups import contents
from apps.ports.backups.file import Origin, Row, write
from apps.ports.models import Host, Socket, Switch
from apps.projects.models import NETWORK_CHANNEL, Project
from tests.integration import rows
from tests.integration.backups import ADDRESSES, PASSWORD, database, fresh_database, furnish

pytestmark = pytest.mark.django_db(transaction=True)

NOTHING: dict[str, list[dict[str, Any]]] = {}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A backup of rows of every kind, which are in the database still."""
    furnish()
    return backed_up(tmp_path)


def backed_up(at: Path) -> Path:
    call_command("backup", str(at / "backup"), stderr=StringIO())
    return at / "backup"


def restored(file: Path) -> str:
    """What the command tells, on a fresh host."""
    fresh_database()
    out = StringIO()
    call_command("restore", str(file), stdout=out)
    return out.getvalue()


def refused(file: Path) -> str:
    """The sentence of a refusal, which leaves the database as it is."""
    before = database()
    with pytest.raises(CommandError) as error:
        call_command("restore", str(file))
    assert database() == before
    start = f"{file}: nothing was restored. "
    assert str(error.value).startswith(start)
    return str(error.value).removeprefix(start)


def rewritten(file: Path, origin: Origin | None = None, of: list[Row] | None = None) -> Path:
    """A backup of the database with another origin, or of other rows."""
    with file.open("w") as stream:
        write(stream, origin or contents.origin(), list(contents.rows()) if of is None else of)
    return file


def test_every_row_is_there_again(file: Path) -> None:
    before = database()
    told = restored(file)
    after = database()
    assert "projects (2), " in told and "operations (2)" in told
    for forgotten in ("projects.project", "ports.switch", "ports.socket", "operations.operation"):
        before.pop(forgotten), after.pop(forgotten)
    assert after == before


@pytest.mark.parametrize(
    ("model", "forgotten"),
    [
        (Project, {"docker_network_id": "", "router_docker_id": ""}),
        (Switch, {"connected_at": None, "last_seen": None}),
        (Operation, {"littered": False}),
    ],
)
def test_what_is_true_of_the_old_host_only_is_forgotten(file: Path, model: Any, forgotten: dict[str, object]) -> None:
    before = list(model.objects.order_by("pk").values())
    restored(file)
    assert list(model.objects.order_by("pk").values()) == [row | forgotten for row in before]
    assert any(row != row | forgotten for row in before), "the control: it was true"


def test_a_container_is_missing_from_the_engine_and_not_half_made(file: Path) -> None:
    mac = Container.objects.values_list("mac", flat=True)[0]
    restored(file)
    found = Container.objects.order_by("name").values_list("name", "docker_id", "ip", "mac", "desired")
    assert list(found) == [
        ("db", "ba9876543210", str(ADDRESSES[1]), mac, "STOPPED"),
        ("web", "0123456789ab", str(ADDRESSES[0]), mac, "RUNNING"),
    ]


def test_no_socket_is_confirmed_and_no_vlan_is_free_that_a_switch_had_still_to_give_up(file: Path) -> None:
    restored(file)
    found = Socket.objects.order_by("number").values_list("number", "project", "applied_vlan", "assigned_by", "x")
    assert list(found) == [(3, 7, None, 1, 0.1), (4, None, None, None, None), (5, None, 43, None, None), (6, 8, 42, None, None)]
    assert not Host.objects.exists()


@pytest.mark.parametrize("state", [State.WAITING, State.RUNNING])
def test_what_was_under_way_has_failed(tmp_path: Path, state: State) -> None:
    rows.operation(state=state, step="build", littered=True, log="Step 1/2", idempotency_key="k")
    kept = Operation.objects.values("uuid", "kind", "step", "log", "service", "idempotency_key", "created")
    before = kept.get()
    restored(backed_up(tmp_path))
    operation = Operation.objects.get()
    assert (operation.state, operation.error_code, operation.operators) == (State.FAILED, "lost_at_restore", True)
    assert "backup" in operation.error
    assert operation.finished is not None
    assert kept.get() == before


def test_staff_and_services_get_in_as_before(file: Path) -> None:
    restored(file)
    assert all(User.objects.get(username=name).check_password(PASSWORD) for name in ("admin", "staff"))
    staff = User.objects.get(username="staff")
    assert staff.get_all_permissions() == {"ports.change_socket", "projects.view_project"}
    service = APIClient(headers={"Authorization": f"Token {'0123456789abcdef' * 2}"})
    assert service.get("/projects/7/members/").json()["members"] == [1, 2]


def test_new_rows_are_numbered_behind_those_that_were_there(file: Path) -> None:
    restored(file)
    last = Switch.objects.order_by("pk").last()
    assert last is not None
    assert rows.switch(name="new", dpid="00000000000000a9", tunnel_address="192.0.2.19").pk == last.pk + 1
    rows.container(Project.objects.get(pk=7), name="new", docker_id="dd9876543210", ip=str(ADDRESSES[2]))
    User.objects.create_user("new").groups.add(Group.objects.get())


def test_the_controller_is_told(file: Path) -> None:
    fresh_database()
    with listening(NETWORK_CHANNEL):
        call_command("restore", str(file), stdout=StringIO())
        connection.connection.poll()
        assert connection.connection.notifies


def test_it_is_read_from_standard_input(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = database()
    fresh_database()
    with file.open() as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        call_command("restore", "-", stdout=StringIO())
    assert database()["containers.container"] == before["containers.container"]


def test_a_backup_of_a_restored_one_is_the_same(file: Path, tmp_path: Path) -> None:
    restored(file)
    first = backed_up(tmp_path).read_text()
    restored(file)
    assert backed_up(tmp_path).read_text() == first


# Refusals


def test_a_database_that_has_rows_is_refused(file: Path) -> None:
    assert "projects (2)" in refused(file)
    fresh_database()
    User.objects.create_user("dml-servant")
    assert refused(file).startswith("The database is not empty: it has users (1). ")
    User.objects.all().delete()
    rows.project(7)
    assert "it has projects (1). " in refused(file)


def test_what_flush_leaves_is_empty(file: Path) -> None:
    call_command("flush", interactive=False, verbosity=0)
    call_command("restore", str(file), stdout=StringIO())


def test_a_backup_of_another_schema_is_refused(file: Path) -> None:
    here = contents.origin()
    newer, older = replace(here, schema=(*here.schema, "ports.0099_new")), replace(here, schema=here.schema[1:])
    for origin, sentence in ((newer, "this database lacks ports.0099_new."), (older, f"it was made before {here.schema[0]}.")):
        rewritten(file, origin)
        fresh_database()
        assert sentence in refused(file)
        furnish()


def test_a_backup_of_another_instance_or_with_other_addresses_is_refused(file: Path) -> None:
    for origin in (replace(contents.origin(), instance="nmx"), replace(contents.origin(), project_pool="10.0.0.0/12")):
        assert "; set NETMANAGER_" in refused(rewritten(file, origin))


@pytest.fixture
def emptied(file: Path) -> Iterator[list[Row]]:
    """The rows that were there before the database was made anew."""
    found = list(contents.rows())
    fresh_database()
    yield found
    assert all(not found for found in database().values()), "nothing was left behind"


@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.9, 0.999])
def test_a_backup_that_was_cut_off_leaves_nothing_behind(file: Path, emptied: list[Row], share: float) -> None:
    text = file.read_text()
    file.write_text(text[: int(len(text) * share)])
    assert ("not whole" if share > 0.01 else "no backup") in refused(file)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"\x1f\x8b\x08"])
def test_another_file_is_refused(file: Path, emptied: list[Row], content: bytes) -> None:
    file.write_bytes(content + file.read_bytes())
    assert refused(file).startswith("This is no backup")


def test_bytes_that_are_not_ours_are_refused(file: Path, emptied: list[Row]) -> None:
    file.write_bytes(file.read_bytes().replace(b"sleep", b"sl\xe9ep"))
    assert "not whole" in refused(file)


def test_a_file_that_cannot_be_read_is_told(db: None) -> None:
    with pytest.raises(CommandError, match=r"^/nowhere cannot be read: No such file or directory\.$"):
        call_command("restore", "/nowhere")


@pytest.mark.parametrize(
    ("model", "copies", "sentence"),
    [
        ("operations.operation", 2, "duplicate key"),
        ("projects.project", 0, "violates foreign key constraint"),
        ("auth.user", 0, "matching query does not exist"),
    ],
)
def test_rows_that_do_not_fit_leave_nothing_behind(
    file: Path, emptied: list[Row], model: str, copies: int, sentence: str
) -> None:
    others = [row for row in emptied if row["model"] != model]
    twisted = others + [row for row in emptied if row["model"] == model] * copies
    assert sentence in refused(rewritten(file, of=twisted))


def test_what_a_constraint_forbids_leaves_nothing_behind(file: Path, emptied: list[Row]) -> None:
    [row] = [row for row in emptied if row["model"] == "containers.container" and row["fields"]["name"] == "db"]
    row["fields"]["desired"] = "PAUSED"
    assert "container_desired" in refused(rewritten(file, of=emptied))
