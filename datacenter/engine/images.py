"""Images of the Docker Engine."""

import io
import re
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import requests
from docker.errors import APIError

from datacenter.engine.connection import Connection, forgiving, label_filter, translated
from datacenter.errors import DatacenterError, DatacenterUnavailable, ImageMissing

NO_NAME = "<none>:<none>"  # how the engine lists an image without a name


@dataclass(frozen=True)
class ImageFacts:
    """What the engine says of an image."""

    labels: Mapping[str, str]
    triggers: tuple[str, ...]  # ONBUILD instructions, run by builds that start from it
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

    def build_image(self, context: Path, tag: str, labels: Mapping[str, str]) -> None:
        """Build our own image from a directory with a Dockerfile, in the host's network."""
        with translated(f"Building image {tag}"):
            lines = self._api.build(
                fileobj=_tar(context), custom_context=True, tag=tag, labels=dict(labels), rm=True, forcerm=True,
                network_mode="host", decode=True,
            )  # fmt: skip
            for line in lines:
                if "error" in line:
                    raise DatacenterError(f"Building image {tag} failed: {line['error']}.")

    def images(self, labels: Mapping[str, str]) -> dict[str, list[str]]:
        """The images that carry the labels: id → names, of which one can have none."""
        with translated("Listing images"):
            listed = self._api.images(filters=label_filter(labels))
        return {image["Id"]: [name for name in image["RepoTags"] or () if name != NO_NAME] for image in listed}

    def delete_image(self, image: str) -> None:
        """Remove the image that has this name or id, with the layers that no other has; a missing one is forgiven."""
        with translated(f"Removing image {image}"), forgiving():
            self._api.remove_image(image, force=True)

    def delete_images(self, labels: Mapping[str, str]) -> None:
        """Remove all images that carry the labels, build layers included; one without a name that a container has stays."""
        with translated("Removing images"):
            for image in self._api.images(all=False, filters=label_filter(labels)):
                try:
                    with forgiving():
                        self._api.remove_image(image["Id"], force=True)
                except APIError as error:  # any project's build can say that its layers are ours
                    if error.status_code != requests.codes.conflict or set(image["RepoTags"] or ()) - {NO_NAME}:
                        raise

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


def _tar(directory: Path) -> io.BytesIO:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for path in sorted(directory.iterdir()):
            archive.add(path, arcname=path.name)
    packed.seek(0)
    return packed
