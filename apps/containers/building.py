"""Builds the image of a container from a user's Dockerfile, in the network of its project and nowhere else."""

import re
import time
from collections.abc import Callable

from django.conf import settings

from apps import host
from apps.containers.build_log import BuildLog
from apps.containers.kinds import UPDATE
from apps.containers.models import Container
from apps.errors import Rejected
from apps.operations.execution import output_append
from apps.operations.locks import Lease
from apps.operations.models import ENDED, Operation
from datacenter import dockerfile
from datacenter.engine import BuildSpec, ImageFacts
from datacenter.errors import BuildFailed, ImageMissing
from datacenter.names import CONTAINER_KEY, INSTANCE_KEY, PROJECT_KEY

TICK = 1.0  # seconds between looks at the time, the size, and whether the build is still wanted
MOST_PORTS = 1000  # the engine goes over those of all containers whenever it lists any: 0.3 s for 130,000
LINE = re.compile(r"\bline (\d+)")  # of the text that the engine got
OUT_OF_MEMORY = "returned a non-zero code: 137"


def image_reference(operation: Operation, name: str) -> str:
    """Of the image that the operation builds for the container of this name."""
    return host.names.image(operation.project_id, name, _tag(operation))


def image_build(operation: Operation, name: str, text: str, lease: Lease) -> str:
    """Reference of the image for the container of this name, built from the Dockerfile; the caller holds the lease of builds.

    Its output goes into the operation's log as it comes. Raises Rejected `build_failed`.
    """
    project_id, log, read = operation.project_id, BuildLog(), dockerfile.parse(text)
    reference = image_reference(operation, name)
    try:
        base = max((_base(project_id, image).size for image in read.images), default=0)
        spec = BuildSpec(
            dockerfile=read.labelled(host.names.build(project_id), host.names.owner(project_id) | {CONTAINER_KEY: name}),
            tag=reference,
            network=host.names.bridge(project_id),
            memory=settings.NETMANAGER_BUILD_MEMORY,
            cpuset=settings.NETMANAGER_BUILD_CPUSET,
        )
        _run(spec, log, _Watch(operation, lease, spec.network, base))
        _check(host.engine.image(reference), base)
    except BuildFailed as error:
        raise Rejected("build_failed", log.failure(_explained(str(error), read.line))) from error
    finally:
        output_append(operation, log.rest())
    return reference


def images_clear(project_id: int) -> None:
    """Remove what was built for a project and is not of use any more; the caller holds the lease of builds.

    That is what lost builders left, images that no container has and none is to get, and layers that nothing is built on.
    """
    host.engine.delete_build_steps(host.names.bridge(project_id))
    host.engine.delete_images(host.names.owner(project_id), keeping=_wanted(project_id))
    host.engine.delete_layers(host.names.build(project_id))


def _wanted(project_id: int) -> set[str]:
    """References of images; an operation that ends after the first look has given its own to a container by then."""
    updates = Operation.objects.filter(project_id=project_id, kind=UPDATE).exclude(state__in=ENDED)
    coming = {image_reference(operation, operation.request["name"]) for operation in updates}
    return coming | set(Container.objects.filter(project_id=project_id).values_list("image", flat=True))


def _tag(operation: Operation) -> str:
    return operation.uuid.hex[:12]


def _run(spec: BuildSpec, log: BuildLog, watch: "_Watch") -> None:
    with host.engine.build(spec) as build:
        for text in build.output(TICK):
            log.write(text)
            watch.look(log.take)


class _Watch:
    """Ends a build that takes too long, grows too large, or is not wanted any more."""

    def __init__(self, operation: Operation, lease: Lease, network: str, base: int) -> None:
        self._operation, self._lease, self._network, self._base = operation, lease, network, base
        self._deadline = time.monotonic() + settings.NETMANAGER_BUILD_SECONDS
        self._next = 0.0

    def look(self, take: Callable[[], str]) -> None:
        """Once a TICK: hand on what was printed, and raise if the build must end."""
        now = time.monotonic()
        if now < self._next:
            return
        self._lease.check()
        if not output_append(self._operation, take()):
            raise Rejected("cancelled", "The build was cancelled.")
        if now > self._deadline:
            raise BuildFailed(f"it took longer than {settings.NETMANAGER_BUILD_SECONDS} s")
        _check_size(host.engine.build_size(self._network) - self._base)
        self._next = time.monotonic() + TICK


def _check(image: ImageFacts, base: int) -> None:
    _check_size(image.size - base)
    if not image.runs:
        raise BuildFailed("its image has neither CMD nor ENTRYPOINT, so there is nothing that its container could run")
    if image.ports > MOST_PORTS:
        raise BuildFailed(
            f"its image exposes {image.ports} ports, more than {MOST_PORTS}; every port can be reached without EXPOSE"
        )


def _check_size(added: int) -> None:
    if added > settings.NETMANAGER_IMAGE_SIZE:
        raise BuildFailed(f"it added more than {settings.NETMANAGER_IMAGE_SIZE} bytes to its base image")


def _base(project_id: int, image: str) -> ImageFacts:
    """The base image, pulled if the host does not have it; one that was built for another project is unknown here."""
    try:
        base = host.engine.ensure_image(image, settings.NETMANAGER_IMAGE_SIZE)
    except ImageMissing as error:
        raise BuildFailed(f"base image {image} is unknown: {error}") from error
    theirs = {key: base.labels[key] for key in (INSTANCE_KEY, PROJECT_KEY) if key in base.labels}
    if PROJECT_KEY in theirs and theirs != host.names.owner(project_id):
        raise BuildFailed(f"base image {image} is unknown")
    if base.triggers:
        raise BuildFailed(f"base image {image} has ONBUILD triggers, which are not available here")
    return base


def _explained(error: str, line: Callable[[int], int]) -> str:
    error = LINE.sub(lambda found: f"line {line(int(found[1]))}", error)
    if OUT_OF_MEMORY in error:
        return f"{error} (killed: the limit is {settings.NETMANAGER_BUILD_MEMORY} bytes of memory)"
    return error
