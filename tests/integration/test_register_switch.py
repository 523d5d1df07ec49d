"""`manage.py register_switch`."""

from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
import redis
from django.core.management import CommandError, call_command

from apps import host
from apps.operations.models import Operation
from apps.ports.models import Switch
from datacenter import netlink
from tests.integration import rows
from tests.integration.bridges import VTEP, identities, project_bridge, standing_vtep
from tests.integration.cable import veth
from tests.integration.switch import ports

pytestmark = pytest.mark.django_db(transaction=True)
DPID = "00000000000000a1"
NIC = "nmt-t31"


@pytest.fixture(autouse=True)
def vtep(broker: redis.Redis) -> Iterator[None]:
    with standing_vtep():
        yield


def register(name: str = "room-1", *uplink: str, dpid: str = DPID, uplink_port: str = "48", **more: Any) -> tuple[str, str]:
    """What the command prints to standard output and standard error."""
    out, err = StringIO(), StringIO()
    way = uplink or ("--tunnel-address", "198.18.244.11")
    call_command(
        "register_switch", name, "--dpid", dpid, "--uplink-port", uplink_port, *way, stdout=out, stderr=err, no_color=True, **more
    )
    return out.getvalue(), err.getvalue()


def refused(*arguments: str, **options: Any) -> str:
    """The sentence of a refusal, which leaves no row and no port."""
    before = list(Switch.objects.values()), ports(VTEP)
    with pytest.raises(CommandError) as error:
        register(*arguments, **options)
    assert (list(Switch.objects.values()), ports(VTEP)) == before
    return str(error.value)


def test_a_switch_is_entered_and_connected_and_networks_are_told() -> None:
    project_bridge(rows.active_project())
    assert "room-1" in register(bounce_ms=100)[0]
    switch = Switch.objects.get()
    assert (switch.dpid, switch.uplink_port, switch.uplink_kind, switch.bounce_ms) == (DPID, 48, "VXLAN", 100)
    assert ports(VTEP) == [f"nmt-vx{switch.pk}"]
    assert Operation.objects.get().kind == "connect-switches"


def test_registering_twice_changes_nothing_and_keeps_what_is_not_said() -> None:
    register(bounce_ms=100)
    before = Switch.objects.values().get(), identities(VTEP)
    register()
    assert (Switch.objects.values().get(), identities(VTEP)) == before


def test_a_switch_that_was_replaced_keeps_its_row_and_sockets() -> None:
    register()
    rows.socket(Switch.objects.get())
    register(dpid="00000000000000b1", uplink_port="49")
    switch = Switch.objects.get()
    assert (switch.dpid, switch.uplink_port, switch.sockets.count()) == ("00000000000000b1", 49, 1)


def test_a_switch_behind_a_trunk_is_plugged_and_can_change_to_a_tunnel() -> None:
    with veth(NIC, "nmt-u31"):
        register("room-1", "--trunk", NIC)
        assert (Switch.objects.get().uplink_kind, Switch.objects.get().trunk) == ("VLAN", NIC)
        assert ports(VTEP) == [NIC]
        register()
        assert ports(VTEP) == [f"nmt-vx{Switch.objects.get().pk}"]
        assert Switch.objects.get().trunk == ""


@pytest.mark.parametrize("dpid", ["a1", "00000000000000A1", "0x000000000000a1", "00:00:00:00:00:00:00:a1", ""])
def test_a_bad_dpid_is_told_by_its_option(dpid: str) -> None:
    assert refused(dpid=dpid).startswith("--dpid: ")


def test_a_dpid_and_an_address_of_another_switch_are_told() -> None:
    register()
    sentence = refused("room-2")
    assert "--dpid: Switch with this Dpid already exists." in sentence
    assert "--tunnel-address: " in sentence


@pytest.mark.parametrize("address", ["198.18.244", "2001:db8::1", "room-1.example"])
def test_a_bad_tunnel_address_is_told(address: str) -> None:
    assert refused("room-1", "--tunnel-address", address).startswith("--tunnel-address: ")


@pytest.mark.parametrize("port", ["-1", "9" * 12])
def test_a_bad_uplink_port_is_told(port: str) -> None:
    assert refused(uplink_port=port).startswith("--uplink-port: ")


def test_an_uplink_port_that_is_a_socket_is_told() -> None:
    register()
    rows.socket(Switch.objects.get())
    assert "socket 3" in refused(uplink_port="3")


def test_the_nic_of_the_default_route_is_refused() -> None:
    route = netlink.default_route()
    assert route, "the test needs a host with a default route"
    assert "NIC of the default route" in refused("room-1", "--trunk", route.interface)


def test_a_nic_that_is_missing_is_refused() -> None:
    assert "nmt-never" in refused("room-1", "--trunk", "nmt-never")


@pytest.mark.parametrize("uplink", [("--trunk", NIC, "--tunnel-address", "198.18.244.11"), ("--bounce-ms", "9")])
def test_it_wants_one_way_to_the_switch(uplink: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        register("room-1", *uplink)
    assert not Switch.objects.exists()


def test_before_the_datacenter_is_there_it_tells_what_to_run() -> None:
    host.ovsdb.delete_bridge(VTEP)
    with pytest.raises(CommandError, match="bootstrap_datacenter"):
        register()


def test_what_will_not_work_is_told_and_the_switch_is_entered() -> None:
    if host.ovsdb.bridge(VTEP).datapath_type == "netdev":  # type: ignore[union-attr]
        assert "Switch room-1: the route to 198.51.100.9" in register("room-1", "--tunnel-address", "198.51.100.9")[1]
    assert Switch.objects.count() == 1
