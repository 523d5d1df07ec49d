"""What the controller is told of, whoever writes it: heard by a LISTEN of psycopg2's own."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any

import psycopg2
import pytest
from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import F
from django.test import Client
from django.utils import timezone

from apps.ports.models import Socket, Switch
from apps.projects.models import NETWORK_CHANNEL, Project
from tests.integration import rows
from tests.integration.test_admin import fields, page

pytestmark = pytest.mark.django_db(transaction=True)

Write = Callable[[], object]


@contextmanager
def session() -> Iterator[Any]:
    """A session of psycopg2 that listens."""
    parameters = {key: value for key, value in connection.get_connection_params().items() if key != "cursor_factory"}
    with closing(psycopg2.connect(**parameters)) as listening:
        listening.autocommit = True
        listening.cursor().execute(f"LISTEN {NETWORK_CHANNEL}")
        yield listening


def heard(write: Write) -> int:
    """How many notices the write sends; a notice is there before the answer to what is asked after it."""
    with session() as listening:
        write()
        listening.cursor().execute("SELECT 1")
        return len(listening.notifies)


@pytest.fixture(autouse=True)
def room() -> None:
    rows.active_project(7, 42)
    rows.active_project(8, 43)
    rows.vlan_switch()
    rows.socket(rows.switch(), project=Project.objects.get(pk=7))


def switch(name: str = "room-1") -> Switch:
    return Switch.objects.get(name=name)


def staff() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("admin"))
    return client


def saved_in_the_admin(model: type[Any], key: object, **changed: str) -> None:
    client, url = staff(), page(model, "change", key)
    assert client.post(url, fields(client.get(url)) | changed).status_code == 302


def sql(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


TOLD: dict[str, Write] = {
    "a project is entered": lambda: rows.project(9),
    "a project gets a vlan": lambda: Project.objects.filter(pk=7).update(vlan=44),
    "a project goes": lambda: Project.objects.filter(pk=8).delete(),
    "a socket is entered": lambda: rows.socket(switch(), number=4, of_port=4),
    "sockets are entered in bulk": lambda: Socket.objects.bulk_create(
        Socket(number=n, switch=switch(), of_port=n) for n in range(10, 20)
    ),
    "a socket goes": lambda: Socket.objects.all().delete(),
    "a socket gets another project": lambda: Socket.objects.update(project=8),
    "a socket is disabled": lambda: Socket.objects.update(enabled=False),
    "a socket gets another port": lambda: Socket.objects.update(of_port=F("of_port") + 1),
    "a socket gets another switch": lambda: Socket.objects.update(switch=switch("room-2")),
    "sockets are changed in bulk": lambda: Socket.objects.bulk_update([Socket(number=3, of_port=9)], ["of_port"]),
    "a socket is saved": lambda: Socket.objects.get().save(),
    "a socket's project is saved": lambda: Socket.objects.get().save(update_fields=["project"]),
    "a socket is changed by SQL": lambda: sql("UPDATE ports_socket SET project_id = 8"),
    "a switch is entered": lambda: rows.vlan_switch(name="room-3", dpid="00000000000000a3"),
    "a switch gets another dpid": lambda: Switch.objects.filter(name="room-2").update(dpid="00000000000000b1"),
    "a switch gets another uplink port": lambda: Switch.objects.update(uplink_port=9),
    "a switch gets another kind of uplink": lambda: Switch.objects.filter(name="room-1").update(uplink_kind="VLAN", trunk="eth1"),
    "a switch gets another bounce": lambda: Switch.objects.update(bounce_ms=9),
    "a switch goes": lambda: switch("room-2").delete(),
    "staff change a socket": lambda: saved_in_the_admin(Socket, 3, project="8"),
    "staff change a switch": lambda: saved_in_the_admin(Switch, switch().pk, bounce_ms="7"),
    "staff enter a socket": lambda: staff().post(
        page(Socket, "add"), {"number": "5", "switch": str(switch().pk), "of_port": "5", "enabled": "on"}
    ),
}
UNTOLD: dict[str, Write] = {
    "what the switch confirmed": lambda: Socket.objects.update(applied_vlan=42, applied_at=timezone.now()),
    "the same, saved": lambda: Socket(pk=3, applied_vlan=42, applied_at=timezone.now()).save(
        update_fields=["applied_vlan", "applied_at"]
    ),
    "the same, by SQL": lambda: sql("UPDATE ports_socket SET applied_vlan = 42, applied_at = now()"),
    "when the switch was seen": lambda: Switch.objects.update(connected_at=timezone.now(), last_seen=timezone.now()),
    "the same, saved later": lambda: saved(switch(), last_seen=timezone.now(), connected_at=None),
    "a socket's label": lambda: Socket.objects.update(label="by the window", x=1.0, y=2.0),
    "who assigned it": lambda: Socket.objects.update(assigned_by=1, assigned_at=timezone.now()),
    "how a project is": lambda: Project.objects.update(status="ERROR", error="x"),
    "a project's quota, by staff": lambda: saved_in_the_admin(Project, 7, quota_sockets="3"),
    "a socket's label, by staff": lambda: saved_in_the_admin(Socket, 3, label="by the door"),
    "hosts": lambda: rows.host(Socket.objects.get(), Project.objects.get(pk=7)),
    "members": lambda: rows.member(Project.objects.get(pk=7)),
}


def saved(row: Any, **columns: Any) -> None:
    for name, value in columns.items():
        setattr(row, name, value)
    row.save(update_fields=list(columns))


@pytest.mark.parametrize("write", TOLD.values(), ids=TOLD)
def test_the_controller_is_told_when(write: Write) -> None:
    assert heard(write) >= 1


@pytest.mark.parametrize("write", UNTOLD.values(), ids=UNTOLD)
def test_the_controller_is_not_told_of(write: Write) -> None:
    assert heard(write) == 0


def test_many_changes_in_one_transaction_are_one_notice() -> None:
    def write() -> None:
        with transaction.atomic():
            for number in range(10, 60):
                rows.socket(switch(), number=number, of_port=number)
            Socket.objects.update(project=8)
            Project.objects.filter(pk=7).update(vlan=99)

    assert heard(write) == 1


def test_a_change_that_is_rolled_back_is_not_told() -> None:
    def write() -> None:
        with transaction.atomic():
            Socket.objects.update(project=8)
            transaction.set_rollback(True)

    assert heard(write) == 0
