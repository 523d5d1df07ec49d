"""Which Debian image a host builds its images from."""

import pytest

from datacenter.base_image import base_image_of


@pytest.mark.parametrize(
    ("release", "image"),
    [
        ({"ID": "debian", "VERSION_ID": "12", "VERSION_CODENAME": "bookworm"}, "debian:bookworm-slim"),
        ({"ID": "debian", "VERSION_ID": "13", "VERSION_CODENAME": "trixie"}, "debian:trixie-slim"),
        ({"ID": "debian"}, "debian:bookworm-slim"),
        ({"ID": "ubuntu", "VERSION_CODENAME": "noble", "ID_LIKE": "debian"}, "debian:bookworm-slim"),
    ],
)
def test_it_is_that_of_the_hosts_release(release: dict[str, str], image: str) -> None:
    assert base_image_of(release) == image
