"""Builds of users' Dockerfiles, by the classic builder: BuildKit cannot join a network of ours."""

import io
import json
import logging
import queue
import socket
import subprocess
import tarfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import requests
from docker.errors import APIError, create_api_error_from_http_exception
from docker.types import CancellableStream

from datacenter.engine.connection import TIMEOUT, forgiving, translated
from datacenter.engine.images import Images
from datacenter.engine.steps import Steps
from datacenter.errors import BuildFailed, DatacenterUnavailable

CANCELLED = 30.0  # seconds that the engine has to end a build that is cancelled

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class BuildSpec:
    """An image to build from a Dockerfile alone, inside a network."""

    dockerfile: str
    tag: str
    network: str
    memory: int  # bytes, swap included
    cpuset: str  # as in cgroups: 0-3,5


class Build:
    """A build under way."""

    def __init__(self, response: requests.Response) -> None:
        self._response = response
        self._stream: CancellableStream[bytes] = CancellableStream(response.iter_lines(), response)
        self._lines: queue.Queue[bytes | None] = queue.Queue(1000)
        self._reader = threading.Thread(target=self._read, name="build", daemon=True)
        self._reader.start()
        self.image_id = ""

    def output(self, tick: float) -> Iterator[str]:
        """What the build prints, as it comes, and an empty string after each `tick` seconds of silence.

        Raises BuildFailed with the engine's reason, or DatacenterUnavailable if the engine ends in the middle.
        """
        while (line := self._next(tick)) is not None:
            said = json.loads(line) if line else {}
            if "error" in said:
                raise BuildFailed(str(said["error"]).strip())
            self.image_id = said.get("aux", {}).get("ID", self.image_id)
            yield str(said.get("stream", ""))
        if not self.image_id:
            raise DatacenterUnavailable("The Docker Engine ended in the middle of a build; is dockerd running?")

    def close(self) -> None:
        """Have the engine cancel the build, if it is not at its end, and hear it out, for it finishes a step."""
        with suppress(OSError, AttributeError):  # the latter where all has been read
            _connection_of(self._response).shutdown(socket.SHUT_WR)
        deadline = time.monotonic() + CANCELLED
        while self._reader.is_alive() and time.monotonic() < deadline:
            self._next(0.05)
        if self._reader.is_alive():
            log.error("the engine has not ended a cancelled build within %g s", CANCELLED)
        with suppress(OSError, AttributeError):
            self._stream.close()
        while self._reader.is_alive() or not self._lines.empty():
            self._next(0.05)

    def _next(self, tick: float) -> bytes | None:
        try:
            return self._lines.get(timeout=tick)
        except queue.Empty:
            return b""

    def _read(self) -> None:
        try:
            for line in self._stream:
                self._lines.put(line)
        except Exception:  # noqa: S110  (whatever ends the stream, the reader of the lines finds that there is no image)
            pass
        self._lines.put(None)


class Builds(Images, Steps):
    """The engine's builder."""

    @contextmanager
    def build(self, spec: BuildSpec) -> Iterator[Build]:
        """A build under way; it is cancelled where the block ends before it, and its containers are removed. Layers stay.

        Raises BuildFailed where the engine refuses the Dockerfile.
        """
        with translated(f"Building image {spec.tag}"):
            build = Build(self._begin(spec))
        try:
            yield build
        finally:
            build.close()
            self.delete_build_steps(spec.network)

    def build_size(self, network: str) -> int:
        """Bytes of the image that is being built in the network, with what its running step has written by now."""
        with translated("Measuring a build"):
            steps = self._steps(size=True, network=network)
            return max((self._size(listed) for _, listed in steps), default=0)

    def _begin(self, spec: BuildSpec) -> requests.Response:
        parameters: dict[str, str | int] = {
            "t": spec.tag, "networkmode": spec.network, "rm": 1, "forcerm": 1, "version": "1",
            "memory": spec.memory, "memswap": spec.memory, "cpusetcpus": spec.cpuset,
        }  # fmt: skip
        response = self._api.post(
            f"{self._api.base_url}/v{self._api.api_version}/build",
            params=parameters,
            data=_context(spec.dockerfile),
            headers={"Content-Type": "application/x-tar"},
            stream=True,
            timeout=(TIMEOUT, None),
        )
        try:
            response.raise_for_status()
        except requests.exceptions.HTTPError as error:
            refusal = _as_api_error(error)
            if refusal.is_client_error() or "parse error" in str(refusal.explanation):
                raise BuildFailed(str(refusal.explanation).strip()) from error
            raise refusal from error
        return response

    def _size(self, listed: Mapping[str, Any]) -> int:
        size = int(listed.get("SizeRootFs", 0))
        if listed["Mounts"]:  # which does not tell where they are
            with forgiving():
                mounts = self._api.inspect_container(listed["Id"])["Mounts"]
                size += sum(_size_of(mount["Source"]) for mount in mounts if mount["Type"] == "volume" and mount["Source"])
        return size


def _connection_of(response: requests.Response) -> socket.socket:
    """The socket under a response that is being streamed, by the way that docker-py's CancellableStream takes."""
    raw: Any = response.raw
    connection: socket.socket = raw._fp.fp.raw._sock  # noqa: SLF001
    return connection


def _context(dockerfile: str) -> bytes:
    """A build context that has nothing but the Dockerfile."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        content = dockerfile.encode()
        entry = tarfile.TarInfo("Dockerfile")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    return packed.getvalue()


def _size_of(directory: str) -> int:
    """Bytes on disk, at any depth: du goes on where a path is too long for os.walk. What goes meanwhile counts for nothing."""
    told = subprocess.run(["du", "-sxB1", directory], capture_output=True, text=True, check=False).stdout
    return int(told.split()[0]) if told else 0


def _as_api_error(error: requests.exceptions.HTTPError) -> APIError:
    try:
        create_api_error_from_http_exception(error)
    except APIError as refusal:
        return refusal
    raise error
