"""What the database refuses, by the name of the rule that refuses it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import psycopg2
import pytest
from django.apps import apps
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.utils import timezone

from apps.operations.models import State
from apps.projects.models import Status
from tests.integration import rows

pytestmark = pytest.mark.django_db


def second_container(**columns: Any) -> None:
    project = rows.active_project()
    rows.container(project)
    rows.container(project, **{"name": "db", "ip": "10.80.42.129", "docker_id": "ba9876543210"} | columns)


def second_socket(**columns: Any) -> None:
    switch = rows.switch()
    rows.socket(switch)
    rows.socket(switch, **{"number": 4, "of_port": 4} | columns)


def second_host() -> None:
    socket, project = rows.socket(rows.switch()), rows.active_project()
    rows.host(socket, project)
    rows.host(socket, project)


def host_unseen() -> None:
    now = timezone.now()
    rows.host(rows.socket(rows.switch()), rows.project(), first_seen=now, last_seen=now - timedelta(seconds=1))


def second_member() -> None:
    project = rows.project()
    rows.member(project)
    rows.member(project)


def second_operation() -> None:
    rows.operation(idempotency_key="a")
    rows.operation(idempotency_key="a")


REFUSED: list[tuple[str, Callable[[], object]]] = [
    ("project_id_positive", lambda: rows.project(0)),
    ("project_status", lambda: rows.project(status="GONE")),
    ("project_vlan_range", lambda: rows.project(vlan=0)),
    ("project_vlan_range", lambda: rows.project(vlan=1)),
    ("project_vlan_range", lambda: rows.project(vlan=4095)),
    ("project_active_has_vlan", lambda: rows.project(status=Status.ACTIVE)),
    ("project_quota_cpus", lambda: rows.project(quota_cpus=0)),
    ("member_once", second_member),
    ("member_user_positive", lambda: rows.member(rows.project(), user_id=0)),
    ("container_name", lambda: second_container(name="web")),
    ("container_ip", lambda: second_container(ip="10.80.42.128")),
    ("container_docker_id", lambda: second_container(docker_id="0123456789ab")),
    ("container_desired", lambda: second_container(desired="PAUSED")),
    ("image_one_default", lambda: (rows.image(), rows.image(name="other"))),
    ("switch_uplink_kind", lambda: rows.switch(uplink_kind="GRE")),
    ("switch_vxlan_has_address", lambda: rows.switch(tunnel_address=None)),
    ("switch_vlan_has_trunk", lambda: rows.switch(uplink_kind="VLAN")),
    ("switch_vlan_has_trunk", lambda: rows.switch(trunk="eth1")),
    ("socket_of_port", lambda: second_socket(of_port=3)),
    ("socket_number_positive", lambda: second_socket(number=0)),
    ("socket_of_port_positive", lambda: second_socket(of_port=0)),
    ("socket_enabled_has_no_reason", lambda: second_socket(disabled_reason="loop")),
    ("host_mac_in_project", second_host),
    ("host_seen_in_order", host_unseen),
    ("operation_state", lambda: rows.operation(state="LOST")),
    ("operation_step", lambda: rows.operation(step="nap")),
    ("operation_ended_has_time", lambda: rows.operation(state=State.SUCCEEDED)),
    ("operation_ended_has_time", lambda: rows.operation(state=State.FAILED)),
    ("operation_idempotency", second_operation),
]

UNIQUE: list[Callable[[], object]] = [
    lambda: (rows.project(7, vlan=42), rows.project(8, vlan=42)),
    lambda: (rows.image(), rows.image(is_default=False)),
    lambda: (rows.switch(), rows.switch(dpid="00000000000000a2", tunnel_address="192.0.2.12")),
    lambda: (rows.switch(), rows.switch(name="room-2", tunnel_address="192.0.2.12")),
    lambda: (rows.switch(), rows.switch(name="room-2", dpid="00000000000000a2")),
]


@pytest.mark.parametrize(("constraint", "write"), REFUSED)
def test_it_refuses_what_a_constraint_forbids(constraint: str, write: Callable[[], object]) -> None:
    with pytest.raises(IntegrityError) as refused, transaction.atomic():
        write()
    cause = refused.value.__cause__
    assert isinstance(cause, psycopg2.Error)
    assert cause.diag.constraint_name == constraint


def test_every_constraint_of_our_models_is_refused_something_here() -> None:
    ours = [model for model in apps.get_models() if model.__module__.startswith("apps.")]
    declared = {constraint.name for model in ours for constraint in model._meta.constraints}
    assert declared == {name for name, _ in REFUSED}


@pytest.mark.parametrize("write", UNIQUE, ids=["vlan", "image name", "switch name", "dpid", "tunnel address"])
def test_it_refuses_a_second_row_with_the_same_value(write: Callable[[], object]) -> None:
    with pytest.raises(IntegrityError, match="unique"), transaction.atomic():
        write()


def test_two_projects_without_a_network_share_no_vlan() -> None:
    rows.project(7)
    rows.project(8)
    rows.project(9, vlan=2)
    rows.project(10, vlan=4094)


def test_projects_may_use_the_same_names_addresses_and_macs() -> None:
    seven, eight, socket = rows.active_project(7, 42), rows.active_project(8, 43), rows.socket(rows.switch())
    rows.container(seven)
    rows.container(eight, docker_id="ba9876543210")
    rows.host(socket, seven)
    rows.host(socket, eight)


def test_containers_that_are_not_made_yet_have_no_docker_id_and_are_no_duplicates() -> None:
    project = rows.active_project()
    rows.container(project, docker_id="")
    rows.container(project, docker_id="", name="db", ip="10.80.42.129")


def test_operations_without_a_key_and_of_other_services_are_no_duplicates() -> None:
    for service, key in (("a", None), ("a", None), ("a", "k"), ("b", "k")):
        rows.operation(service=service, idempotency_key=key)


def test_a_project_with_containers_or_sockets_cannot_be_deleted() -> None:
    seven, eight = rows.active_project(7, 42), rows.active_project(8, 43)
    rows.container(seven)
    rows.socket(rows.switch(), project=eight)
    for project in (seven, eight):
        with pytest.raises(ProtectedError):
            project.delete()
