"""Every number of a project follows from its VLAN (DESIGN: Numbers); pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

FIRST_VLAN, LAST_VLAN = 2, 4094
ROUTER, DHCP_FIRST, DHCP_LAST = 1, 2, 127
CONTAINER_FIRST, CONTAINER_LAST = 128, 239
BUILD_FIRST, DOCKER_GATEWAY = 240, 254


def mac_of(ip: IPv4Address | str) -> str:
    """`02:42` and the four bytes of the address: what Docker itself would use, and stable."""
    return "02:42:" + IPv4Address(ip).packed.hex(":")


def is_router(address: IPv4Interface) -> bool:
    """Whether an address on a project's network is its router's (.1)."""
    return address.ip == address.network[ROUTER]


@dataclass(frozen=True)
class Subnet:
    """The /24 of a project."""

    network: IPv4Network

    @property
    def router(self) -> IPv4Address:
        return self.network[ROUTER]

    @property
    def dhcp(self) -> tuple[IPv4Address, IPv4Address]:
        """First and last address leased to the project's sockets."""
        return self.network[DHCP_FIRST], self.network[DHCP_LAST]

    @property
    def containers(self) -> Iterator[IPv4Address]:
        """Addresses of containers, in the order they are given out."""
        return (self.network[host] for host in range(CONTAINER_FIRST, CONTAINER_LAST + 1))

    @property
    def builds(self) -> IPv4Network:
        """Docker's own `--ip-range`, used by image builds."""
        return IPv4Network((self.network[BUILD_FIRST], 28))

    @property
    def docker_gateway(self) -> IPv4Address:
        """Gateway in name only: Docker reserves it, so it must not be the router's."""
        return self.network[DOCKER_GATEWAY]


@dataclass(frozen=True)
class Plan:
    """Address plan of an instance: a pool of 4096 /24 subnets and a pool of 4096 public addresses."""

    projects: IPv4Network
    public: IPv4Network

    def __post_init__(self) -> None:
        if self.projects.prefixlen > 12:
            raise ValueError(f"NETMANAGER_PROJECT_POOL {self.projects} is smaller than a /12 (4096 subnets).")
        if self.public.prefixlen > 20:
            raise ValueError(f"NETMANAGER_PUBLIC_POOL {self.public} is smaller than a /20 (4096 addresses).")
        if self.projects.overlaps(self.public):
            raise ValueError(f"NETMANAGER_PROJECT_POOL {self.projects} and NETMANAGER_PUBLIC_POOL {self.public} overlap.")

    @property
    def public_gateway(self) -> IPv4Address:
        return self.public[1]

    def subnet(self, vlan: int) -> Subnet:
        """The VLAN-th /24 of the project pool."""
        return Subnet(IPv4Network((self.projects[vlan * 256], 24)))

    def public_address(self, vlan: int) -> IPv4Address:
        """The VLAN-th address of the public pool: the WAN side of the project's router."""
        return self.public[vlan]
