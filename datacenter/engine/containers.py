"""Containers of the Docker Engine."""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv4Interface
from typing import Any

import requests
from docker.errors import APIError
from docker.types import LogConfig, Mount

from datacenter.endpoints import Endpoint
from datacenter.engine.connection import DOOMED, Connection, forgiving, label_filter, translated
from datacenter.engine.shims import BETWEEN, LOST_TRACK, end_shims, on_track, shims
from datacenter.errors import DatacenterError, StartRefused
from datacenter.names import INSTANCE_KEY

STOP_TIMEOUT = 5  # seconds between SIGTERM and SIGKILL
# Engine 26 takes the end of what a container was for that of what it is, waits 2 s for its output, and tries to start it again.
SETTLED = 3.5  # seconds after a start when that cannot come any more; more than 3, for starts are known in whole seconds
NO_END = re.compile(r"is not running|did not receive an exit event")  # what it says where it stops one that it has lost
TRIES_LAST = 15.0  # seconds in which a container that was lost should be so
# Not `unless-stopped`: an engine that comes back after a SIGKILL stops the containers it finds alive, takes that for
# somebody's wish (moby 20.10, daemon.restore) and leaves them stopped. So a stopped container has no policy at all.
RUNNING: Any = {"Name": "always", "MaximumRetryCount": 0}
STOPPED: Any = {"Name": "no", "MaximumRetryCount": 0}  # a policy that the stubs of docker do not know
# A start that fails for another reason fails for what is in the image: its user, its directory, its command. The
# engine's status codes do not tell (400, 404 and 500 for either).
NO_COMMAND = "No command specified"
ENGINES_OWN_TROUBLE = ("no such container", DOOMED, "endpoint", "network", "no space left", "driver")
UNKNOWN_USER = re.compile(r"unable to find (user|group) [^:]*")  # whose name may be any of these words
LAST_LINES = 5  # of the log of a container that does not stay up
SHORT_ID = 12  # characters of Docker's short id


@dataclass(frozen=True)
class ContainerSpec:
    """A container to make; `networks` are (network, address) in the order they are connected."""

    name: str
    image: str
    networks: tuple[tuple[str, IPv4Address], ...]
    labels: Mapping[str, str]
    hostname: str
    command: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    dns: tuple[str, ...] = ()
    dns_search: tuple[str, ...] = ()
    memory: int | None = None  # bytes
    cpus: float | None = None  # cores
    pids: int | None = None
    cap_drop: tuple[str, ...] = ()
    cap_add: tuple[str, ...] = ()
    sysctls: Mapping[str, str] = field(default_factory=dict)
    binds: tuple[tuple[str, str], ...] = ()  # (host directory, path), read-only
    volumes: tuple[tuple[str, str], ...] = ()  # (volume name, path)
    sharing: str = ""  # the container whose volumes it is to have too
    keep_running: bool = True  # the engine starts it again whenever it ends


@dataclass(frozen=True)
class ContainerState:
    """What the engine says of a container."""

    docker_id: str
    name: str
    status: str  # Docker's word: created, running, paused, restarting, removing, exited, dead
    labels: Mapping[str, str]
    endpoints: Mapping[str, Endpoint]  # by id: its connections to networks, while it runs

    @property
    def doomed(self) -> bool:
        """Whether its removal has begun: the engine does nothing else with it, and goes on once it is asked again."""
        return self.status in ("removing", "dead")


