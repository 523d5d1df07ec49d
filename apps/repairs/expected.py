"""What should be, as plain values."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class ExpectedContainer:
    """A container as its row has it."""

    name: str  # in the project
    docker_id: str
    ip: str
    running: bool


@dataclass(frozen=True)
class ExpectedProject:
    """A project whose network stands."""

    project_id: int
    vlan: int
    network_id: str
    router_id: str
    containers: tuple[ExpectedContainer, ...]
    coming: frozenset[str] = frozenset()  # names of containers that an operation is making


@dataclass(frozen=True)
class ExpectedSocket:
    """A socket of a switch that is connected."""

    number: int
    project_id: int | None
    vlan: int | None
    applied: int | None


@dataclass(frozen=True)
class Expected:
    """The whole."""

    projects: Mapping[int, ExpectedProject]
    half_made: frozenset[int]  # projects whose network was being built or removed by an operation that has ended
    leads: Mapping[str, Mapping[str, str]]  # ports of the VTEP bridge that lead to switches: their external_ids
    sockets: tuple[ExpectedSocket, ...]
