"""The controller as a process: rows become flows of a real bridge, and what the bridge confirms becomes rows."""

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from apps.ports.models import Socket, Switch
from apps.projects.models import Project
from tests.conditions import wait_until
from tests.integration import rows
from tests.integration.controllers import METRICS, PORT, UPLINK, Bridge, Controller, made
from tests.integration.openflow_peer import Peer
from tests.integration.switch import run

pytestmark = pytest.mark.django_db(transaction=True)

BRIDGE = Bridge("nmt-of1", 0xA1)
STRANGER = Bridge("nmt-of2", 0xA2)


@pytest.fixture
def bridge() -> Iterator[Bridge]:
    with made(BRIDGE):
        BRIDGE.connect()
        yield BRIDGE


@pytest.fixture
def switch() -> Switch:
    """The row of the bridge, with sockets 3 to 5 and two projects."""
    row = rows.switch(dpid=BRIDGE.dpid, uplink_port=UPLINK, bounce_ms=0)
    for number in (3, 4, 5):
        rows.socket(row, number=number, of_port=number)
    rows.active_project(7, vlan=42)
    rows.active_project(8, vlan=43)
    return row


def applied(number: int, vlan: int | None) -> bool:
    row = Socket.objects.get(pk=number)
    return row.applied_vlan == vlan and row.applied_at is not None


def give(number: int, project: int | None) -> None:
    Socket.objects.filter(pk=number).update(project=project)


def test_a_socket_given_to_a_project_is_applied_and_taken_away_again(
    controller: Controller, switch: Switch, bridge: Bridge
) -> None:
    give(3, 7)
    wait_until(lambda: applied(3, 42), "socket 3 is applied")
    assert bridge.in_project(3, 42)
    assert bridge.dark(4) and bridge.dark(5)
    give(3, 8)
    wait_until(lambda: applied(3, 43), "socket 3 has moved")
    assert bridge.in_project(3, 43) and not bridge.in_project(3, 42)
    give(3, None)
    wait_until(lambda: applied(3, None), "socket 3 is free")
    assert bridge.dark(3)


def test_a_change_by_sql_reaches_the_switch(controller: Controller, switch: Switch, bridge: Bridge) -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE ports_socket SET project_id = 7 WHERE number IN (3, 4)")
    wait_until(lambda: applied(3, 42) and applied(4, 42), "both are applied")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE ports_socket SET enabled = false WHERE number = 3")
    wait_until(lambda: applied(3, None), "a disabled socket is off the switch")
    assert bridge.dark(3) and bridge.in_project(4, 42)


def test_a_row_that_says_otherwise_than_the_switch_is_written_again_at_the_next_notice(
    controller: Controller, switch: Switch, bridge: Bridge
) -> None:
    give(3, 7)
    wait_until(lambda: applied(3, 42), "socket 3 is applied")
    Socket.objects.filter(number__in=(3, 4)).update(applied_vlan=4000)
    give(5, 8)
    wait_until(lambda: applied(3, 42) and applied(4, None) and applied(5, 43), "all say what the switch has confirmed")


def test_a_project_without_a_network_is_applied_when_it_has_one(controller: Controller, switch: Switch, bridge: Bridge) -> None:
    rows.project(9)
    give(3, 9)
    give(4, 7)
    wait_until(lambda: applied(4, 42), "socket 4 is applied")
    assert bridge.dark(3)
    Project.objects.filter(pk=9).update(vlan=44)
    wait_until(lambda: applied(3, 44), "socket 3 is applied once its project has a VLAN")


def test_an_unknown_switch_gets_no_flows_until_it_is_registered(controller: Controller, switch: Switch, bridge: Bridge) -> None:
    with made(STRANGER):
        STRANGER.connect()
        wait_until(lambda: f"switch {STRANGER.dpid} is unknown" in controller.log, "there is a warning")
        assert STRANGER.flows() == []
        rows.switch(name="room-2", dpid=STRANGER.dpid, uplink_port=UPLINK, tunnel_address="192.0.2.12")
        wait_until(STRANGER.flows, "it gets its flows")
        wait_until(lambda: Switch.objects.get(name="room-2").connected_at, "it is told to be connected")


