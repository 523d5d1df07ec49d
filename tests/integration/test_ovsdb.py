"""Bridges and ports on a real ovsdb-server and ovs-vswitchd."""

import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from datacenter.bootstrap import datapath_type
from datacenter.errors import DatacenterError, DatacenterUnavailable
from datacenter.names import INSTANCE_KEY, Names
from datacenter.ovsdb import SOCKET, Ovsdb, Port
from datacenter.ovsdb_connection import TIMEOUT, Connection, Row
from tests.conditions import wait_until
from tests.integration.switch import bridges, delete_everything, link_exists, ports, run, vsctl

NAMES = Names("nmt")
ONE, OTHER = NAMES.bridge(31), NAMES.bridge(2147483647)
OWNER = NAMES.owner(31)
VETH, PEER = "nmt-h31", "nmt-c31"
Server = tuple[str, "subprocess.Popen[bytes]"]


@pytest.fixture
def ovsdb() -> Iterator[Ovsdb]:
    """It connects at first use, and then sees everything that was made before."""
    ovsdb = Ovsdb()
    yield ovsdb
    ovsdb.close()


@pytest.fixture(autouse=True)
def clean_host() -> Iterator[None]:
    delete_everything(ONE, OTHER, VETH)
    yield
    delete_everything(ONE, OTHER, VETH)


@pytest.fixture
def bridge(ovsdb: Ovsdb) -> str:
    ovsdb.ensure_bridge(ONE, OWNER, datapath_type())
    return ONE


@pytest.fixture
def veth() -> str:
    run("ip", "link", "add", VETH, "type", "veth", "peer", "name", PEER)
    return VETH


def test_ensuring_a_bridge_twice_makes_it_once_with_its_owner(ovsdb: Ovsdb) -> None:
    for _ in range(2):
        ovsdb.ensure_bridge(ONE, OWNER, datapath_type())
    assert bridges().count(ONE) == 1
    assert vsctl("get", "Bridge", ONE, "datapath_type", "fail_mode") == f"{datapath_type()}\nstandalone"
    assert vsctl("br-get-external-id", ONE, "netmanager.instance") == "nmt"
    assert vsctl("br-get-external-id", ONE, "netmanager.project") == "31"
    assert link_exists(ONE)


def test_a_secure_bridge_forwards_nothing_by_itself(ovsdb: Ovsdb) -> None:
    ovsdb.ensure_bridge(ONE, OWNER, datapath_type(), secure=True)
    assert vsctl("get", "Bridge", ONE, "fail_mode") == "secure"


def test_a_bridge_has_the_mac_that_it_is_given_each_time_that_it_is_made(ovsdb: Ovsdb) -> None:
    for _ in range(2):
        ovsdb.ensure_bridge(ONE, OWNER, datapath_type(), mac="02:42:0a:00:00:01")
        wait_until(lambda: Path(f"/sys/class/net/{ONE}/address").read_text() == "02:42:0a:00:00:01\n", "it has its MAC")
        ovsdb.delete_bridge(ONE)


def test_ensuring_with_another_value_for_what_is_no_owner_changes_it(ovsdb: Ovsdb) -> None:
    for mtu in ("1450", "1400"):
        ovsdb.ensure_bridge(ONE, OWNER | {"netmanager.mtu": mtu}, datapath_type())
    assert vsctl("br-get-external-id", ONE, "netmanager.mtu") == "1400"


def test_what_else_stands_on_a_bridge_survives_another_ensuring(ovsdb: Ovsdb, bridge: str) -> None:
    ovsdb.set_bridge_ids(bridge, {"netmanager.network": "abc"})
    ovsdb.ensure_bridge(bridge, OWNER, datapath_type())
    found = ovsdb.bridge(bridge)
    assert found and found.external_ids == OWNER | {"netmanager.network": "abc"}


@pytest.mark.parametrize("external_ids", [{}, {"netmanager.instance": "nm", "netmanager.project": "31"}])
def test_a_bridge_of_another_owner_is_refused_and_left_as_it_is(ovsdb: Ovsdb, external_ids: dict[str, str]) -> None:
    vsctl("add-br", ONE, "--", "set", "Bridge", ONE, "datapath_type=netdev", "fail_mode=secure")
    for key, value in external_ids.items():
        vsctl("br-set-external-id", ONE, key, value)
    with pytest.raises(DatacenterError, match=f"{ONE} exists and is not ours"):
        ovsdb.ensure_bridge(ONE, OWNER, datapath_type())
    assert vsctl("get", "Bridge", ONE, "fail_mode") == "secure"


