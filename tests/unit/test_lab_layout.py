"""Names, numbers and addresses of a lab."""

from ipaddress import IPv4Interface, IPv4Network

import pytest

from lab.errors import LabError
from lab.layout import MAX_SWITCHES, Layout, host_bridge, link_pattern, namespace_pattern

NETWORK = IPv4Network("198.18.242.0/23")


def layout(sockets: int = 4, switches: int = 1, instance: str = "nmt", network: IPv4Network = NETWORK) -> Layout:
    return Layout(instance, sockets, network, switches)


@pytest.mark.parametrize(
    ("sockets", "switches", "shares"),
    [(4, 1, [[1, 2, 3, 4]]), (4, 2, [[1, 2], [3, 4]]), (5, 2, [[1, 2, 3], [4, 5]]), (3, 3, [[1], [2], [3]])],
)
def test_sockets_are_spread_in_rows_that_differ_by_one_at_most(sockets: int, switches: int, shares: list[list[int]]) -> None:
    room = layout(sockets, switches)
    assert [list(room.sockets_of(switch)) for switch in room.switch_numbers] == shares
    for switch, share in enumerate(shares, 1):
        assert [(room.switch_of(socket), room.of_port(socket)) for socket in share] == [
            (switch, port) for port in range(1, len(share) + 1)
        ]


@pytest.mark.parametrize("socket", [0, -1, 5])
def test_a_socket_that_does_not_exist_is_named(socket: int) -> None:
    with pytest.raises(LabError, match=rf"sockets 1 to 4.* {socket}\."):
        layout().of_port(socket)


def test_dpids_are_16_hexadecimal_digits_of_instance_and_switch() -> None:
    assert [layout(2, 2).dpid(switch) for switch in (1, 2)] == ["6c61626e6d740001", "6c61626e6d740002"]
    assert len({layout(2, 2, instance).dpid(switch) for instance in ("n", "nm", "nmt") for switch in (1, 2)}) == 6


def test_every_interface_of_the_host_has_a_name_that_the_kernel_takes_and_only_this_instances_lab_can_have() -> None:
    room = layout()
    names = [room.host_link(kind, number) for kind in ("c", "l", "p", "s", "u") for number in (1, 9_999_999)]
    assert max(map(len, [*names, room.host_bridge])) <= 15
    assert all(link_pattern("nmt").fullmatch(name) for name in names)
    assert not any(link_pattern(other).fullmatch(name) for name in names for other in ("n", "nm", "t", "lab"))
    assert not any(name.startswith("nmt-") for name in [*names, host_bridge("nmt")])  # which its firewall cuts off


def test_only_a_labs_namespaces_are_its_own() -> None:
    mine = [layout(2, 2).switch_namespace(switch) for switch in (1, 2)] + [layout().laptop_namespace(3)]
    assert mine == ["nmt-lab", "nmt-lab2", "nmt-laptop3"]
    assert all(namespace_pattern("nmt").fullmatch(name) for name in mine)
    assert not any(namespace_pattern("nmt").fullmatch(name) for name in ("nm-lab", "nmt-internet", "nmt-laptop", "nmt-labs"))


def test_control_and_underlay_are_the_halves_of_the_network() -> None:
    room = layout(2, 2)
    assert room.control(1) == (IPv4Interface("198.18.242.2/31"), IPv4Interface("198.18.242.3/31"))
    assert room.control(2) == (IPv4Interface("198.18.242.4/31"), IPv4Interface("198.18.242.5/31"))
    assert room.vtep == IPv4Interface("198.18.243.1/24")
    assert [room.tunnel(switch) for switch in (1, 2)] == [IPv4Interface("198.18.243.11/24"), IPv4Interface("198.18.243.12/24")]


def test_no_laptop_has_the_mac_of_a_container_or_of_another() -> None:
    macs = {layout(300).laptop_mac(socket) for socket in range(1, 301)}
    assert len(macs) == 300
    assert not any(mac.startswith("02:42") for mac in macs)


def test_it_reads_what_it_writes() -> None:
    room = Layout("nmt", 4, NETWORK, 2, "vlan", 6654)
    assert Layout.of_json(room.as_json()) == room


@pytest.mark.parametrize(
    ("sockets", "switches", "network", "complaint"),
    [
        (0, 1, "198.18.242.0/23", "each with a socket"),
        (2, 3, "198.18.242.0/23", "each with a socket"),
        (MAX_SWITCHES + 1, MAX_SWITCHES + 1, "198.18.242.0/23", "each with a socket"),
        (1000, 1, "198.18.242.0/23", "less than 1000"),
        (4, 1, "198.18.242.0/24", "/23"),
    ],
)
def test_it_refuses_a_room_that_cannot_be(sockets: int, switches: int, network: str, complaint: str) -> None:
    with pytest.raises(LabError, match=complaint):
        layout(sockets, switches, network=IPv4Network(network))
