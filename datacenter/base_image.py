"""The Debian image that the router's and the default image are built from."""

import platform
import sys

ELSEWHERE = "bookworm"  # the release whose image a host that is no Debian gets


def default_base_image() -> str:
    """Return the image of this host's Debian release: `debian:trixie-slim` on Debian 13."""
    release = platform.freedesktop_os_release()
    codename = release.get("VERSION_CODENAME", ELSEWHERE) if release["ID"] == "debian" else ELSEWHERE
    return f"debian:{codename}-slim"


if __name__ == "__main__":  # deploy/lib/settings.sh asks
    sys.stdout.write(default_base_image())
