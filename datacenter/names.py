"""Names of host objects from ids, and who owns them; pure."""

import re
from dataclasses import dataclass

INSTANCE = re.compile(r"[a-z][a-z0-9]{0,2}")
INSTANCE_KEY = "netmanager.instance"
PROJECT_KEY = "netmanager.project"
CONTAINER_KEY = "netmanager.container"
BUILD_KEY = "netmanager.build"  # of an image, layers included: project for which it was built from a Dockerfile
SWITCH_KEY = "netmanager.switch"  # of a tunnel port or trunk NIC: the switch it leads to
TRUNK_KEY = "netmanager.trunk"  # of a trunk NIC
NETWORK_KEY = "netmanager.network"  # of a bridge: id of its Docker network
UPLINK_KEY = "netmanager.uplink"  # of the port of the routing bridge that is the uplink NIC
ENDPOINT_KEY = "iface-id"  # of a port: id of its Docker endpoint, in the words of Open vSwitch's integrators
ADDRESS_KEY = "netmanager.address"  # of a port: address of its endpoint, with prefix length
MTU_KEY = "netmanager.mtu"  # of a bridge: bytes
GATEWAY_KEY = "netmanager.gateway"  # of the routing bridge: the public pool's gateway

DOMAIN = "lab.internal"
ROUTER_HOSTNAME = "router"  # what a project's router is called in its own network


def project_domain(project_id: int) -> str:
    """The DNS domain of a project: `p7.lab.internal`."""
    return f"p{project_id}.{DOMAIN}"


@dataclass(frozen=True)
class Names:
    """Names of everything one instance makes; kernel interfaces stay within 15 characters."""

    instance: str

    def __post_init__(self) -> None:
        if not INSTANCE.fullmatch(self.instance):
            raise ValueError(
                f"NETMANAGER_INSTANCE is {self.instance!r}; use one to three lower-case letters and "
                "digits, beginning with a letter (a bridge name is instance-p<id>, 15 characters at most)."
            )

    @property
    def vtep(self) -> str:
        """Bridge between the projects' bridges and the room's switches."""
        return f"{self.instance}-vtep"

    @property
    def routing(self) -> str:
        """Bridge between the projects' routers and the uplink; also the name of its Docker network."""
        return f"{self.instance}-routing"

    @property
    def driver(self) -> str:
        """Name of the Docker network driver."""
        return self.instance

    @property
    def driver_socket(self) -> str:
        """Unix socket where dockerd looks for the driver (its plugin discovery directory)."""
        return f"/run/docker/plugins/{self.instance}.sock"

    @property
    def router_image(self) -> str:
        return f"{self.instance}-router:latest"

    @property
    def table(self) -> str:
        """Name of the host's nftables tables, in the families inet and arp."""
        return f"netmanager-{self.instance}"

    @property
    def interfaces(self) -> str:
        """nftables wildcard for every host interface of this instance."""
        return f"{self.instance}-*"

    def bridge(self, project_id: int) -> str:
        """Bridge of a project; also the name of its Docker network."""
        return f"{self.instance}-p{project_id}"

    def project(self, bridge: str) -> int | None:
        """The project whose bridge has this name; None if it is no project's bridge of this instance."""
        found = re.fullmatch(rf"{self.instance}-p(\d+)", bridge)
        return int(found[1]) if found else None

    def router(self, project_id: int) -> str:
        return f"{self.instance}-p{project_id}-router"

    def leases(self, project_id: int) -> str:
        """Docker volume with the router's DHCP leases."""
        return f"{self.instance}-p{project_id}-leases"

    def container(self, project_id: int, name: str) -> str:
        """Docker's name of a container; `.` cannot be in a name, so it never equals the router's."""
        return f"{self.instance}-p{project_id}.{name}"

    def next_container(self, project_id: int, name: str) -> str:
        """Docker's name of the container that takes another's place, until it has."""
        return f"{self.container(project_id, name)}.next"

    def image(self, project_id: int, name: str, build: str) -> str:
        """Reference of the image of a container that was built from a Dockerfile; `build` tells one build from another."""
        return f"{self.instance}-p{project_id}/{name}:{build}"

    def tunnel(self, switch_id: int) -> str:
        """VXLAN port on the VTEP bridge that leads to a switch."""
        return f"{self.instance}-vx{switch_id}"

    def patch(self, project_id: int, switch_id: int) -> str:
        """Patch port on the project's bridge that leads to the VTEP bridge; for a trunk NIC, the first of its switches counts."""
        return f"{self.instance}-p{project_id}-s{switch_id}"

    def vtep_patch(self, project_id: int, switch_id: int) -> str:
        """Patch port on the VTEP bridge that leads to the project's bridge."""
        return f"{self.instance}-s{switch_id}-p{project_id}"

    def veth(self, endpoint_id: str) -> tuple[str, str]:
        """(host end, container end) of the veth pair of a Docker endpoint."""
        return f"{self.instance}-h{endpoint_id[:9]}", f"{self.instance}-c{endpoint_id[:9]}"

    def build(self, project_id: int) -> dict[str, str]:
        """Labels of every image that builds for a project make, layers included."""
        return self.owner() | {BUILD_KEY: str(project_id)}

    def owner(self, project_id: int | None = None) -> dict[str, str]:
        """Labels and external_ids of what this instance made, for a project or for all."""
        instance = {INSTANCE_KEY: self.instance}
        return instance if project_id is None else instance | {PROJECT_KEY: str(project_id)}