class Containers(Connection):
    """The engine's containers."""

    def create_container(self, spec: ContainerSpec) -> str:
        """Short id of a new, stopped container; a leftover of the same name and owner is removed first.

        Raises ImageMissing, StartRefused, or DatacenterError if another owner's container has the name.
        """
        with translated(f"Making container {spec.name}"), _mountable():
            try:
                made = self._create(spec)
            except APIError as error:
                if NO_COMMAND in str(error.explanation):
                    raise StartRefused("The image has no command; give it a CMD or an ENTRYPOINT.") from error
                if error.status_code != requests.codes.conflict:
                    raise
                self._remove_leftover(spec)
                made = self._create(spec)
            for network, address in spec.networks[1:]:
                self._api.connect_container_to_network(made, network, ipv4_address=str(address))
            return made[:SHORT_ID]

    def containers(self, labels: Mapping[str, str]) -> list[ContainerState]:
        """All containers of ours, running or not, that carry the labels, in one request; a build's, which may too, is none."""
        with translated("Listing containers"):
            found = [_state(listed) for listed in self._api.containers(all=True, filters=label_filter(labels))]
        return [one for one in found if one.name.startswith(f"{labels[INSTANCE_KEY]}-")]

    def endpoints(self) -> frozenset[str]:
        """Ids of the connections to networks of every container of the engine, whoever made it."""
        with translated("Listing containers"):
            listed = self._api.containers(all=True)
        networks = [network for one in listed for network in one["NetworkSettings"]["Networks"].values()]
        return frozenset(network["EndpointID"] for network in networks if network["EndpointID"])

    def start(self, container: str) -> None:
        """Start a container; a running one is left alone. Raises StartRefused, ContainerMissing."""
        with translated(f"Starting container {container}"), _starting():
            self._start(container, lambda: self._api.start(container))

    def keep_running(self, container: str) -> None:
        """Have the engine start the container again whenever it ends, also after `stop`."""
        with translated(f"Changing container {container}"):
            self._api.update_container(container, restart_policy=RUNNING)

    def stop(self, container: str) -> None:
        """Stop a container, within STOP_TIMEOUT and for good; a stopped one is left alone."""
        with translated(f"Stopping container {container}"):
            certain = self._is_certain_of(container)
            self._api.update_container(container, restart_policy=STOPPED)
            self._api.stop(container, timeout=STOP_TIMEOUT)
        if not certain:
            end_shims(container)

    def restart(self, container: str) -> None:
        """Stop and start a container, whatever state it is in. Raises StartRefused, ContainerMissing."""
        with translated(f"Restarting container {container}"), _starting():
            self._start(container, lambda: self._api.restart(container, timeout=STOP_TIMEOUT))

    def _start(self, container: str, start: Callable[[], None]) -> None:
        """Start a container this way; all processes of one of which the engine has lost track end first."""
        if not self._has_lost(container):
            return on_track(container, start)
        deadline = time.monotonic() + TRIES_LAST
        while True:
            self._stop_lost(container)
            strayed = end_shims(container)
            on_track(container, lambda: self._api.start(container))  # it is stopped: engine 26 refuses to restart such a one
            if not strayed or not self._has_lost(container, again=True) or time.monotonic() > deadline:
                return None

    def _has_lost(self, container: str, *, again: bool = False) -> bool:
        """Whether the engine has lost track of a container: tries to start it, or could not for what is in the way.

        A try looks like a container that runs well. So one that the engine started by itself a moment ago is looked at until it
        is SETTLED; `again`: any that was started a moment ago.
        """
        while True:
            found = self._api.inspect_container(container)
            state = found["State"]
            if state["Restarting"] or not state["Running"]:
                return bool(state["Restarting"] or LOST_TRACK.search(state["Error"]))
            age = time.time() - (_epoch(state["StartedAt"]) or 0)
            if age > SETTLED or not (again or found["RestartCount"]):
                return False
            time.sleep(BETWEEN)  # no event tells that it is settled

    def _stop_lost(self, container: str) -> None:
        """Have the engine no longer start a container; it may take it for ended already, or wait in vain for its end."""
        try:
            self._api.stop(container, timeout=0)
        except APIError as error:
            if not NO_END.search(str(error.explanation)):
                raise

    def _is_certain_of(self, container: str) -> bool:
        """Whether the engine surely knows all that runs of a container. If not, some may outlive its end or its removal."""
        found = self._api.inspect_container(container)
        return bool(found["State"]["Running"] and not found["State"]["Restarting"] and not found["RestartCount"])

    def delete_containers(self, labels: Mapping[str, str]) -> list[ContainerState]:
        """Remove all containers that carry the labels, running or not, with their anonymous volumes; what they were.

        One after the other: where more than two leave a network at once, the engine miscounts who is in it, and keeps it.
        """
        found = self.containers(labels)
        for container in found:
            self.delete_container(container)
        return found

    def delete_container(self, container: ContainerState) -> None:
        """Remove a container, running or not, with the anonymous volumes that no other has.

        The engine does so in one call: were it two, who is lost between them would leave volumes that nobody knows.
        """
        certain = False
        with translated(f"Removing container {container.name}"), forgiving():
            certain = self._is_certain_of(container.docker_id)
            self._api.remove_container(container.docker_id, force=True, v=True)
        if not certain:
            end_shims(container.docker_id)

    def rename(self, container: str, name: str) -> None:
        """Give a container another name."""
        with translated(f"Naming container {container} {name}"):
            self._api.rename(container, name)

    def ends_within(self, container: str, seconds: int) -> str:
        """How a container that was started ended, if it does so within so many seconds; else nothing."""
        with translated(f"Waiting for container {container}"):
            try:
                status = self._api.wait(container, timeout=seconds)["StatusCode"]
            except (requests.exceptions.ReadTimeout, requests.exceptions.ConnectionError):
                return ""
            lines = self._api.logs(container, tail=LAST_LINES).decode(errors="replace").split("\n")
        said = " / ".join(line.strip() for line in lines if line.strip())
        return f"it ended at once with status {status}; its last lines: {said or 'none'}"

    def execute(self, container: str, command: list[str]) -> tuple[int, str]:
        """(exit status, output of both streams) of a command run in a running container."""
        with translated(f"Running {command[0]} in {container}"):
            made = self._api.exec_create(container, command)
            output = self._api.exec_start(made["Id"])
            return int(self._api.exec_inspect(made["Id"])["ExitCode"]), output.decode(errors="replace")

    def wait_for_log(self, container: str, text: str) -> None:
        """Return when the container has logged the text since its last start; DatacenterError if it ended before."""
        with translated(f"Reading the log of {container}"):
            state = self._api.inspect_container(container)["State"]
            # Not since StartedAt: the engine writes that down when the process has run, and logged, for a while already.
            logged = self._api.logs(container, stream=True, follow=True, since=_epoch(state["FinishedAt"]))
            last = b""
            for chunk in logged:
                last = (last + chunk)[-2000:]
                if text.encode() in last:
                    logged.close()
                    return
        lines = last.decode(errors="replace").strip().splitlines()
        raise DatacenterError(f"Container {container} ended before it was ready: {' / '.join(lines[-3:]) or 'no output'}.")

    def _create(self, spec: ContainerSpec) -> str:
        network, address = spec.networks[0]
        mounts = [Mount(path, directory, type="bind", read_only=True) for directory, path in spec.binds]
        mounts += [Mount(path, volume, type="volume") for volume, path in spec.volumes]
        host = self._api.create_host_config(
            network_mode=network, init=True, restart_policy=RUNNING if spec.keep_running else STOPPED,
            volumes_from=[spec.sharing] if spec.sharing else None,
            dns=list(spec.dns) or None, dns_search=list(spec.dns_search) or None,
            mem_limit=spec.memory, nano_cpus=int(spec.cpus * 1e9) if spec.cpus else None, pids_limit=spec.pids,
            cap_drop=list(spec.cap_drop) or None, cap_add=list(spec.cap_add) or None,
            sysctls=dict(spec.sysctls) or None, mounts=mounts or None,
            log_config=LogConfig(type="json-file", config={"max-size": "10m", "max-file": "2"}),
        )  # fmt: skip
        endpoint = self._api.create_endpoint_config(ipv4_address=str(address))
        made = self._api.create_container(
            spec.image, command=spec.command, name=spec.name, hostname=spec.hostname, host_config=host,
            environment=dict(spec.environment), labels=dict(spec.labels), stop_timeout=STOP_TIMEOUT,
            networking_config=self._api.create_networking_config({network: endpoint}),  # type: ignore[arg-type]  # wrong stubs
        )  # fmt: skip
        return str(made["Id"])

    def _remove_leftover(self, spec: ContainerSpec) -> None:
        found = self._api.inspect_container(spec.name)
        if not spec.labels.items() <= (found["Config"]["Labels"] or {}).items():
            raise DatacenterError(f"A container {spec.name} exists and is not ours; rename or remove it.")
        self._api.remove_container(found["Id"], force=True, v=True)


