"""veth pairs, addresses and MTUs in the kernel."""

import json
from collections.abc import Iterator
from ipaddress import IPv4Interface, IPv4Network
from typing import Any

import pytest
from pyroute2 import Ethtool

from datacenter import netlink
from datacenter.errors import DatacenterError
from tests.integration.switch import delete_everything, link_exists, run

HOST, PEER, OTHER, MAC = "nmt-h34", "nmt-c34", "nmt-x34", "02:42:0a:50:02:80"


@pytest.fixture(autouse=True)
def clean_host() -> Iterator[None]:
    delete_everything(HOST, PEER)
    yield
    delete_everything(HOST, PEER)


def link(name: str) -> dict[str, Any]:
    return dict(json.loads(run("ip", "-j", "link", "show", name))[0])


def leaves_checksums_to_a_device(name: str) -> bool:
    with Ethtool() as ethtool:
        features = ethtool.get_features(name)
    return bool(features.features["tx-checksum-ip-generic"].enable)


def addresses(name: str) -> list[str]:
    found = json.loads(run("ip", "-j", "-4", "address", "show", name))
    return [f"{address['local']}/{address['prefixlen']}" for entry in found for address in entry.get("addr_info", [])]


@pytest.mark.parametrize("checksums", [False, True])
def test_plugging_twice_leaves_one_pair_with_mac_mtu_and_checksums_as_asked(checksums: bool) -> None:
    for mtu in (1500, 1450):
        netlink.plug_veth(netlink.VethPair(HOST, PEER, MAC, mtu, peer_checksums=checksums))
    assert (link(HOST)["mtu"], link(PEER)["mtu"]) == (1450, 1450)
    assert link(PEER)["address"] == MAC
    assert "UP" in link(HOST)["flags"]
    assert "UP" not in link(PEER)["flags"]
    assert leaves_checksums_to_a_device(PEER) is checksums


def test_deleting_twice_takes_both_ends() -> None:
    netlink.plug_veth(netlink.VethPair(HOST, PEER, MAC, 1450, peer_checksums=True))
    for _ in range(2):
        netlink.delete_link(HOST)
    assert not link_exists(HOST)
    assert not link_exists(PEER)


def test_a_pair_that_the_kernel_refuses_leaves_nothing() -> None:
    run("ip", "link", "add", PEER, "type", "veth", "peer", "name", OTHER)
    with pytest.raises(DatacenterError, match="kernel refused"):
        netlink.plug_veth(netlink.VethPair(HOST, PEER, MAC, 1450, peer_checksums=True))
    assert not link_exists(HOST)


def test_ensuring_an_address_twice_leaves_it_as_the_only_one() -> None:
    run("ip", "link", "add", HOST, "type", "veth", "peer", "name", PEER)
    run("ip", "address", "add", "198.51.100.1/24", "dev", HOST)
    for _ in range(2):
        netlink.ensure_address(HOST, IPv4Interface("203.0.113.1/25"))
    assert addresses(HOST) == ["203.0.113.1/25"]
    assert netlink.addressed_networks()[HOST] == [IPv4Network("203.0.113.0/25")]
    for _ in range(2):
        netlink.flush_addresses(HOST)
    assert addresses(HOST) == []


def test_setting_an_interface_up_twice_leaves_it_up() -> None:
    run("ip", "link", "add", HOST, "mtu", "1400", "type", "veth", "peer", "name", PEER)
    for _ in range(2):
        netlink.set_up(HOST)
    assert "UP" in link(HOST)["flags"]
    assert netlink.mtu_of(HOST) == 1400
    assert netlink.link_exists(HOST)


def test_an_interface_that_is_missing_is_named() -> None:
    assert not netlink.link_exists(HOST)
    with pytest.raises(DatacenterError, match=HOST):
        netlink.mtu_of(HOST)
    with pytest.raises(DatacenterError, match=HOST):
        netlink.set_up(HOST)