def test_a_bridge_that_vswitchd_cannot_make_is_refused_with_nothing_left(ovsdb: Ovsdb) -> None:
    run("ip", "link", "add", ONE, "type", "veth", "peer", "name", PEER)
    with pytest.raises(DatacenterError, match=ONE):
        ovsdb.ensure_bridge(ONE, OWNER, datapath_type())
    assert ONE not in bridges()
    run("ip", "link", "del", ONE)
    ovsdb.ensure_bridge(ONE, OWNER, datapath_type())
    assert ONE in bridges()


def test_bridges_are_found_by_owner(ovsdb: Ovsdb, bridge: str) -> None:
    ovsdb.ensure_bridge(OTHER, NAMES.owner(2147483647), datapath_type())
    assert {ONE, OTHER} <= {found.name for found in ovsdb.bridges(NAMES.owner())}
    assert [found.name for found in ovsdb.bridges(OWNER)] == [ONE]
    assert ovsdb.bridges({INSTANCE_KEY: "zzz"}) == []


def test_a_bridge_is_found_by_what_stands_on_it_until_that_is_forgotten(ovsdb: Ovsdb, bridge: str) -> None:
    ovsdb.set_bridge_ids(bridge, {"netmanager.network": "a1b2"})
    found = ovsdb.bridge_of_network("netmanager.network", "a1b2")
    assert found and found.name == bridge
    for _ in range(2):
        ovsdb.remove_bridge_ids(bridge, "netmanager.network", "netmanager.never")
    assert ovsdb.bridge_of_network("netmanager.network", "a1b2") is None


def test_what_is_missing_is_forgiven(ovsdb: Ovsdb) -> None:
    assert ovsdb.bridge(ONE) is None
    assert ovsdb.ports(ONE) == {}
    ovsdb.delete_bridge(ONE)
    ovsdb.unplug(VETH, "nmt-never")
    ovsdb.unplug()
    ovsdb.remove_bridge_ids(ONE, "netmanager.network")


def test_plugging_twice_leaves_one_port_with_the_ids_of_the_second(ovsdb: Ovsdb, bridge: str, veth: str) -> None:
    for endpoint in ("first", "second"):
        ofport = ovsdb.plug(Port(bridge, veth, OWNER | {"iface-id": endpoint}, protected=True))
    assert ports(bridge) == [veth]
    assert int(vsctl("get", "Interface", veth, "ofport")) == ofport > 0
    assert ovsdb.ports(bridge)[veth] == OWNER | {"iface-id": "second"}
    assert vsctl("get", "Port", veth, "protected") == "true"


def test_a_port_moves_to_the_bridge_it_is_plugged_into(ovsdb: Ovsdb, bridge: str, veth: str) -> None:
    ovsdb.ensure_bridge(OTHER, OWNER, datapath_type())
    ovsdb.plug(Port(OTHER, veth, OWNER))
    ovsdb.plug(Port(bridge, veth, OWNER))
    assert (ports(bridge), ports(OTHER)) == ([veth], [])


@pytest.mark.parametrize("instance", ["", "nm"])
def test_a_port_of_another_owner_is_refused_and_stays_where_it_is(ovsdb: Ovsdb, veth: str, instance: str) -> None:
    vsctl("add-br", OTHER, "--", "set", "Bridge", OTHER, "datapath_type=netdev", "--", "add-port", OTHER, veth)
    if instance:
        vsctl("set", "Interface", veth, f"external_ids:{INSTANCE_KEY}={instance}")
    ovsdb.ensure_bridge(ONE, OWNER, datapath_type())
    with pytest.raises(DatacenterError, match=f"{veth} .*not ours"):
        ovsdb.plug(Port(ONE, veth, OWNER))
    assert (ports(ONE), ports(OTHER)) == ([], [veth])


def test_plugging_replaces_stale_ports_and_forgets_what_the_bridge_noted(ovsdb: Ovsdb, bridge: str, veth: str) -> None:
    vsctl("add-port", bridge, "nmt-stale", "--", "set", "Interface", "nmt-stale", "type=internal")
    ovsdb.set_bridge_ids(bridge, {"netmanager.endpoint.1": "noted"})
    ovsdb.plug(Port(bridge, veth, OWNER), replacing=("nmt-stale",), forget="netmanager.endpoint.1")
    found = ovsdb.bridge(bridge)
    assert found and found.external_ids == OWNER
    assert ports(bridge) == [veth]


def test_a_port_whose_interface_is_missing_is_refused_with_nothing_left(ovsdb: Ovsdb, bridge: str) -> None:
    with pytest.raises(DatacenterError, match="nmt-h31"):
        ovsdb.plug(Port(bridge, VETH, OWNER))
    assert ports(bridge) == []


def test_a_port_for_a_bridge_that_is_missing_is_refused(ovsdb: Ovsdb, veth: str) -> None:
    with pytest.raises(DatacenterError):
        ovsdb.plug(Port(ONE, veth, OWNER))


