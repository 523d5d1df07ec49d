"""Admits users to projects, and records what is asked for their networks."""

from apps.operations.models import Operation
from apps.operations.services import Caller, Order, operation_submit
from apps.projects.models import Member, Project
from apps.projects.selectors import project_vouched
from apps.projects.tasks import CREATE_BRIDGE, DELETE_BRIDGE


def member_admit(user_id: int, project_id: int) -> None:
    """Take the caller's word that the user belongs to the project, and note both; Rejected if it is closed to them."""
    if project_vouched(user_id, project_id):
        project, _ = Project.objects.get_or_create(pk=project_id)
        Member.objects.get_or_create(project=project, user_id=user_id)


def project_close(*projects: Project) -> None:
    """Let in nobody but the members: whoever sets a project's members means them alone."""
    Project.objects.filter(pk__in=[project.pk for project in projects]).update(closed=True)


def bridge_create(caller: Caller, project_id: int) -> Operation:
    """Have the project's network built, or repaired if it has one."""
    member_admit(caller.user_id, project_id)
    return operation_submit(caller, Order(CREATE_BRIDGE, project_id))


def bridge_delete(caller: Caller, project_id: int) -> Operation:
    """Have the project's network and all its containers removed."""
    member_admit(caller.user_id, project_id)
    return operation_submit(caller, Order(DELETE_BRIDGE, project_id))
