"""Which DNS servers routers ask."""

from ipaddress import IPv4Address
from pathlib import Path

import pytest
from pytest_django import Settings

from apps import host


@pytest.fixture(autouse=True)
def no_servers_in_the_settings(settings: Settings) -> None:
    settings.NETMANAGER_DNS = []


@pytest.mark.parametrize(
    ("text", "servers"),
    [
        ("nameserver 192.0.2.53\nnameserver 192.0.2.54\n", ["192.0.2.53", "192.0.2.54"]),
        ("nameserver 127.0.0.53\nnameserver 127.0.0.1\nnameserver 0.0.0.0\n", []),
        ("nameserver 2001:db8::53\nnameserver fe80::1%eth0\nnameserver 192.0.2.53\n", ["192.0.2.53"]),
        ("# nameserver 192.0.2.1\n; nameserver 192.0.2.2\nsearch nameserver\nnameserver\n", []),
        ("nameserver\t192.0.2.53   # ours\noptions edns0\n\n", ["192.0.2.53"]),
        ("nameserver dns.example\nnameserver 192.0.2\nnameserver 192.0.2.53\n", ["192.0.2.53"]),
        ("", []),
    ],
)
def test_the_hosts_own_ipv4_servers_are_found(tmp_path: Path, text: str, servers: list[str]) -> None:
    (tmp_path / "resolv.conf").write_text(text)
    assert host.dns_servers(tmp_path / "resolv.conf") == tuple(map(IPv4Address, servers))


def test_a_host_without_resolv_conf_has_none(tmp_path: Path) -> None:
    assert host.dns_servers(tmp_path / "missing") == ()


def test_the_setting_comes_before_the_file(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "resolv.conf").write_text("nameserver 192.0.2.53\n")
    settings.NETMANAGER_DNS = [IPv4Address("198.51.100.53")]
    assert host.dns_servers(tmp_path / "resolv.conf") == (IPv4Address("198.51.100.53"),)
