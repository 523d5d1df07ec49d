"""What is said of a container that has a row and that the engine does not have."""

from collections.abc import Iterator
from contextlib import contextmanager

from apps.containers.models import Container
from apps.errors import Broken
from datacenter.errors import ContainerMissing


@contextmanager
def present(container: Container) -> Iterator[None]:
    """ContainerMissing becomes Broken."""
    try:
        yield
    except ContainerMissing as error:
        gone = f"Container {container.name} is gone from the Docker host"
        raise Broken("container_lost", f"{gone}; it is made anew within seconds: ask again, or remove it.") from error
