"""The connection to the Docker Engine, and its errors as ours."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import docker
import requests
import urllib3
from docker.errors import APIError, DockerException, ImageNotFound, NotFound

from datacenter.errors import ContainerMissing, DatacenterError, DatacenterUnavailable, ImageMissing

TIMEOUT = 60  # seconds, for one request to the engine
CONNECTIONS = 64  # that are kept: as many as a web process has threads
DOOMED = "marked for removal"  # what the engine says of a container whose removal has begun
# What the engine says of a container and of an image that another call is removing.
GOING = ("already in progress", "unrecognized image ID")


class Connection:
    """A connection to the Docker Engine, opened at first use and kept."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._client: docker.APIClient | None = None

    @property
    def _api(self) -> docker.APIClient:
        if self._client is None:
            self._client = docker.APIClient(base_url=self._url, version="auto", timeout=TIMEOUT, max_pool_size=CONNECTIONS)
        return self._client

    def version(self) -> str:
        """Version of the engine; raises DatacenterUnavailable where none answers."""
        with translated("Asking the engine for its version"):
            return str(self._api.version()["Version"])


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Raise the errors of the engine and its client as DatacenterError, with `what` was being done."""
    try:
        yield
    except ImageNotFound as error:
        raise ImageMissing(f"{what} failed: {error.explanation}.") from error
    except APIError as error:
        said = str(error.explanation or error)
        if (isinstance(error, NotFound) and "no such container" in said.lower()) or DOOMED in said:
            raise ContainerMissing(f"{what} failed: {said}.") from error
        raise DatacenterError(f"{what} failed: {said}.") from error
    except (requests.exceptions.RequestException, urllib3.exceptions.HTTPError) as error:  # the latter in the middle of a stream
        raise DatacenterUnavailable("The Docker Engine does not answer; is dockerd running?") from error
    except DockerException as error:  # the client cannot even ask for the engine's version
        raise DatacenterUnavailable(f"The Docker Engine cannot be reached ({error}); is dockerd running?") from error


@contextmanager
def forgiving() -> Iterator[None]:
    """Forgive that what is to be removed is gone, or going."""
    try:
        yield
    except NotFound:
        pass
    except APIError as error:
        if not any(word in str(error.explanation) for word in GOING):
            raise


def label_filter(labels: Mapping[str, str]) -> dict[str, Any]:
    """The engine's filter for labels; an empty value stands for any."""
    return {"label": [f"{key}={value}" if value else key for key, value in labels.items()]}
