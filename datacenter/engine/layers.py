"""Images that a build makes step by step, and which of them go; pure."""

import re
from collections.abc import Collection, Mapping
from typing import Any

TOLD = re.compile(r"^ ---> ([0-9a-f]{12})$", re.MULTILINE)  # how the builder tells the image after each step
ID = 12  # digits of an image that it tells


def layers_told(output: str) -> set[str]:
    """The images after each step, as a build's output tells them; a step can print what looks like one."""
    return set(TOLD.findall(output))


def layer(image_id: str) -> str:
    """An image as the builder tells it."""
    return image_id.removeprefix("sha256:")[:ID]


def unnamed_ends(listed: list[dict[str, Any]], layers: Collection[str]) -> list[str]:
    """Ids of the listed images that have no name, that nothing is built on, and that are a layer or built on one."""
    images = {image["Id"]: image for image in listed}
    built_on = {image["ParentId"] for image in listed}

    def begins_with_layer(image_id: str) -> bool:
        while (image := images.get(image_id)) and not _named(image):
            if layer(image_id) in layers:
                return True
            image_id = image["ParentId"]
        return False

    return [image_id for image_id in images if image_id not in built_on and begins_with_layer(image_id)]


def unnamed_below(listed: list[dict[str, Any]], image: str) -> set[str]:
    """The layers, as a build tells them, on which an image was built that has this name or id, down to one that has a name."""
    images = {found["Id"]: found for found in listed}
    below: set[str] = set()
    for found in listed:
        if image == found["Id"] or image in (found["RepoTags"] or ()):
            parent = found["ParentId"]
            while (under := images.get(parent)) and not _named(under):
                below.add(layer(parent))
                parent = under["ParentId"]
    return below


def _named(image: Mapping[str, Any]) -> bool:
    """By a tag, or by the digest with which it was pulled."""
    return any(not name.startswith("<none>") for name in [*(image["RepoTags"] or ()), *(image["RepoDigests"] or ())])
