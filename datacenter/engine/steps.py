"""Containers that the classic builder makes for the steps of builds of ours. A killed engine leaves them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from datacenter.engine.connection import Connection, forgiving, label_filter, translated
from datacenter.names import INSTANCE_KEY

NAMED_BY_ENGINE = "^/?[0-9a-z_]+$"  # names that the engine draws by chance have no dash; all of ours have one
NO_LOG = "none"  # log driver of a step's container, and of no other container of ours (moby, builder/dockerfile/internals.go)
HOST = "host"  # the network in which images of our own are built


@dataclass(frozen=True)
class BuildStep:
    """A container of a build's step, which runs, or which a killed engine left."""

    docker_id: str
    name: str
    origin: str  # of the build: the project's network, or the name of an image of our own, without its tag


class Steps(Connection):
    """The engine's containers of build steps.

    A Dockerfile can forge the labels of its steps, but cannot remove the label INSTANCE_KEY. So HostConfig says the origin:
    there the engine keeps what we asked for with the build, from the container's creation to its removal.
    """

    def build_steps(self, owner: Mapping[str, str]) -> list[BuildStep]:
        """Return the containers of steps of all builds of an instance."""
        with translated("Listing containers of builds"):
            steps = [step for step, _ in self._steps()]
        return [step for step in steps if step.origin.startswith(f"{owner[INSTANCE_KEY]}-")]

    def delete_build_steps(self, origin: str) -> None:
        """Remove the containers of steps of all builds of this origin, with their volumes."""
        with translated(f"Removing containers of builds of {origin}"):
            for step, _ in self._steps():
                if step.origin == origin:
                    with forgiving():
                        self._api.remove_container(step.docker_id, force=True, v=True)

    def _steps(self, size: bool = False, **filters: str) -> Iterator[tuple[BuildStep, dict[str, Any]]]:
        """Yield the steps, with the engine's list entries."""
        asked: dict[str, Any] = {**label_filter({INSTANCE_KEY: ""}), "name": NAMED_BY_ENGINE, **filters}
        for listed in self._api.containers(all=True, filters=asked, size=size):
            with forgiving():
                config = self._api.inspect_container(listed["Id"])["HostConfig"]
                if config["LogConfig"]["Type"] == NO_LOG:
                    yield BuildStep(listed["Id"], listed["Names"][0].lstrip("/"), origin_of(config)), listed


def mark(origin: str) -> dict[str, str]:
    """Return the `extra_hosts` of a build in the host's network, which say its origin."""
    return {origin: "127.0.0.1"}


def origin_of(config: Mapping[str, Any]) -> str:
    """Return the origin of a step's container from its HostConfig; nothing if the build is not ours. Pure."""
    network: str = config["NetworkMode"]
    if network != HOST:
        return network
    return next((entry.partition(":")[0] for entry in config["ExtraHosts"] or ()), "")