def test_unplugging_twice_leaves_the_bridge_without_the_port(ovsdb: Ovsdb, bridge: str, veth: str) -> None:
    ovsdb.plug(Port(bridge, veth, OWNER))
    for _ in range(2):
        ovsdb.unplug(veth)
    assert ports(bridge) == []
    assert link_exists(veth)


def test_joining_two_bridges_twice_leaves_one_pair_of_patch_ports(ovsdb: Ovsdb, bridge: str) -> None:
    """Their names are longer than a kernel interface's can be: patch ports are none."""
    ovsdb.ensure_bridge(OTHER, OWNER, datapath_type())
    one, other = NAMES.patch(2147483647, 12), NAMES.vtep_patch(2147483647, 12)
    for _ in range(2):
        ofports = ovsdb.plug_patch(Port(bridge, one, OWNER), Port(OTHER, other, OWNER))
    assert (ports(bridge), ports(OTHER)) == ([one], [other])
    assert [int(vsctl("get", "Interface", name, "ofport")) for name in (one, other)] == list(ofports)
    assert vsctl("get", "Interface", one, "options:peer").strip('"') == other
    assert vsctl("get", "Interface", other, "options:peer").strip('"') == one
    assert ovsdb.ports(bridge)[one] == OWNER


def test_deleting_a_bridge_twice_takes_its_ports_along(ovsdb: Ovsdb, bridge: str, veth: str) -> None:
    ovsdb.plug(Port(bridge, veth, OWNER))
    for _ in range(2):
        ovsdb.delete_bridge(bridge)
    assert bridge not in bridges()
    wait_until(lambda: not link_exists(bridge), "vswitchd has removed its interface")
    assert vsctl("--columns=name", "find", "Interface", f"name={veth}") == ""


def test_a_requested_mtu_is_the_interfaces_when_asked_twice(ovsdb: Ovsdb, bridge: str) -> None:
    for _ in range(2):
        ovsdb.request_mtu(bridge, 1400)
    ovsdb.wait_for_ofport(bridge)
    assert vsctl("get", "Interface", bridge, "mtu_request") == "1400"


def test_where_no_server_listens_it_says_that_open_vswitch_is_not_running(tmp_path: Path) -> None:
    with pytest.raises(DatacenterUnavailable, match="Open vSwitch is not running"):
        Ovsdb(str(tmp_path / "db.sock")).version()


@pytest.fixture
def second_server(tmp_path: Path) -> Iterator[Server]:
    """The socket and process of another ovsdb-server, as a lab has one for its switch."""
    database, socket = tmp_path / "conf.db", tmp_path / "db.sock"
    run("ovsdb-tool", "create", str(database), "/usr/share/openvswitch/vswitch.ovsschema")
    server = subprocess.Popen(
        ["ovsdb-server", str(database), f"--remote=punix:{socket}", f"--unixctl={tmp_path / 'ctl'}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    run("ovs-vsctl", f"--db=unix:{socket}", "--timeout=10", "--retry", "--no-wait", "init")
    yield str(socket), server
    server.kill()
    server.wait(10)


def test_two_connections_see_the_server_of_their_own(ovsdb: Ovsdb, bridge: str, second_server: Server) -> None:
    assert ovsdb.bridge(bridge) is not None
    second = Ovsdb(second_server[0])
    try:
        assert second.bridge(bridge) is None
    finally:
        second.close()
    assert ovsdb.bridge(bridge) is not None


def test_a_server_that_ended_after_the_connection_was_made_is_noticed(second_server: Server) -> None:
    socket, server = second_server
    second = Ovsdb(socket)
    try:
        assert second.version()
        server.kill()
        server.wait(10)
        with pytest.raises(DatacenterUnavailable, match="is ovsdb-server running"):
            second.version()
    finally:
        second.close()


def test_two_who_wait_for_the_same_row_both_hear_of_it(bridge: str) -> None:
    connection, looked = Connection(SOCKET), threading.Semaphore(0)

    def noted(row: Row) -> bool:
        looked.release()
        return "noted" in row.external_ids

    with ThreadPoolExecutor() as threads:
        waiting = [threads.submit(connection.wait_for, "Bridge", bridge, noted) for _ in range(2)]
        for _ in waiting:
            assert looked.acquire(timeout=TIMEOUT)
        vsctl("br-set-external-id", bridge, "noted", "yes")
        assert [waiter.result() for waiter in waiting] == [True, True]
    connection.close()


def test_a_closed_connection_opens_again(ovsdb: Ovsdb, bridge: str) -> None:
    ovsdb.close()
    assert ovsdb.bridge(bridge) is not None
