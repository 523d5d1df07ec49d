"""Logs of containers."""

import requests
from docker.errors import APIError

from datacenter.engine.connection import Connection, translated
from datacenter.errors import ContainerMissing

# The engine cuts what a container writes at line ends, and longer lines into entries of so many bytes (moby,
# daemon/logger/copier.go); each byte that is not UTF-8 comes out of json-file as the three of U+FFFD.
ENTRY = 16 * 1024


class Logs(Connection):
    """The containers' logs."""

    def log(self, container: str, entries: int) -> bytes:
        """The last so many entries of both streams, in the order they were written, of 3 * ENTRY bytes each at most.

        Raises ContainerMissing, also while it is being removed.
        """
        with translated(f"Reading the log of {container}"):
            try:
                return self._api.logs(container, tail=entries)
            except APIError as error:
                if error.status_code != requests.codes.conflict:  # "dead or marked for removal"
                    raise
                raise ContainerMissing(f"Container {container} is being removed.") from error
