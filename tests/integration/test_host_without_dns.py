"""`manage.py check` on a host whose resolv.conf names no server that a project could ask."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT


@pytest.mark.parametrize(("dns", "succeeds"), [("", False), ("192.0.2.53", True)])
def test_the_operator_is_told_unless_the_settings_name_one(tmp_path: Path, dns: str, succeeds: bool) -> None:
    """In a mount namespace of its own, so that the host keeps its file."""
    (tmp_path / "resolv.conf").write_text("nameserver 127.0.0.53\n")
    script = f"""set -e
mount --bind {tmp_path}/resolv.conf /etc/resolv.conf
[ ! -d /run/systemd/resolve ] || mount -t tmpfs tmpfs /run/systemd/resolve
exec "$@\""""
    command = ["unshare", "--mount", "sh", "-c", script, "sh", sys.executable, "manage.py", "check"]
    settings = os.environ | {"NETMANAGER_DNS": dns}
    done = subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, text=True, timeout=60, check=False)
    assert ("netmanager.E001" not in done.stderr, done.returncode == 0) == (succeeds, succeeds), done.stderr