def test_a_restarted_controller_writes_no_flow_anew(
    controller: Controller, switch: Switch, bridge: Bridge, tmp_path: Path
) -> None:
    give(3, 7)
    wait_until(lambda: applied(3, 42), "socket 3 is applied")
    before = bridge.flows()
    controller.kill()
    Switch.objects.update(connected_at=None)
    again = Controller(tmp_path / "again.log").start()
    try:
        wait_until(lambda: Switch.objects.get().connected_at, "the switch is connected again")
        give(4, 8)
        wait_until(lambda: applied(4, 43), "the next change is applied")
        give(4, None)
        wait_until(lambda: applied(4, None), "and the one after it")
        assert bridge.flows() == before
        assert min(bridge.ages()) > 1.0, "reconnecting alone takes a second"
    finally:
        again.kill()


def test_a_connection_that_takes_the_place_of_another_is_told_of(controller: Controller, switch: Switch) -> None:
    """As of a room that was removed, whose connections nobody closed, and built again."""
    with Peer(PORT, int(switch.dpid, 16)) as before, Peer(PORT, int(switch.dpid, 16)) as after:
        before.shake_hands()
        wait_until(lambda: Switch.objects.get().connected_at, "the switch is told to be connected")
        Switch.objects.update(connected_at=None)
        after.shake_hands()
        wait_until(lambda: Switch.objects.get().connected_at, "it is told to be connected anew")


def test_what_others_left_on_the_switch_is_removed(controller: Controller, switch: Switch, bridge: Bridge) -> None:
    give(3, 7)
    wait_until(lambda: applied(3, 42), "socket 3 is applied")
    clean = bridge.flows()
    bridge.disconnect()
    bridge.ofctl("add-group", "group_id=99,type=all,bucket=output:3,bucket=output:4")
    bridge.ofctl("add-flow", "table=0,priority=1000,in_port=3,actions=group:99")
    bridge.ofctl("add-flow", "table=2,priority=77,actions=normal")
    bridge.ofctl("del-flows", "table=1")
    bridge.connect()
    wait_until(lambda: bridge.flows() == clean, "it holds what it should, and nothing else")
    assert "group_id=99" not in bridge.ofctl("dump-groups")


def test_a_switch_that_lost_its_flows_gets_them_back(controller: Controller, switch: Switch, bridge: Bridge) -> None:
    give(3, 7)
    wait_until(lambda: applied(3, 42), "socket 3 is applied")
    clean = bridge.flows()
    bridge.disconnect()
    bridge.ofctl("del-flows")
    bridge.ofctl("del-groups")
    bridge.connect()
    wait_until(lambda: bridge.flows() == clean, "all flows are back")


def test_a_change_while_the_switch_is_away_is_applied_when_it_is_back(
    controller: Controller, switch: Switch, bridge: Bridge
) -> None:
    give(3, 7)
    wait_until(lambda: applied(3, 42), "socket 3 is applied")
    bridge.disconnect()
    wait_until(lambda: Switch.objects.get().connected_at is None, "the switch is told to be gone")
    give(3, 8)
    rows.socket(switch, number=6, of_port=6)
    wait_until(lambda: controller.metric("netmanager_connected_switches") == 0, "the metric says so too")
    assert applied(3, 42)
    bridge.connect()
    wait_until(lambda: applied(3, 43), "socket 3 has moved")


def test_the_database_may_come_and_go(controller: Controller, switch: Switch, bridge: Bridge) -> None:
    give(3, 7)
    wait_until(lambda: applied(3, 42), "socket 3 is applied")
    before = bridge.flows()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND application_name = 'netmanager-controller'"
        )
        assert cursor.fetchone() == (1,)
    wait_until(lambda: controller.metric("netmanager_database_reconnects_total") >= 1, "the controller noticed")
    assert controller.ended is None and bridge.flows() == before
    give(4, 8)
    wait_until(lambda: applied(4, 43), "the next change is applied")


def test_it_counts_for_prometheus(controller: Controller, switch: Switch, bridge: Bridge) -> None:
    give(3, 7)
    wait_until(lambda: applied(3, 42), "socket 3 is applied")
    wait_until(lambda: controller.metric("netmanager_connected_switches") == 1, "one switch is connected")
    assert controller.metric("netmanager_apply_seconds_count") >= 1
    text = controller.metrics()
    for name in ("netmanager_packets_in_total", "netmanager_learned_hosts", "netmanager_database_reconnects_total"):
        assert f"# TYPE {name}" in text or f"\n{name}" in text, name


