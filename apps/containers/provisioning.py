"""Makes, changes and removes a container on the host; the caller holds the project's lease."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from ipaddress import IPv4Address

from django.conf import settings
from django.db import transaction
from django.db.models import Count, Sum

from apps import host
from apps.containers.models import Container, Desired, FormerId
from apps.containers.presence import present
from apps.errors import Broken, Rejected
from apps.operations.locks import Lease, LeaseLost
from apps.operations.models import ENDED, Operation, State, Step
from apps.projects.models import Project
from apps.projects.quotas import quota_check
from datacenter.addressing import Subnet, mac_of
from datacenter.engine import ContainerSpec, ContainerState
from datacenter.errors import DatacenterError, ImageMissing, StartRefused
from datacenter.names import CONTAINER_KEY, project_domain


@dataclass(frozen=True)
class Wanted:
    """What a new container is to be; an empty name is chosen here, and an image is built where there is a Dockerfile."""

    name: str
    image: str
    command: str
    dockerfile: str = ""


def claim(project: Project, wanted: Wanted, maker: Operation) -> Container:
    """The row of a container to be made: a name, an address, and a part of the project's quotas are its own from now on."""
    forget_half_made(project)
    cpus, memory = settings.NETMANAGER_CONTAINER_CPUS, settings.NETMANAGER_CONTAINER_MEMORY
    _check_quotas(project, cpus, memory)
    taken = dict(project.containers.values_list("name", "ip"))
    name = wanted.name or _free_name(set(taken))
    if name in taken:
        raise Rejected(
            "name_taken", f"Project {project.pk} already has a container {name}; choose another name or remove that one."
        )
    assert project.vlan is not None
    ip = _free_address(host.plan.subnet(project.vlan), set(taken.values()), project)
    return project.containers.create(
        name=name, ip=ip, mac=mac_of(ip), image=wanted.image, command=wanted.command, dockerfile=wanted.dockerfile,
        cpus=cpus, memory=memory, created_by=maker.user_id, maker=maker,
    )  # fmt: skip


def provision(container: Container, lease: Lease) -> None:
    """Make a claimed container and start it; on failure nothing of it is left."""
    with unclaimed_on_failure(container):
        lease.check()
        host.hosts.add(container.project_id, container.name, container.ip)
        with startable():
            container.docker_id = create(container_spec(container), lease)
        lease.check()
        _start(container)
    _save(container, Desired.RUNNING, "running")


@contextmanager
def unclaimed_on_failure(container: Container) -> Iterator[None]:
    """Remove the container again, and its row, if the block fails."""
    try:
        yield
    except LeaseLost:  # another worker may be making the next container by now; it forgets this one's row
        raise
    except Exception:
        with suppress(DatacenterError):  # the cause is what the caller must hear; the next call forgets the row
            deprovision(container)
        raise


def forget_half_made(project: Project) -> None:
    """Remove what lost workers were making, and not what waits for its build or its end."""
    for container in project.containers.filter(docker_id="").exclude(maker__state__in=(State.WAITING, State.RUNNING)):
        deprovision(container)


def forget_claims(project_id: int) -> None:
    """Remove the rows of containers whose image was being built by an operation that has ended; there is nothing else of them."""
    Container.objects.filter(project_id=project_id, docker_id="", maker__step=Step.BUILD, maker__state__in=ENDED).delete()


def deprovision(container: Container) -> None:
    """Remove the container, its volumes, its name, and its row; what is gone is forgiven."""
    host.engine.delete_containers(container_labels(container))
    host.hosts.remove(container.project_id, container.name)
    container.delete()


def container_labels(container: Container) -> dict[str, str]:
    """Labels of the container, and of its image if it was built for it."""
    return host.names.owner(container.project_id) | {CONTAINER_KEY: container.name}


@transaction.atomic
def replaced(container: Container, was: str, *changed: str) -> None:
    """Write that the container has another docker_id than it had, and what else of its row has changed."""
    FormerId.objects.create(docker_id=was, container=container)
    container.save(update_fields=["docker_id", *changed, "updated"])


def own_of(container: Container, found: list[ContainerState]) -> ContainerState | None:
    """The one of them that its row knows, unless it is doomed; pure."""
    return next((one for one in found if one.docker_id == container.docker_id and not one.doomed), None)


def settle(container: Container) -> None:
    """Remove what an interrupted update left beside the container, which has its name to itself then; it goes if it is doomed."""
    found = host.engine.containers(container_labels(container))
    own = own_of(container, found)
    for other in found:
        if other is not own:
            host.engine.delete_container(other)
    name = host.names.container(container.project_id, container.name)
    if own and own.name != name:
        host.engine.rename(own.docker_id, name)


def start(container: Container) -> None:
    with present(container):
        settle(container)
        _start(container)
        host.engine.keep_running(container.docker_id)
    _save(container, Desired.RUNNING, "running")


def stop(container: Container) -> None:
    with present(container):
        settle(container)
        host.engine.stop(container.docker_id)
    _save(container, Desired.STOPPED, "exited")


def restart(container: Container) -> None:
    with present(container), startable():
        settle(container)
        host.engine.restart(container.docker_id)
        host.engine.keep_running(container.docker_id)
    _save(container, Desired.RUNNING, "running")


def _check_quotas(project: Project, cpus: float, memory: int) -> None:
    used = project.containers.aggregate(containers=Count("pk"), cpus=Sum("cpus", default=0.0), memory=Sum("memory", default=0))
    for what, more in (("containers", 1), ("cpus", cpus), ("memory", memory)):
        quota_check(project.pk, what, used[what], more)


def _free_name(taken: set[str]) -> str:
    return next(name for n in range(1, len(taken) + 2) if (name := f"container-{n}") not in taken)


def _free_address(subnet: Subnet, taken: set[str], project: Project) -> str:
    for address in subnet.containers:
        if str(address) not in taken:
            return str(address)
    raise Rejected(
        "no_free_address", f"All {len(taken)} container addresses of project {project.pk} are taken; remove a container."
    )


def create(spec: ContainerSpec, lease: Lease) -> str:
    """Short id of a new container; its image is pulled if the engine lacks it, and Broken raised if it cannot be."""
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


def container_spec(container: Container) -> ContainerSpec:
    """The container as the engine is to make it."""
    project = container.project
    assert project.vlan is not None
    subnet, domain = host.plan.subnet(project.vlan), project_domain(project.pk)
    return ContainerSpec(
        name=host.names.container(project.pk, container.name),
        image=container.image,
        networks=((host.names.bridge(project.pk), IPv4Address(container.ip)),),
        labels=container_labels(container),
        hostname=container.name,
        command=container.command or None,
        dns=(str(subnet.router),),
        dns_search=(domain,),
        memory=container.memory,
        cpus=container.cpus,
        pids=settings.NETMANAGER_CONTAINER_PIDS,
    )


def _start(container: Container) -> None:
    with startable():
        host.engine.start(container.docker_id)


@contextmanager
def startable() -> Iterator[None]:
    """Raise Rejected for what the image is to blame for."""
    try:
        yield
    except StartRefused as error:
        raise Rejected("start_failed", str(error)) from error


def _save(container: Container, desired: Desired, status: str) -> None:
    container.desired, container.status = desired, status
    container.save(update_fields=["docker_id", "desired", "status", "updated"])
