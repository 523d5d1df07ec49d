"""Images of the Docker Engine."""

import io
import re
import tarfile
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

import requests
from docker.errors import APIError

from datacenter.dockerfile import with_labels
from datacenter.engine.connection import Connection, forgiving, label_filter, translated
from datacenter.engine.layers import unnamed_ends
from datacenter.engine.steps import HOST, mark
from datacenter.errors import DatacenterError, DatacenterUnavailable, ImageMissing

TRIES, BETWEEN = 20, 0.2  # to remove layers, of which a container of the build may have one still; seconds
DOCKERFILE = "Dockerfile"
NO_NAME = "<none>:<none>"  # how the engine lists an image without a name


@dataclass(frozen=True)
class ImageFacts:
    """What the engine says of an image."""

    labels: Mapping[str, str]
    triggers: tuple[str, ...]  # ONBUILD instructions, which a build that starts from it would run
    size: int  # bytes, all layers
    runs: bool  # it says what a container of it is to run
    ports: int  # that it exposes


class Images(Connection):
    """The engine's images."""

    def image(self, reference: str) -> ImageFacts:
        """The image that has this name; ImageMissing if none has, also where it is an image's id."""
        with translated(f"Looking for image {reference}"):
            found = self._api.inspect_image(reference)
        if _familiar(reference) not in {*(found["RepoTags"] or []), *(found["RepoDigests"] or [])}:
            raise ImageMissing(f"No image has the name {reference}.")
        config = found["Config"] or {}
        return ImageFacts(
            labels=config.get("Labels") or {},
            triggers=tuple(config.get("OnBuild") or ()),
            size=int(found["Size"]),
            runs=bool(config.get("Entrypoint") or config.get("Cmd")),
            ports=len(config.get("ExposedPorts") or ()),
        )

    def ensure_image(self, reference: str, largest: int | None = None) -> ImageFacts:
        """The image, pulled if the engine lacks it; ImageMissing if it cannot be, or has more than `largest` bytes then."""
        try:
            return self.image(reference)
        except ImageMissing:
            self._pull(reference)
        pulled = self.image(reference)
        if largest is not None and pulled.size > largest:
            with translated(f"Removing image {reference}"), forgiving():
                self._api.remove_image(reference)
            raise ImageMissing(f"Image {reference} has {pulled.size} bytes, more than the {largest} that one may have.")
        return pulled

    def build_image(self, context: Path, tag: str, labels: Mapping[str, str], base: str) -> None:
        """Build an image of our own from a directory, in the host's network. It and the layers of its steps get the labels.

        Its Dockerfile starts from `ARG BASE_IMAGE`, the base.
        """
        with translated(f"Building image {tag}"):
            lines = self._api.build(
                fileobj=_tar(context, labels), custom_context=True, tag=tag, rm=True, forcerm=True, decode=True,
                network_mode=HOST, extra_hosts=mark(tag.partition(":")[0]), buildargs={"BASE_IMAGE": base},
            )  # fmt: skip
            for line in lines:
                if "error" in line:
                    raise DatacenterError(f"Building image {tag} failed: {line['error']}.")

    def delete_images(self, labels: Mapping[str, str], keeping: Collection[str] = ()) -> None:
        """Remove the names of all images that carry the labels, but those in `keeping` and those that a container has.

        An image goes with its last name, and the layers that nothing else is built on.
        """
        with translated("Removing images"):
            listed = self._api.images(filters=label_filter(labels))
            for name in {name for image in listed for name in image["RepoTags"] or ()} - {NO_NAME, *keeping}:
                self._delete_image(name)

    def delete_layers(self, labels: Mapping[str, str]) -> None:
        """Remove all images that carry the labels, or are built on such, that have no name and that nothing is built on.

        No build that makes such may be under way. Raises DatacenterError where one stays, because a container has it.
        """
        with translated("Removing layers of builds"):
            for _ in range(TRIES):
                ends = unnamed_ends(self._api.images(all=True), labels)
                if not ends:
                    return
                if not sum(self._delete_image(end) for end in ends):
                    time.sleep(BETWEEN)
        raise DatacenterError(f"A container has image {ends[0]}, which a build left; remove it.")

    def _delete_image(self, image: str) -> bool:
        """Whether it is gone; it stays where a container has it, or another is built on it, or another call is removing it."""
        try:
            with forgiving():
                self._api.remove_image(image)
        except APIError as error:
            if error.status_code != requests.codes.conflict:
                raise
            return False
        return True

    def _pull(self, reference: str) -> None:
        why = f"Image {reference} is not on the Docker host and cannot be pulled"
        try:
            with translated(f"Pulling image {reference}"):
                lines = list(self._api.pull(reference, stream=True, decode=True))
        except DatacenterUnavailable:
            raise
        except DatacenterError as error:
            raise ImageMissing(f"{why}: {error}") from error
        failure = next((line["error"] for line in lines if "error" in line), None)
        if failure:
            raise ImageMissing(f"{why}: {failure}.")


def _familiar(reference: str) -> str:
    """The reference as the engine lists it: without the default registry, and with a tag."""
    name = re.sub(r"^(docker\.io/)?(library/)?", "", reference)
    if "@" in name:
        return re.sub(r":[^:/@]+@", "@", name)
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


def _tar(directory: Path, labels: Mapping[str, str]) -> io.BytesIO:
    """A build context: the directory, with the labels in its Dockerfile."""
    dockerfile = with_labels((directory / DOCKERFILE).read_text(), labels).encode()
    packed, entry = io.BytesIO(), tarfile.TarInfo(DOCKERFILE)
    entry.size = len(dockerfile)
    with tarfile.open(fileobj=packed, mode="w") as archive:
        archive.addfile(entry, io.BytesIO(dockerfile))
        for path in sorted(directory.iterdir()):
            if path.name != DOCKERFILE:
                archive.add(path, arcname=path.name)
    packed.seek(0)
    return packed
