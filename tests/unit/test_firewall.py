"""The host's nftables rules, and what nft itself says of them."""

import subprocess
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import pytest

from datacenter.firewall import Policy, ruleset, what_differs
from datacenter.names import Names

NAT = Policy(
    names=Names("nmt"),
    nat=True,
    public=IPv4Network("100.65.0.0/16"),
    dns=(IPv4Address("192.0.2.54"), IPv4Address("192.0.2.53")),
    deny=(IPv4Network("192.0.2.0/25"), IPv4Network("192.0.2.128/25"), IPv4Network("198.51.100.0/24")),
    gateway=IPv4Address("192.0.2.1"),
    exit="br0",
)
NIC = replace(NAT, nat=False)
LEAST: dict[str, Any] = {"dns": (), "deny": (), "gateway": None, "exit": None}
POLICIES = [NAT, NIC, *(replace(NAT, **{part: nothing}) for part, nothing in LEAST.items()), replace(NIC, **LEAST)]


def chain(policy: Policy, name: str, table: str = "inet") -> list[str]:
    """The rules of a chain, in order."""
    lines = ruleset(policy).splitlines()
    begin = lines.index(f"chain {name} {{", lines.index(f"table {table} netmanager-nmt {{"))
    return lines[begin + 2 : lines.index("}", begin)]


@pytest.mark.parametrize("policy", POLICIES)
def test_nft_accepts_the_rules(policy: Policy) -> None:
    checked = subprocess.run(["nft", "-c", "-f", "-"], input=ruleset(policy), capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")


@pytest.mark.parametrize("policy", POLICIES)
def test_installing_again_replaces_what_is_there_whether_there_is_something_or_not(policy: Policy) -> None:
    lines = ruleset(policy).splitlines()
    for family in ("inet", "arp"):
        table = f"table {family} netmanager-nmt"
        assert lines.index(table) + 1 == lines.index(f"delete {table}") < lines.index(f"{table} {{")


def test_with_nat_the_public_pool_is_masqueraded_and_dns_is_asked_before_the_denied_networks_are_dropped() -> None:
    assert chain(NAT, "postrouting") == ['ip saddr 100.65.0.0/16 oifname != "nmt-routing" masquerade']
    forward = chain(NAT, "forward")
    dns = 'iifname "nmt-routing" ip daddr { 192.0.2.53, 192.0.2.54 } meta l4proto { tcp, udp } th dport 53 accept'
    denied = 'iifname "nmt-routing" ip daddr { 192.0.2.0/24, 198.51.100.0/24 } drop'
    assert forward.index(dns) < forward.index(denied)


def test_with_nat_the_gateway_is_reached_though_its_network_is_denied() -> None:
    forward = chain(NAT, "forward")
    allowed = forward.index('iifname "nmt-routing" ip daddr 192.0.2.1 accept')
    assert allowed < forward.index('iifname "nmt-routing" ip daddr { 192.0.2.0/24, 198.51.100.0/24 } drop')
    assert not any("192.0.2.1 " in rule for rule in chain(replace(NAT, gateway=None), "forward"))


def test_with_a_nic_as_uplink_the_host_masquerades_nothing_and_forwards_nothing_of_projects() -> None:
    assert chain(NIC, "postrouting") == []
    assert 'iifname "nmt-routing" drop' in chain(NIC, "forward")
    assert not any("accept" in rule and rule.startswith("iifname") for rule in chain(NIC, "forward"))


@pytest.mark.parametrize("policy", POLICIES)
def test_no_project_is_forwarded_to_another(policy: Policy) -> None:
    assert chain(policy, "forward")[0] == 'iifname "nmt-routing" oifname "nmt-*" drop'


@pytest.mark.parametrize("policy", POLICIES)
def test_the_host_accepts_nothing_from_projects_but_icmp_and_arp_of_their_routers(policy: Policy) -> None:
    assert chain(policy, "input")[:2] == ['iifname "nmt-routing" meta l4proto icmp accept', 'iifname "nmt-*" drop']
    assert chain(policy, "prerouting") == ['iifname "nmt-routing" meta nfproto ipv4 accept', 'iifname "nmt-*" drop']
    assert chain(policy, "input", "arp") == ['iifname "nmt-routing" accept', 'iifname "nmt-*" drop']


def test_with_a_nic_the_host_refuses_what_comes_back_to_it_from_routers_by_way_of_the_site() -> None:
    assert chain(NIC, "input")[2:] == ["ip saddr 100.65.0.0/16 meta l4proto != icmp drop"]
    assert chain(NAT, "input")[2:] == []


def test_bridges_of_the_host_are_out_of_reach_but_for_the_one_where_its_default_route_leads() -> None:
    assert 'iifname "nmt-routing" meta oifkind "bridge" oifname != "br0" drop' in chain(NAT, "forward")
    assert 'iifname "nmt-routing" meta oifkind "bridge" drop' in chain(replace(NAT, exit=None), "forward")


def test_another_instance_on_the_same_host_has_tables_of_its_own() -> None:
    other = ruleset(replace(NAT, names=Names("nm")))
    assert "nmt" not in other
    assert "netmanager-nm " in other


def listing(*denied: str, rest: str = 'oifname "nmt-*" drop') -> str:
    """The forward chain, as nft prints it."""
    rule = f'iifname "nmt-routing" ip daddr {{ {", ".join(denied)} }} drop'
    return f"table inet netmanager-nmt {{\n\tchain forward {{\n\t\t{rule}\n\t\t{rest}\n\t}}\n}}\n"


def test_a_network_that_the_host_has_got_or_lost_is_named() -> None:
    sentence = what_differs(listing("10.0.0.0/8", "192.0.2.0/24"), listing("10.0.0.0/8", "198.51.100.0/24"), "netmanager-nmt")
    assert sentence.endswith("are others now: 198.51.100.0/24 came, 192.0.2.0/24 went")
    sentence = what_differs(listing("10.0.0.0/8"), listing("10.0.0.0/8", "198.51.100.0/24"), "netmanager-nmt")
    assert sentence.endswith("are others now: 198.51.100.0/24 came, none went")


def test_a_rule_that_is_missing_is_named_also_where_a_network_is() -> None:
    wanted = listing("10.0.0.0/8")
    for listed in (listing("10.0.0.0/8", rest="accept"), listing("192.0.2.0/24", rest="accept")):
        assert what_differs(listed, wanted, "netmanager-nmt").startswith("the rules of nftables table netmanager-nmt are others")
    assert what_differs(listing("10.0.0.0/8", rest="accept"), wanted, "t").endswith('missing is oifname "nmt-*" drop')
