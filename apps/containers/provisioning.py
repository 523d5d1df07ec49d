"""Makes, changes and removes a container on the host; the caller holds the project's lease."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import IPv4Address

from django.conf import settings

from apps import host
from apps.containers.models import Container, Desired
from apps.errors import Broken, Rejected
from apps.operations.locks import Lease, LeaseLost
from apps.projects.models import Project
from datacenter.addressing import Subnet, mac_of
from datacenter.engine import ContainerSpec
from datacenter.errors import ContainerMissing, DatacenterError, ImageMissing, StartRefused
from datacenter.names import CONTAINER_KEY, project_domain


@dataclass(frozen=True)
class Wanted:
    """What a new container is to be; an empty name is chosen here."""

    name: str
    image: str
    command: str
    created_by: int


def provision(project: Project, wanted: Wanted, lease: Lease) -> Container:
    """A running container with an address of its own; on failure nothing of it is left."""
    _forget_half_made(project)
    container = _claim(project, wanted)
    try:
        lease.check()
        host.hosts.add(project.pk, container.name, container.ip)
        container.docker_id = _create(_spec(project, container, wanted.command), lease)
        lease.check()
        _start(container)
    except LeaseLost:  # another worker may be making the next container by now; it forgets this one's row
        raise
    except Exception:
        with suppress(DatacenterError):  # the cause is what the caller must hear; the next call forgets the row
            deprovision(container)
        raise
    _save(container, Desired.RUNNING, "running")
    return container


def _forget_half_made(project: Project) -> None:
    """Remove what a lost worker was making: nothing else runs in this project now."""
    for container in project.containers.filter(docker_id=""):
        deprovision(container)


def deprovision(container: Container) -> None:
    """Remove the container, its name and its row; what is gone is forgiven."""
    host.engine.delete_containers(host.names.owner(container.project_id) | {CONTAINER_KEY: container.name})
    host.hosts.remove(container.project_id, container.name)
    container.delete()


def start(container: Container) -> None:
    with _present(container):
        _start(container)
        host.engine.keep_running(container.docker_id)
    _save(container, Desired.RUNNING, "running")


def stop(container: Container) -> None:
    with _present(container):
        host.engine.stop(container.docker_id)
    _save(container, Desired.STOPPED, "exited")


def restart(container: Container) -> None:
    with _present(container), _startable():
        host.engine.restart(container.docker_id)
        host.engine.keep_running(container.docker_id)
    _save(container, Desired.RUNNING, "running")


@contextmanager
def _present(container: Container) -> Iterator[None]:
    try:
        yield
    except ContainerMissing as error:
        sentence = f"Container {container.name} is gone from the Docker host; remove it and make it anew."
        raise Broken("container_lost", sentence) from error


def _claim(project: Project, wanted: Wanted) -> Container:
    """The row, with the lowest free address and a name that nobody in the project has."""
    assert project.vlan is not None
    taken = dict(project.containers.values_list("name", "ip"))
    name = wanted.name or _free_name(set(taken))
    if name in taken:
        raise Rejected(
            "name_taken", f"Project {project.pk} already has a container {name}; choose another name or remove that one."
        )
    ip = _free_address(host.plan.subnet(project.vlan), set(taken.values()), project)
    return project.containers.create(name=name, ip=ip, mac=mac_of(ip), image=wanted.image, created_by=wanted.created_by)


def _free_name(taken: set[str]) -> str:
    return next(name for n in range(1, len(taken) + 2) if (name := f"container-{n}") not in taken)


def _free_address(subnet: Subnet, taken: set[str], project: Project) -> str:
    for address in subnet.containers:
        if str(address) not in taken:
            return str(address)
    raise Rejected(
        "no_free_address", f"All {len(taken)} container addresses of project {project.pk} are taken; remove a container."
    )


def _create(spec: ContainerSpec, lease: Lease) -> str:
    try:
        return host.engine.create_container(spec)
    except ImageMissing:
        return _create_after_pull(spec, lease)


def _create_after_pull(spec: ContainerSpec, lease: Lease) -> str:
    try:
        host.engine.ensure_image(spec.image)
    except ImageMissing as error:
        raise Broken("image_missing", f"{error} Pull it on the Docker host, or correct the catalogue.") from error
    lease.check()
    return host.engine.create_container(spec)


def _spec(project: Project, container: Container, command: str) -> ContainerSpec:
    assert project.vlan is not None
    subnet, domain = host.plan.subnet(project.vlan), project_domain(project.pk)
    return ContainerSpec(
        name=host.names.container(project.pk, container.name),
        image=container.image,
        networks=((host.names.bridge(project.pk), IPv4Address(container.ip)),),
        labels=host.names.owner(project.pk) | {CONTAINER_KEY: container.name},
        hostname=container.name,
        command=command or None,
        dns=(str(subnet.router),),
        dns_search=(domain,),
        memory=settings.NETMANAGER_CONTAINER_MEMORY,
        cpus=settings.NETMANAGER_CONTAINER_CPUS,
        pids=settings.NETMANAGER_CONTAINER_PIDS,
    )


def _start(container: Container) -> None:
    with _startable():
        host.engine.start(container.docker_id)


@contextmanager
def _startable() -> Iterator[None]:
    try:
        yield
    except StartRefused as error:
        raise Rejected("start_failed", str(error)) from error


def _save(container: Container, desired: Desired, status: str) -> None:
    container.desired, container.status = desired, status
    container.save(update_fields=["docker_id", "desired", "status", "updated"])
