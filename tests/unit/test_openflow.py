"""Flows of the datacenter's own bridges."""

from datacenter.openflow import project_cookie, trunk_flows, tunnel_flows

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
