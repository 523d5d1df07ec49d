"""Images that steps of a build make, and that nothing has use for any more; pure."""

from collections.abc import Mapping
from typing import Any


def unnamed_ends(listed: list[dict[str, Any]], labels: Mapping[str, str]) -> list[str]:
    """Ids of the listed images that have no name, that nothing is built on, and that carry the labels or are built on such."""
    images = {image["Id"]: image for image in listed}
    built_on = {image["ParentId"] for image in listed}

    def carries(image_id: str) -> bool:
        while (image := images.get(image_id)) and not _named(image):
            if labels.items() <= (image["Labels"] or {}).items():
                return True
            image_id = image["ParentId"]
        return False

    return [image_id for image_id in images if image_id not in built_on and carries(image_id)]


def _named(image: Mapping[str, Any]) -> bool:
    """By a tag, or by the digest with which it was pulled."""
    return any(not name.startswith("<none>") for name in [*(image["RepoTags"] or ()), *(image["RepoDigests"] or ())])
