"""Flows on a real bridge."""

from collections.abc import Iterator
from contextlib import suppress
from queue import Queue
from threading import Event, Thread

import pytest

from datacenter import openflow
from datacenter.bootstrap import datapath_type
from datacenter.errors import DatacenterError, DatacenterUnavailable
from datacenter.names import Names
from datacenter.ovsdb import Ovsdb
from tests.conditions import wait_until
from tests.integration.switch import delete_everything

BRIDGE = "nmt-p32"


@pytest.fixture
def bridge() -> Iterator[str]:
    delete_everything(BRIDGE)
    ovsdb = Ovsdb()
    ovsdb.ensure_bridge(BRIDGE, Names("nmt").owner(32), datapath_type(), secure=True)
    yield BRIDGE
    ovsdb.close()
    delete_everything(BRIDGE)


def flows(bridge: str, project: int) -> list[str]:
    return sorted(flow for flow in openflow.dump_flows(bridge) if f"cookie={openflow.project_cookie(project):#x}," in flow)


def test_a_secure_bridge_begins_without_flows(bridge: str) -> None:
    assert openflow.dump_flows(bridge) == []


def test_replacing_twice_leaves_the_projects_flows_once(bridge: str) -> None:
    for _ in range(2):
        openflow.replace_flows(bridge, 7, openflow.tunnel_flows(project_id=7, vlan=42, tunnel=3, patch=9))
    assert [flow.partition("priority=100,")[2] for flow in flows(bridge, 7)] == [
        "in_port=9,vlan_tci=0x0000/0x1fff actions=set_field:0x2a->tun_id,output:3",
        "tun_id=0x2a,in_port=3,vlan_tci=0x0000/0x1fff actions=output:9",
    ]
    assert len(openflow.dump_flows(bridge)) == 2


def test_replacing_takes_away_what_is_no_longer_wanted(bridge: str) -> None:
    openflow.replace_flows(bridge, 7, openflow.tunnel_flows(project_id=7, vlan=42, tunnel=3, patch=9))
    openflow.replace_flows(bridge, 7, openflow.tunnel_flows(project_id=7, vlan=43, tunnel=3, patch=10))
    assert not any("0x2a" in flow or "output:9" in flow for flow in flows(bridge, 7))
    openflow.replace_flows(bridge, 7, [])
    assert flows(bridge, 7) == []


def test_the_flows_of_other_projects_and_of_nobody_stay(bridge: str) -> None:
    openflow.install_flows(bridge, list(openflow.STANDING))
    for project in (7, 77, 2147483647):
        openflow.replace_flows(bridge, project, openflow.tunnel_flows(project, vlan=project % 4000, tunnel=3, patch=project % 50))
    openflow.replace_flows(bridge, 7, [])
    assert [len(flows(bridge, project)) for project in (7, 77, 2147483647)] == [0, 2, 2]
    assert len(openflow.dump_flows(bridge)) == 4 + len(openflow.STANDING)


def test_installing_twice_leaves_each_flow_once(bridge: str) -> None:
    for _ in range(2):
        openflow.install_flows(bridge, list(openflow.STANDING))
    assert len(openflow.dump_flows(bridge)) == len(openflow.STANDING)


def test_a_flow_that_the_switch_refuses_changes_nothing(bridge: str) -> None:
    openflow.replace_flows(bridge, 7, openflow.tunnel_flows(project_id=7, vlan=42, tunnel=3, patch=9))
    with pytest.raises(DatacenterError, match="ovs-ofctl"):
        openflow.replace_flows(bridge, 7, ["priority=1,in_port=1 actions=output:2", "priority=1 actions=group:4711"])
    assert len(flows(bridge, 7)) == len(openflow.dump_flows(bridge)) == 2


def test_a_bridge_that_is_missing_is_named() -> None:
    with pytest.raises(DatacenterError, match="nmt-p33"):
        openflow.replace_flows("nmt-p33", 7, [])


def test_what_is_asked_for_and_what_is_printed_are_the_same_in_their_normal_form(bridge: str) -> None:
    wanted = [
        *openflow.STANDING,
        *openflow.tunnel_flows(project_id=7, vlan=42, tunnel=3, patch=9),
        *openflow.trunk_flows(project_id=8, vlan=43, trunk=4, patch=10),
    ]
    openflow.install_flows(bridge, wanted)
    assert set(map(openflow.normal, openflow.dump_flows(bridge))) == set(map(openflow.normal, wanted))
    openflow.install_flows(bridge, openflow.tunnel_flows(project_id=7, vlan=42, tunnel=3, patch=11))
    assert set(map(openflow.normal, openflow.dump_flows(bridge))) != set(map(openflow.normal, wanted)), "the control"


def test_a_flow_that_is_deleted_is_heard_of_and_one_that_comes_is_not(bridge: str) -> None:
    heard, hearing = Queue[str](), Event()

    def follow() -> None:
        hearing.set()
        with suppress(DatacenterUnavailable):  # as it ends with the bridge
            openflow.watch_flows(bridge, lambda: heard.put("a flow is gone"))
        heard.put("the bridge is gone")

    Thread(target=follow, daemon=True).start()
    assert hearing.wait(10)
    openflow.replace_flows(bridge, 7, openflow.tunnel_flows(project_id=7, vlan=42, tunnel=3, patch=9))
    wait_until(lambda: _heard(bridge, heard), "a deletion is heard")
    delete_everything(bridge)
    wait_until(lambda: heard.get(timeout=30) == "the bridge is gone", "the end is heard")


def _heard(bridge: str, heard: Queue[str]) -> bool:
    """Whether there is news after a flow was deleted and came back; whoever listens may not listen yet."""
    openflow.replace_flows(bridge, 7, [])
    openflow.replace_flows(bridge, 7, openflow.tunnel_flows(project_id=7, vlan=42, tunnel=3, patch=9))
    return not heard.empty()
