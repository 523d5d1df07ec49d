"""Flows of the datacenter's own bridges."""

from datacenter.openflow import project_cookie, tunnel_flows

LARGEST = 2**31 - 1


def test_a_project_has_one_flow_from_the_tunnel_and_one_to_it() -> None:
    assert tunnel_flows(project_id=7, vlan=42, tunnel=3, patch=9) == [
        "cookie=0x6e6d000000000007,priority=100,in_port=3,tun_id=42 actions=output:9",
        "cookie=0x6e6d000000000007,priority=100,in_port=9 actions=set_field:42->tun_id,output:3",
    ]


def test_projects_have_cookies_of_their_own_that_fit_64_bits() -> None:
    cookies = [project_cookie(project) for project in (1, 2, 255, 256, 65536, LARGEST)]
    assert len(set(cookies)) == len(cookies)
    assert all(cookie < 2**64 for cookie in cookies)
