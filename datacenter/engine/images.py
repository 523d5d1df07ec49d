"""Images of the Docker Engine."""

import io
import tarfile
from collections.abc import Mapping
from pathlib import Path

from datacenter.engine.connection import Connection, forgiving, label_filter, translated
from datacenter.errors import DatacenterError, DatacenterUnavailable, ImageMissing


class Images(Connection):
    """The engine's images."""

    def ensure_image(self, reference: str) -> None:
        """Pull the image unless the engine has it; ImageMissing if it cannot."""
        try:
            with translated(f"Looking for image {reference}"):
                self._api.inspect_image(reference)
        except ImageMissing:
            self._pull(reference)

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

    def delete_images(self, labels: Mapping[str, str]) -> None:
        """Remove all images that carry the labels, build layers included."""
        with translated("Removing images"):
            for image in self._api.images(all=False, filters=label_filter(labels)):
                with forgiving():
                    self._api.remove_image(image["Id"], force=True)

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


def _tar(directory: Path) -> io.BytesIO:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for path in sorted(directory.iterdir()):
            archive.add(path, arcname=path.name)
    packed.seek(0)
    return packed
