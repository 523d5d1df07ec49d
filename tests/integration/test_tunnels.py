"""A project's way to the switches, on real bridges."""

from collections.abc import Iterator

import pytest

from apps import host
from datacenter import openflow
from datacenter.bootstrap import datapath_type
from datacenter.errors import DatacenterError
from datacenter.names import MTU_KEY, SWITCH_KEY
from datacenter.ovsdb import Port
from datacenter.tunnels import ProjectTunnels
from tests.integration.bridges import VTEP, flows, identities, ofport, standing_vtep, trace
from tests.integration.switch import ports, run, vsctl

SEVEN, EIGHT = "nmt-p7", "nmt-p8"


@pytest.fixture(autouse=True)
def vtep() -> Iterator[None]:
    with standing_vtep():
        for project in (7, 8):
            ids = host.names.owner(project) | {MTU_KEY: "1450"}
            host.ovsdb.ensure_bridge(host.names.bridge(project), ids, datapath_type())
        yield


def plug_tunnel(switch: int, address: str = "192.0.2.1") -> str:
    name, ids = host.names.tunnel(switch), host.names.owner() | {SWITCH_KEY: str(switch)}
    host.ovsdb.plug(Port(VTEP, name, ids, "vxlan", {"remote_ip": f"{address}{switch}", "key": "flow"}))
    return name


def tunnels(project: int = 7, vlan: int = 42) -> ProjectTunnels:
    return ProjectTunnels(host.names, host.ovsdb, project, vlan)


def patches(bridge: str) -> list[str]:
    return [port for port in ports(bridge) if "-p" in port and "-s" in port]


def test_without_switches_there_is_nothing_to_do() -> None:
    assert tunnels().complete()
    tunnels().ensure()
    assert (patches(SEVEN), patches(VTEP), flows(7)) == ([], [], [])


def test_each_switch_gets_a_patch_pair_and_two_flows() -> None:
    plug_tunnel(1), plug_tunnel(2)
    assert not tunnels().complete()
    tunnels().ensure()
    assert tunnels().complete()
    assert patches(SEVEN) == ["nmt-p7-s1", "nmt-p7-s2"]
    assert patches(VTEP) == ["nmt-s1-p7", "nmt-s2-p7"]
    assert len(flows(7)) == 4


def test_what_is_complete_is_not_touched() -> None:
    """Ports keep their identity and flows their age."""
    plug_tunnel(1)
    tunnels().ensure()
    before, age = identities(SEVEN, VTEP), _ages()
    tunnels().ensure()
    assert identities(SEVEN, VTEP) == before
    assert all(now >= then for now, then in zip(_ages(), age, strict=True))


def _ages() -> list[float]:
    lines = run("ovs-ofctl", "dump-flows", VTEP).splitlines()
    return [float(line.split("duration=")[1].split("s")[0]) for line in lines if "duration=" in line]


def test_another_switch_leaves_the_pair_of_the_first_as_it_is() -> None:
    plug_tunnel(1)
    tunnels().ensure()
    before = identities(SEVEN, VTEP)
    plug_tunnel(2)
    tunnels().ensure()
    assert before.items() <= identities(SEVEN, VTEP).items()
    assert len(flows(7)) == 4


def test_a_switch_that_is_gone_takes_its_pairs_and_flows_along() -> None:
    first, second = plug_tunnel(1), plug_tunnel(2)
    tunnels().ensure()
    host.ovsdb.unplug(first)
    assert not tunnels().complete()
    tunnels().ensure()
    assert (patches(SEVEN), patches(VTEP)) == (["nmt-p7-s2"], ["nmt-s2-p7"])
    assert len(flows(7)) == 2
    host.ovsdb.unplug(second)
    tunnels().ensure()
    assert (patches(SEVEN), patches(VTEP), flows(7)) == ([], [], [])
    assert tunnels().complete()


def test_the_ports_of_endpoints_and_other_projects_stay() -> None:
    first = plug_tunnel(1)
    tunnels(7, 42).ensure()
    tunnels(8, 43).ensure()
    vsctl("add-port", SEVEN, "nmt-h31", "--", "set", "Interface", "nmt-h31", "type=internal",
          "external_ids:netmanager.instance=nmt", "external_ids:netmanager.project=7", "external_ids:iface-id=abc")  # fmt: skip
    host.ovsdb.unplug(first)
    tunnels(7, 42).ensure()
    assert ports(SEVEN) == ["nmt-h31"]
    assert patches(EIGHT) == ["nmt-p8-s1"]
    assert len(flows(8)) == 2


def test_a_tunnel_that_was_plugged_anew_gets_new_flows() -> None:
    plug_tunnel(1)
    tunnels().ensure()
    host.ovsdb.unplug("nmt-vx1")
    vsctl("add-port", VTEP, "nmt-x31", "--", "set", "Interface", "nmt-x31", "type=internal", f"ofport_request={ofport_of_7()}")
    plug_tunnel(1, "192.0.2.2")
    tunnels().ensure()
    assert any(f"in_port={ofport('nmt-vx1')}," in flow for flow in flows(7))
    assert len(flows(7)) == 2


