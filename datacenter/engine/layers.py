"""Images that steps of a build make, and that nothing has use for any more; pure."""

from collections.abc import Mapping
from typing import Any


def unnamed_ends(listed: list[dict[str, Any]], labels: Mapping[str, str]) -> list[str]:
    """Return the ids of the listed images that have no name, that nothing is built on, and that this owner has.

    The lowest layer that carries such labels says who owns those above it. Our LABEL comes first in a Dockerfile, and a
    LABEL that a user forges comes later.
    """
    images = {image["Id"]: image for image in listed}
    built_on = {image["ParentId"] for image in listed}

    def owner(image_id: str) -> Mapping[str, str]:
        lowest: Mapping[str, str] = {}
        while (image := images.get(image_id)) and not _named(image):
            carried = image["Labels"] or {}
            if labels.keys() <= carried.keys():
                lowest = carried
            image_id = image["ParentId"]
        return lowest

    return [image_id for image_id in images if image_id not in built_on and labels.items() <= owner(image_id).items()]


def _named(image: Mapping[str, Any]) -> bool:
    """By a tag, or by the digest with which it was pulled."""
    return any(not name.startswith("<none>") for name in [*(image["RepoTags"] or ()), *(image["RepoDigests"] or ())])