@contextmanager
def _mountable() -> Iterator[None]:
    """A volume over a file of the image becomes StartRefused."""
    try:
        yield
    except APIError as error:
        if "is not directory" not in str(error.explanation):
            raise
        raise StartRefused("The container could not be made: a volume belongs where its image has a file.") from error


@contextmanager
def _starting() -> Iterator[None]:
    """What the image is to blame for becomes StartRefused."""
    try:
        yield
    except APIError as error:
        said = str(error.explanation)
        if LOST_TRACK.search(said) or any(word in UNKNOWN_USER.sub("", said).lower() for word in ENGINES_OWN_TROUBLE):
            raise
        raise StartRefused(f"The container could not be started: {said}.") from error


def _state(listed: Mapping[str, Any]) -> ContainerState:
    """From an entry of the engine's list of containers.

    One that the engine is to start again does not run. If it does, the engine has lost track of it, and does not start it.
    """
    status = "exited" if listed["State"] == "restarting" and shims(listed["Id"]) else listed["State"]
    networks = listed["NetworkSettings"]["Networks"].values()
    endpoints = {network["EndpointID"]: _endpoint(network) for network in networks if network["IPAddress"]}
    name = listed["Names"][0].lstrip("/")
    return ContainerState(listed["Id"][:SHORT_ID], name, status, listed["Labels"], endpoints)


def _endpoint(network: Mapping[str, Any]) -> Endpoint:
    """From an entry of a container's networks."""
    address = IPv4Interface((network["IPAddress"], network["IPPrefixLen"]))
    return Endpoint(network["EndpointID"], network["NetworkID"], address, network["MacAddress"])


def _epoch(timestamp: str) -> int | None:
    """Whole seconds since 1970 of Docker's RFC 3339 time with nanoseconds; None for its zero time, which is the year 1."""
    seconds = int(datetime.fromisoformat(timestamp[:19]).replace(tzinfo=UTC).timestamp())
    return seconds if seconds > 0 else None