def ofport_of_7() -> int:
    """The port number of the tunnel in the project's flows."""
    return next(int(flow.split("in_port=")[1].split(",")[0]) for flow in flows(7) if "tun_id=" in flow.partition("actions")[0])


def test_a_patch_port_that_somebody_removed_is_made_again() -> None:
    plug_tunnel(1)
    tunnels().ensure()
    for port in ("nmt-p7-s1", "nmt-s1-p7"):
        host.ovsdb.unplug(port)
        tunnels().ensure()
        assert (patches(SEVEN), patches(VTEP)) == (["nmt-p7-s1"], ["nmt-s1-p7"])
        assert f"in_port={ofport('nmt-s1-p7')}," in "".join(flows(7))


def test_a_repair_writes_flows_that_a_crash_took_and_replugs_nothing() -> None:
    plug_tunnel(1)
    tunnels().ensure()
    before = identities(SEVEN, VTEP)
    run("ovs-ofctl", "del-flows", VTEP)
    tunnels().ensure(repair=True)
    assert len(flows(7)) == 2
    assert identities(SEVEN, VTEP) == before


def test_flows_whose_installing_failed_are_installed_by_the_next_call() -> None:
    plug_tunnel(1)
    tunnels().ensure()
    host.ovsdb.remove_bridge_ids(SEVEN, "netmanager.flows")  # it is written last
    run("ovs-ofctl", "del-flows", VTEP)
    assert not tunnels().complete()
    tunnels().ensure()
    assert len(flows(7)) == 2


def test_a_port_that_vswitchd_lost_keeps_no_other_switch_from_being_joined() -> None:
    run("ovs-vsctl", "--no-wait", "add-port", VTEP, "nmt-t31", "--", "set", "Interface", "nmt-t31",
        "external_ids:netmanager.instance=nmt", "external_ids:netmanager.switch=1")  # fmt: skip
    plug_tunnel(2)
    tunnels().ensure()
    assert len(flows(7)) == 2
    assert patches(VTEP) == ["nmt-s2-p7"]


def test_a_bridge_that_is_gone_is_named() -> None:
    plug_tunnel(1)
    host.ovsdb.delete_bridge(SEVEN)
    with pytest.raises(DatacenterError, match=SEVEN):
        tunnels().ensure()


# What the VTEP bridge lets through a tunnel, as Open vSwitch itself computes it

IPV4, IPV6, ARP = "dl_type=0x0800", "dl_type=0x86dd", "dl_type=0x0806"
TAGS = ["dl_vlan=5,dl_vlan_pcp=0", "dl_vlan=42,dl_vlan_pcp=0", "dl_vlan=0,dl_vlan_pcp=3"]


@pytest.fixture
def joined() -> None:
    for switch in (1, 2):
        plug_tunnel(switch)
    tunnels(7, 42).ensure()
    tunnels(8, 43).ensure()


@pytest.mark.parametrize("ether_type", [IPV4, ARP])
def test_a_tunnels_untagged_frames_of_a_projects_vni_reach_its_bridge(joined: None, ether_type: str) -> None:
    assert trace(f"in_port=nmt-vx1,tun_id=42,{ether_type}") != "drop"


@pytest.mark.parametrize("tag", TAGS)
@pytest.mark.parametrize("ether_type", [IPV4, ARP, IPV6, "dl_type=0x88b5"])
def test_a_frame_that_carries_a_tag_crosses_in_neither_direction(joined: None, tag: str, ether_type: str) -> None:
    assert trace(f"in_port=nmt-vx1,tun_id=42,{tag},{ether_type}") == "drop"
    assert trace(f"in_port=nmt-s1-p7,{tag},{ether_type}") == "drop"


@pytest.mark.parametrize("frame", [
    f"in_port=nmt-vx1,tun_id=42,{IPV6}", f"in_port=nmt-s1-p7,{IPV6}", f"in_port=nmt-vx1,tun_id=44,{IPV4}",
    f"in_port=nmt-vx1,tun_id=0,{IPV4}", "in_port=nmt-vx1,tun_id=42,dl_type=0x8100", "in_port=nmt-s1-p7,dl_type=0x88a8",
])  # fmt: skip
def test_ipv6_foreign_vnis_and_frames_with_two_tags_are_dropped(joined: None, frame: str) -> None:
    assert trace(frame) == "drop"


def test_flows_of_a_project_name_no_port_of_another(joined: None) -> None:
    theirs = {ofport("nmt-s1-p8"), ofport("nmt-s2-p8")}
    assert not any(f"in_port={port}," in flow or f"output:{port}" in flow for port in theirs for flow in flows(7))
    assert len(openflow.dump_flows(VTEP)) == 8 + len(openflow.STANDING)
