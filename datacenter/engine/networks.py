"""Docker networks of our driver."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network

from docker.errors import APIError
from docker.types import IPAMConfig, IPAMPool

from datacenter.engine.connection import Connection, forgiving, label_filter, translated
from datacenter.errors import DatacenterError

LEAVING = 20.0  # seconds for the last container to be gone
IN_USE = "has active endpoints"  # what the engine says of a network that has one


@dataclass(frozen=True)
class NetworkSpec:
    """A Docker network of our driver, on a bridge that already exists."""

    name: str
    driver: str
    bridge: str
    subnet: IPv4Network
    gateway: IPv4Address
    ip_range: IPv4Network | None
    labels: Mapping[str, str]


class Networks(Connection):
    """The engine's networks."""

    def ensure_network(self, spec: NetworkSpec) -> str:
        """Id of the network, made if it is missing; DatacenterError if another owner has its name."""
        with translated(f"Making Docker network {spec.name}"):
            present = [n for n in self._api.networks(names=[f"^{spec.name}$"]) if n["Name"] == spec.name]
            if present and not spec.labels.items() <= (present[0]["Labels"] or {}).items():
                raise DatacenterError(f"Docker network {spec.name} exists and is not ours; rename or remove it.")
            if present:
                return str(present[0]["Id"])
            pool = IPAMPool(
                subnet=str(spec.subnet),
                gateway=str(spec.gateway),
                iprange=str(spec.ip_range) if spec.ip_range else None,
            )
            made = self._api.create_network(
                spec.name,
                driver=spec.driver,
                options={"netmanager.bridge": spec.bridge},
                ipam=IPAMConfig(pool_configs=[pool]),
                labels=dict(spec.labels),
                check_duplicate=True,
            )
            return str(made["Id"])

    def networks(self, labels: Mapping[str, str]) -> dict[str, str]:
        """Ids of the networks that carry the labels, by name."""
        with translated("Listing networks"):
            return {network["Name"]: network["Id"] for network in self._api.networks(filters=label_filter(labels))}

    def delete_networks(self, labels: Mapping[str, str]) -> None:
        """Remove all networks that carry the labels; what leaves one just now is waited for."""
        with translated("Listing networks"):
            found = self._api.networks(filters=label_filter(labels))
        for network in found:
            with translated(f"Removing Docker network {network['Name']}"), forgiving():
                self._remove_network(network["Id"])

    def _remove_network(self, network: str) -> None:
        """On a busy machine the engine takes seconds to start and then remove the container of a build that was cancelled."""
        deadline = time.monotonic() + LEAVING
        while True:
            try:
                self._api.remove_network(network)
            except APIError as error:
                if IN_USE not in str(error.explanation):
                    raise
                if time.monotonic() > deadline:
                    raise self._in_use(network) from error
            else:
                return
            time.sleep(0.2)

    def _in_use(self, network: str) -> DatacenterError:
        """What to tell of a network that cannot be removed: who is in it, or that nobody is (moby issue 42119)."""
        found = self._api.inspect_network(network)
        names = ", ".join(sorted(container["Name"] for container in found["Containers"].values()))
        if names:
            return DatacenterError(f"Docker network {found['Name']} is in use by {names}; remove that.")
        return DatacenterError(f"The engine miscounts who is in Docker network {found['Name']}: nobody is. Restart dockerd.")
