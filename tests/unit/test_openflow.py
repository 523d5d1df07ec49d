"""Flows of the datacenter's own bridges."""

from ipaddress import IPv4Network

import pytest

from datacenter.openflow import project_cookie, routing_flows, trunk_flows, tunnel_flows

LARGEST = 2**31 - 1


def test_a_project_has_one_flow_from_the_tunnel_and_one_to_it_both_for_untagged_frames() -> None:
    assert tunnel_flows(project_id=7, vlan=42, tunnel=3, patch=9) == [
        "cookie=0x6e6d000000000007,priority=100,in_port=3,tun_id=42,dl_vlan=0xffff actions=output:9",
        "cookie=0x6e6d000000000007,priority=100,in_port=9,dl_vlan=0xffff actions=set_field:42->tun_id,output:3",
    ]


def test_on_a_trunk_the_tag_is_the_projects_vlan_and_it_is_there_alone() -> None:
    own = "cookie=0x6e6d000000000007,priority=100"
    assert trunk_flows(project_id=7, vlan=42, trunk=3, patch=9) == [
        f"{own},in_port=3,dl_vlan=42 actions=pop_vlan,output:9",
        f"{own},in_port=9,dl_vlan=0xffff actions=push_vlan:0x8100,set_field:4138->vlan_vid,output:3",
    ]


def test_projects_have_cookies_of_their_own_that_fit_64_bits() -> None:
    cookies = [project_cookie(project) for project in (1, 2, 255, 256, 65536, LARGEST)]
    assert len(set(cookies)) == len(cookies)
    assert all(cookie < 2**64 for cookie in cookies)


@pytest.mark.parametrize(
    ("public", "pool"),
    [("100.64.0.0/16", "02:42:64:40:00:00/ff:ff:ff:ff:00:00"), ("10.2.160.0/20", "02:42:0a:02:a0:00/ff:ff:ff:ff:f0:00")],
)
def test_what_comes_from_outside_for_a_mac_of_the_public_pool_is_never_flooded(public: str, pool: str) -> None:
    first, second, *_ = routing_flows(IPv4Network(public), uplink=4)
    assert first == f"priority=30,in_port=4,dl_dst={pool} actions=resubmit(,1)"
    assert second == "priority=25,in_port=4 actions=NORMAL"
    assert routing_flows(IPv4Network(public), None)[0].startswith("priority=30,in_port=LOCAL,")
