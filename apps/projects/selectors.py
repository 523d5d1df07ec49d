"""Who belongs where."""

from django.conf import settings
from django.db.models import QuerySet

from apps.errors import Rejected
from apps.projects.models import Member, Project


def member_projects(user_id: int) -> QuerySet[Project]:
    """The projects that the user is a member of."""
    return Project.objects.filter(members__user_id=user_id)


def project_vouched(user_id: int, project_id: int) -> bool:
    """Whether the caller's word is enough for this project; raises Rejected where it is not and the user no member."""
    closed = not settings.NETMANAGER_VOUCHING or Project.objects.filter(pk=project_id, closed=True).exists()
    if closed and not Member.objects.filter(project_id=project_id, user_id=user_id).exists():
        raise Rejected("not_a_member", f"User {user_id} is not a member of project {project_id}; ask its staff to add them.")
    return not closed
