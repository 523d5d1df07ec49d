"""What a project may have: the quota of its row, else the default of the settings."""

from django.conf import settings

from apps.errors import Rejected
from apps.projects.models import Project

UNITS = {"cpus": "CPU cores", "memory": "memory in bytes"}


def quota_check(project_id: int, what: str, used: float, more: float = 1) -> None:
    """Raise Rejected unless so much more fits into the project's quota of containers, sockets, cpus or memory."""
    quota = _quota(project_id, what)
    if used + more > quota:
        raise Rejected(
            "quota_exceeded",
            f"Project {project_id} uses {used:.12g} of its quota of {UNITS.get(what, what)}, {quota:.12g};"
            " remove what is not needed, or ask the lab's staff for more.",
        )


def _quota(project_id: int, what: str) -> float:
    own = Project.objects.filter(pk=project_id).values_list(f"quota_{what}", flat=True).first()
    return float(getattr(settings, f"NETMANAGER_QUOTA_{what.upper()}") if own is None else own)
