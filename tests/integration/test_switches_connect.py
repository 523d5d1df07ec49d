"""A switch that comes or goes reaches the networks that stand."""

import json
from collections.abc import Callable, Iterator

import pytest
import redis
from django.contrib.auth.models import User
from django.test import Client

from apps import host
from apps.operations.models import Operation, State
from apps.operations.tasks import drain
from apps.ports.models import Switch
from apps.ports.services import switches_connect
from apps.projects.models import Status
from datacenter.errors import DatacenterError
from tests.integration import rows
from tests.integration.bridges import VTEP, flows, identities, project_bridge, standing_vtep
from tests.integration.switch import ports
from tests.integration.test_admin import fields, page

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def networks(broker: redis.Redis) -> Iterator[None]:
    """Projects 7 and 8 have networks, 9 has none, and 10 and 11 are being built and removed."""
    with standing_vtep():
        for number, vlan in ((7, 42), (8, 43)):
            project_bridge(rows.active_project(number, vlan))
        rows.project(9)
        rows.project(10, vlan=44, status=Status.BUILD)
        rows.project(11, vlan=45, status=Status.DELETING)
        yield


def orders() -> list[tuple[str, int, str, int]]:
    wanted = Operation.objects.filter(state=State.WAITING).order_by("project_id")
    return [(order.kind, order.project_id, order.service, order.user_id) for order in wanted]


def drain_all() -> None:
    for project in (7, 8, 10):
        drain(project)


def test_a_new_switch_gets_its_port_and_every_network_an_order() -> None:
    switch = rows.switch()
    switches_connect()
    assert ports(VTEP) == [f"nmt-vx{switch.pk}"]
    assert orders() == [("connect-switches", number, "netmanager", 0) for number in (7, 8, 10)]
    drain_all()
    assert ports("nmt-p7") == [f"nmt-p7-s{switch.pk}"]
    assert (len(flows(7)), len(flows(8))) == (2, 2)
    assert set(Operation.objects.values_list("state", flat=True)) == {State.SUCCEEDED}


def test_connecting_again_asks_nothing_of_networks_that_are_joined_and_touches_nothing() -> None:
    rows.switch()
    switches_connect()
    drain_all()
    before = identities(VTEP, "nmt-p7", "nmt-p8")
    Operation.objects.all().delete()
    switches_connect()
    assert orders() == [("connect-switches", 10, "netmanager", 0)], "what is being built may have missed the switch"
    assert identities(VTEP, "nmt-p7", "nmt-p8") == before


def test_what_waits_already_is_not_asked_for_again() -> None:
    rows.switch()
    switches_connect()
    switches_connect()
    assert len(orders()) == 3


def test_a_switch_that_goes_takes_its_port_pairs_and_flows_along() -> None:
    first = rows.switch()
    rows.switch(name="room-2", dpid="00000000000000a2", tunnel_address="198.18.244.12")
    switches_connect()
    drain_all()
    first.delete()
    switches_connect()
    drain_all()
    second = Switch.objects.get().pk
    assert ports(VTEP) == sorted([f"nmt-s{second}-p7", f"nmt-s{second}-p8", f"nmt-vx{second}"])
    assert ports("nmt-p7") == [f"nmt-p7-s{second}"]
    assert (len(flows(7)), len(flows(8))) == (2, 2)


def test_what_will_not_work_is_told_by_the_switchs_name() -> None:
    rows.vlan_switch(trunk="nmt-never")
    assert [sentence.partition(": ")[0] for sentence in switches_connect()] == ["Switch room-2"]


def test_without_a_vtep_bridge_nothing_is_ordered() -> None:
    rows.switch()
    host.ovsdb.delete_bridge(VTEP)
    with pytest.raises(DatacenterError, match="bootstrap_datacenter"):
        switches_connect()
    assert orders() == []


# In the admin


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("admin"))
    return client


def tasks(broker: redis.Redis) -> list[str]:
    """Names of the tasks that wait in the queue."""
    return [json.loads(message)["headers"]["task"] for message in broker.lrange("nmt:datacenter", 0, -1)]


ENTERED = {"name": "room-9", "dpid": "00000000000000a9", "uplink_port": "1", "uplink_kind": "VXLAN", "bounce_ms": "1000"}


def entered(staff: Client) -> None:
    assert staff.post(page(Switch, "add"), ENTERED | {"tunnel_address": "198.18.244.19"}).status_code == 302


def changed(staff: Client) -> None:
    url = page(Switch, "change", rows.switch().pk)
    assert staff.post(url, fields(staff.get(url)) | {"tunnel_address": "198.18.244.20"}).status_code == 302


def deleted(staff: Client) -> None:
    assert staff.post(page(Switch, "delete", rows.switch().pk), {"post": "yes"}).status_code == 302


def deleted_in_the_list(staff: Client) -> None:
    action = {"action": "delete_selected", "_selected_action": rows.switch().pk, "post": "yes"}
    assert staff.post(page(Switch, "changelist"), action).status_code == 302


@pytest.mark.parametrize("change", [entered, changed, deleted, deleted_in_the_list])
def test_a_change_by_staff_asks_a_worker_once_to_connect(
    staff: Client, broker: redis.Redis, change: Callable[[Client], None]
) -> None:
    change(staff)
    assert tasks(broker) == ["ports.connect_switches"]


def test_a_form_with_a_mistake_asks_for_nothing(staff: Client, broker: redis.Redis) -> None:
    assert staff.post(page(Switch, "add"), ENTERED).status_code == 200
    assert tasks(broker) == []
