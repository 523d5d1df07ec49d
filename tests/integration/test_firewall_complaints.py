"""What is told of the host's firewall, by what the kernel has of it."""

import sys
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import IPv4Network

import pytest

from datacenter.firewall import Policy, complaints, install, uninstall
from datacenter.names import Names
from tests.integration.switch import run

POLICY = Policy(
    names=Names("nmt"),
    nat=False,
    public=IPv4Network("100.65.0.0/16"),
    dns=(),
    gateway=None,
    deny=(IPv4Network("198.51.100.0/24"),),
    exit=None,
)
TABLE = POLICY.names.table


@pytest.fixture(autouse=True)
def installed() -> Iterator[None]:
    install(POLICY)
    yield
    uninstall(POLICY.names)


def test_nothing_is_told_of_one_that_is_in_force() -> None:
    assert complaints(POLICY) == ()


@pytest.mark.parametrize(
    "harm",
    [
        ("delete", "table", "inet", TABLE),
        ("delete", "table", "arp", TABLE),
        ("flush", "chain", "inet", TABLE, "forward"),
        ("insert", "rule", "inet", TABLE, "forward", "accept"),
        ("add", "chain", "inet", TABLE, "other"),
    ],
)
def test_rules_that_are_missing_or_others_are_told(harm: tuple[str, ...]) -> None:
    run("nft", *harm)
    [sentence] = complaints(POLICY)
    assert TABLE in sentence
    install(POLICY)
    assert complaints(POLICY) == ()


def test_rules_of_another_policy_are_told() -> None:
    assert complaints(replace(POLICY, deny=(IPv4Network("203.0.113.0/24"),))) != ()


IN_A_NAMESPACE = """
from dataclasses import replace
from tests.integration.test_firewall_complaints import POLICY, complaints, install, run
nat = replace(POLICY, nat=True)
def rules():
    listed = run("nft", "-a", "list", "chain", "ip", "filter", "DOCKER-USER").splitlines()
    return [line.strip() for line in listed if "accept" in line]
run("iptables", "-w", "-N", "DOCKER-USER")
install(nat)
first = rules()
install(nat)
assert len(first) == 2 and rules() == first, rules()
run("iptables", "-w", "-F", "DOCKER-USER")
assert len(complaints(nat)) == 1, complaints(nat)
install(nat)
assert complaints(nat) == ()
install(POLICY)
assert rules() == []
"""


def test_leave_of_dockers_chain_is_not_taken_back_where_it_is_there() -> None:
    """By the handles of its rules, which are others once they are made anew."""
    run("unshare", "--net", sys.executable, "-c", IN_A_NAMESPACE)
