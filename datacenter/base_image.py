"""The Debian image that the router's and the default image are built from."""

import platform
import sys
from collections.abc import Mapping

ELSEWHERE = "bookworm"  # the release whose image a host gets that is no Debian, or one without a release


def base_image_of(release: Mapping[str, str]) -> str:
    """Return the image of a Debian release (the fields of its /etc/os-release): `debian:trixie-slim` for Debian 13."""
    codename = release.get("VERSION_CODENAME", ELSEWHERE) if release.get("ID") == "debian" else ELSEWHERE
    return f"debian:{codename}-slim"


def default_base_image() -> str:
    """Return the image of this host's release."""
    return base_image_of(platform.freedesktop_os_release())


if __name__ == "__main__":  # deploy/lib/settings.sh asks
    sys.stdout.write(default_base_image())
