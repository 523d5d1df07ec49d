"""Subnets, addresses and MACs of projects."""

from ipaddress import IPv4Address, IPv4Interface, IPv4Network

import pytest

from datacenter.addressing import FIRST_VLAN, LAST_VLAN, Plan, Subnet, is_router, mac_of

PLAN = Plan(IPv4Network("10.64.0.0/12"), IPv4Network("100.64.0.0/16"))
VLANS = range(FIRST_VLAN, LAST_VLAN + 1)
SUBNET = Subnet(IPv4Network("10.64.2.0/24"))


def test_every_vlan_has_a_subnet_of_its_own_inside_the_pool() -> None:
    subnets = {PLAN.subnet(vlan).network for vlan in VLANS}
    assert len(subnets) == len(VLANS) == 4093
    assert all(subnet.prefixlen == 24 and subnet.subnet_of(PLAN.projects) for subnet in subnets)


def test_every_vlan_has_a_public_address_of_its_own_inside_the_pool() -> None:
    addresses = {PLAN.public_address(vlan) for vlan in VLANS}
    assert len(addresses) == len(VLANS)
    assert all(address in PLAN.public for address in addresses)
    reserved = {PLAN.public.network_address, PLAN.public.broadcast_address, PLAN.public_gateway}
    assert addresses.isdisjoint(reserved)


def test_the_numbers_of_vlan_2_are_those_of_the_documents() -> None:
    assert str(PLAN.subnet(2).network) == "10.64.2.0/24"
    assert str(PLAN.subnet(2).router) == "10.64.2.1"
    assert str(PLAN.public_address(2)) == "100.64.0.2"
    assert str(PLAN.public_gateway) == "100.64.0.1"


def test_the_last_vlan_fits_into_the_smallest_pools() -> None:
    plan = Plan(IPv4Network("172.16.0.0/12"), IPv4Network("192.168.0.0/20"))
    assert str(plan.subnet(LAST_VLAN).network) == "172.31.254.0/24"
    assert str(plan.public_address(LAST_VLAN)) == "192.168.15.254"


def test_no_address_of_a_subnet_serves_two_purposes() -> None:
    first, last = SUBNET.dhcp
    leased = [IPv4Address(number) for number in range(int(first), int(last) + 1)]
    builds = [address for address in SUBNET.builds if address not in (SUBNET.docker_gateway, SUBNET.network.broadcast_address)]
    used = [SUBNET.network.network_address, SUBNET.router, *leased, *SUBNET.containers, *builds, SUBNET.docker_gateway]
    assert len(used) == len(set(used)) == 255  # all but the broadcast address
    assert all(address in SUBNET.network for address in used)


def test_the_gateway_that_docker_reserves_is_not_the_routers_address() -> None:
    assert str(SUBNET.docker_gateway) == "10.64.2.254"
    assert SUBNET.docker_gateway != SUBNET.router


def test_a_mac_is_02_42_and_the_four_bytes_of_the_address() -> None:
    assert mac_of("10.64.2.128") == mac_of(IPv4Address("10.64.2.128")) == "02:42:0a:40:02:80"


@pytest.mark.parametrize(("address", "router"), [("10.64.2.1/24", True), ("10.64.2.128/24", False), ("10.64.2.254/24", False)])
def test_the_router_is_known_by_its_address(address: str, router: bool) -> None:
    assert is_router(IPv4Interface(address)) is router


@pytest.mark.parametrize(
    ("projects", "public", "culprit"),
    [
        ("10.64.0.0/13", "100.64.0.0/16", "NETMANAGER_PROJECT_POOL"),
        ("10.64.0.0/12", "100.64.0.0/21", "NETMANAGER_PUBLIC_POOL"),
        ("10.64.0.0/12", "10.64.0.0/20", "overlap"),
        ("10.0.0.0/8", "10.200.0.0/16", "overlap"),
    ],
)
def test_it_refuses_pools_that_are_too_small_or_overlap(projects: str, public: str, culprit: str) -> None:
    with pytest.raises(ValueError, match=culprit):
        Plan(IPv4Network(projects), IPv4Network(public))
