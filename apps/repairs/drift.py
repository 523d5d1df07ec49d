"""A difference between what is and what should be."""

from dataclasses import dataclass
from enum import StrEnum

HOST = 0  # in place of a project: what all of them need


class Part(StrEnum):
    """What is amiss, by the way in which it is put right."""

    HOST = "host"  # bridges, firewall and networks that all projects need
    LEFTOVER = "leftover"  # of a project that has no network
    NETWORK = "network"  # a project's bridge, tunnels, Docker network and router
    FLOWS = "flows"  # of a project, by which its tunnels are joined to its bridge
    RULES = "rules"  # of a router
    CONTAINER = "container"
    CONNECTION = "connection"  # of a container that runs to its bridge
    PORT = "port"  # of a bridge, that leads to nothing
    LINK = "link"  # an interface of the host that belongs to nothing
    NAME = "name"  # for which a router answers
    SOCKET = "socket"
    STEP = "step"  # of a build: its container


@dataclass(frozen=True, order=True)
class Drift:
    """One difference: where it is, and a sentence on what is amiss there."""

    project_id: int
    part: Part
    where: str
    why: str

    def __str__(self) -> str:
        of = f"project {self.project_id}" if self.project_id else "host"
        return f"{of}: {self.part} {self.where}: {self.why}"


def part_of(sentence: str) -> Part:
    """The part that a difference was told of by `str`."""
    return Part(sentence.split(": ")[1].split(" ", maxsplit=1)[0])
