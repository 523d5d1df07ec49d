"""Who belongs where."""

from typing import Any

from django.conf import settings
from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Q, QuerySet

from apps.errors import Rejected
from apps.projects.models import Member, Project


def member_projects(user_id: int) -> QuerySet[Project]:
    """The projects that the user is a member of."""
    return Project.objects.filter(members__user_id=user_id)


def project_members(project_id: int) -> dict[str, Any]:
    """Ids of the project's members, ascending, and whether nobody else gets in; a new project has none."""
    ids = ArrayAgg("members__user_id", filter=Q(members__isnull=False), order_by="members__user_id")
    project = Project.objects.filter(pk=project_id).annotate(ids=ids)  # one statement: all as of one moment
    closed, members = project.values_list("closed", "ids").first() or (False, None)
    return {"project_id": project_id, "closed": closed or not settings.NETMANAGER_VOUCHING, "members": members or []}


def is_member(user_id: int, project_id: int) -> bool:
    """Whether the user is a member of the project."""
    return Member.objects.filter(project_id=project_id, user_id=user_id).exists()


def project_vouched(user_id: int, project_id: int) -> bool:
    """Whether the caller's word is enough for this project; raises Rejected where it is not and the user no member."""
    closed = not settings.NETMANAGER_VOUCHING or Project.objects.filter(pk=project_id, closed=True).exists()
    if closed and not is_member(user_id, project_id):
        raise Rejected("not_a_member", f"User {user_id} is not a member of project {project_id}; ask its staff to add them.")
    return not closed
