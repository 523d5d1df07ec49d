"""What the subjects share: this instance's names, and ids that are nobody's."""

import os
import subprocess

from apps.projects.models import Project

INSTANCE = os.environ["NETMANAGER_INSTANCE"]
IMAGE = f"{INSTANCE}-default:latest"
PROJECT = 2_000_000_000  # and those after it: nobody's
MARK = f"netmanager.bench={INSTANCE}"  # label of what ours is compared with; deploy/ removes what a killed run left
SOCKET = 2_000_000_000  # and those after it


def sh(*command: str) -> str:
    """Output of a command; any failure ends the benchmark."""
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def forget_projects() -> None:
    """Delete the rows of the benchmark's projects whose networks are gone."""
    Project.objects.filter(pk__gte=PROJECT, vlan=None, sockets=None).delete()
