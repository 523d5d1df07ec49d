"""Names of host objects."""

import pytest

from datacenter.names import INSTANCE_KEY, PROJECT_KEY, Names

LARGEST = 2**31 - 1
IFNAMSIZ = 16  # linux/if.h, with the closing zero byte
ENDPOINT = "61eaac284f9d4f3c8d3bb0a5b6e6d3a1c7d9e8f001122334455667788990a1b2"


def test_kernel_interfaces_of_the_largest_project_have_names_that_fit() -> None:
    names = Names("nmt")
    kernel = [names.vtep, names.routing, names.bridge(LARGEST), *names.veth(ENDPOINT), names.tunnel(9_999_999)]
    assert [name for name in kernel if len(name) >= IFNAMSIZ] == []


@pytest.mark.parametrize("instance", ["n", "nm", "nmt", "a1", "z99"])
def test_it_takes_one_to_three_letters_and_digits_for_an_instance(instance: str) -> None:
    assert Names(instance).bridge(7) == f"{instance}-p7"


@pytest.mark.parametrize("instance", ["", "nmtx", "1nm", "NM", "n-m", "n m", "nm\n", "né", "n.m", "n*", "../"])
def test_it_refuses_an_instance_that_makes_no_good_names(instance: str) -> None:
    with pytest.raises(ValueError, match="NETMANAGER_INSTANCE"):
        Names(instance)


@pytest.mark.parametrize("container", ["router", "leases", "7-router", "p7-router", "a"])
def test_no_container_has_the_docker_name_of_a_router(container: str) -> None:
    names = Names("nm")
    routers = {names.router(project) for project in (7, 77, 7777)}
    assert names.container(7, container) not in routers


def test_projects_and_instances_share_no_name() -> None:
    made = [
        name
        for names in (Names("nm"), Names("nmt"))
        for project in (1, 11, 111)
        for name in (names.bridge(project), names.router(project), names.leases(project), names.patch(project, 1),
                     names.vtep_patch(project, 1), names.container(project, "1"), names.vtep, names.routing)
    ]  # fmt: skip
    assert len(made) - len(set(made)) == 2 * 2 * 2  # vtep and routing, which projects have in common


def test_a_project_is_read_from_the_name_of_its_bridge_and_from_no_other() -> None:
    names = Names("nm")
    assert names.project(names.bridge(7)) == 7
    strange = (names.router(7), names.vtep, Names("nmt").bridge(7), "nm-px", "host")
    assert [names.project(name) for name in strange] == [None] * len(strange)


def test_the_two_ends_of_a_veth_pair_differ() -> None:
    host, peer = Names("nm").veth(ENDPOINT)
    assert host != peer


def test_the_wildcard_of_the_firewall_covers_every_interface_of_its_instance_and_of_no_other() -> None:
    names, other = Names("nm"), Names("nmt")
    prefix = names.interfaces.removesuffix("*")
    assert all(name.startswith(prefix) for name in (names.vtep, names.routing, names.bridge(7), *names.veth(ENDPOINT)))
    assert not any(name.startswith(prefix) for name in (other.vtep, other.routing, other.bridge(7), *other.veth(ENDPOINT)))


def test_the_owner_of_a_project_is_also_owned_by_the_instance() -> None:
    names = Names("nm")
    assert names.owner() == {INSTANCE_KEY: "nm"}
    assert names.owner(7) == {INSTANCE_KEY: "nm", PROJECT_KEY: "7"}