def test_an_exception_in_a_handler_is_logged_and_ends_the_process(controller: Controller, switch: Switch) -> None:
    with Peer(PORT, 0xA1) as peer:
        peer.shake_hands()
        wait_until(lambda: "is connected" in controller.log, "the controller takes it for the switch")
        peer.send_packet_in_from_nowhere()
        wait_until(lambda: controller.ended is not None, "the process ends")
    assert controller.ended
    assert "Traceback" in controller.log and "KeyError" in controller.log


@pytest.mark.parametrize(("setting", "port"), [("NETMANAGER_OPENFLOW_LISTEN", PORT), ("NETMANAGER_METRICS_LISTEN", METRICS)])
def test_a_port_that_is_taken_is_named(controller: Controller, tmp_path: Path, setting: str, port: int) -> None:
    other = {"NETMANAGER_OPENFLOW_LISTEN": "127.0.0.1:6657", "NETMANAGER_METRICS_LISTEN": "127.0.0.1:9657"}
    second = Controller(tmp_path / "second.log", **other | {setting: f"127.0.0.1:{port}"}).start()
    wait_until(lambda: second.ended is not None, "it ends")
    assert second.ended
    assert f"cannot listen on {setting}=127.0.0.1:{port}" in second.log


CA_USAGE = "keyUsage=critical,keyCertSign,cRLSign"  # without which Python 3.13 refuses a CA
NO_CA = "basicConstraints=critical,CA:FALSE"  # openssl takes all that it is not told of for a CA


def _certificates(at: Path) -> None:
    """A CA, and certificates that it has signed for the controller and for a switch."""
    for name in ("ca", "controller", "switch"):
        subject = ["-newkey", "rsa:2048", "-nodes", "-keyout", f"{at}/{name}.key", "-subj", f"/CN={name}", "-days", "2"]
        signed = ["-addext", CA_USAGE] if name == "ca" else ["-addext", NO_CA, "-CA", f"{at}/ca.crt", "-CAkey", f"{at}/ca.key"]
        run("openssl", "req", "-x509", *signed, *subject, "-out", f"{at}/{name}.crt")


def _first_byte_by_tls(at: Path, certificate: str | None) -> bytes:
    """What the controller says first to a client with this certificate, or with none."""
    context = ssl.create_default_context(cafile=f"{at}/ca.crt")
    context.check_hostname = False
    if certificate:
        context.load_cert_chain(f"{at}/{certificate}.crt", f"{at}/{certificate}.key")
    with socket.create_connection(("127.0.0.1", PORT), 30) as connection, context.wrap_socket(connection) as secured:
        return secured.recv(1)


def test_with_a_certificate_it_speaks_tls_to_those_that_have_one(tmp_path: Path, switch: Switch, bridge: Bridge) -> None:
    _certificates(tmp_path)
    files = {f"NETMANAGER_OPENFLOW_{kind}": f"{tmp_path}/{name}" for kind, name in
             (("KEY", "controller.key"), ("CERT", "controller.crt"), ("CA", "ca.crt"))}  # fmt: skip
    run("ovs-vsctl", "set-ssl", f"{tmp_path}/switch.key", f"{tmp_path}/switch.crt", f"{tmp_path}/ca.crt")
    secure = Controller(tmp_path / "controller.log", **files).start().wait_listening()
    try:
        bridge.connect(f"ssl:127.0.0.1:{PORT}")
        give(3, 7)
        wait_until(lambda: applied(3, 42), "socket 3 is applied by TLS")
        bridge.connect(f"tcp:127.0.0.1:{PORT}")
        wait_until(lambda: Switch.objects.get().connected_at is None, "the connection by TLS is gone")
        give(4, 8)
        with Peer(PORT, 0xA1) as peer, pytest.raises((AssertionError, OSError)):
            peer.shake_hands()
        assert Socket.objects.get(pk=4).applied_vlan is None, "nobody gets in without TLS"
        assert _first_byte_by_tls(tmp_path, "switch")
        with pytest.raises(OSError, match=r"certificate required|reset"):
            _first_byte_by_tls(tmp_path, None)
        bridge.connect(f"ssl:127.0.0.1:{PORT}")
        wait_until(lambda: applied(4, 43), "by TLS it is")
    finally:
        secure.kill()
        run("ovs-vsctl", "del-ssl")
