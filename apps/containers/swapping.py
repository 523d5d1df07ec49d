"""Gives a container another image: a new one takes its place, with its name, address, limits and volumes, or it stays."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from apps import host
from apps.containers.models import Container, Desired
from apps.containers.provisioning import container_labels, container_spec, replaced, settle, startable
from apps.errors import Rejected
from apps.operations.locks import Lease, LeaseLost
from datacenter.engine import ContainerSpec, ContainerState
from datacenter.errors import DatacenterError, StartRefused

AT_ONCE = 2  # seconds; a container that ends within them does not replace one


def swap(container: Container, image: str, dockerfile: str, lease: Lease) -> None:
    """Have the container run the image; if that does not stay up, the old one is running again and Rejected raised.

    One that is stopped stays so. What is interrupted here is put right by the next start, restart or update.
    """
    settle(container)
    old = next((one for one in host.engine.containers(container_labels(container))), None)
    was = container.docker_id
    container.image, container.command, container.dockerfile = image, "", dockerfile
    with startable():
        container.docker_id = host.engine.create_container(_successor(container, old))
    with _old_one_back(container, was, old, lease):
        lease.check()
        if container.desired == Desired.RUNNING:
            _replace_running(container, old)
        lease.check()
        replaced(container, was, "image", "command", "dockerfile")
    with suppress(DatacenterError):  # the new one runs and is known: the next change settles what is left
        settle(container)


def _successor(container: Container, old: ContainerState | None) -> ContainerSpec:
    """What takes the place; the engine does not start it again before it has."""
    name = host.names.next_container(container.project_id, container.name)
    return replace(container_spec(container), name=name, sharing=old.docker_id if old else "", keep_running=False)


def _replace_running(container: Container, old: ContainerState | None) -> None:
    if old:
        host.engine.stop(old.docker_id)  # it has the address
    try:
        host.engine.start(container.docker_id)
    except StartRefused as error:
        raise Rejected("start_failed", f"{error} The old container runs again.") from error
    if ended := host.engine.ends_within(container.docker_id, AT_ONCE):
        raise Rejected("start_failed", f"The new container does not stay up: {ended}. The old container runs again.")
    host.engine.keep_running(container.docker_id)


@contextmanager
def _old_one_back(container: Container, was: str, old: ContainerState | None, lease: Lease) -> Iterator[None]:
    try:
        yield
    except LeaseLost:  # whoever has the lease now settles it
        raise
    except Exception:
        container.docker_id = was
        settle(container)
        if old and container.desired == Desired.RUNNING:
            host.engine.start(was)
            host.engine.keep_running(was)
        raise
