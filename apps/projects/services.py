"""Admits users to projects, and records what is asked for their networks."""

from collections.abc import Iterable
from typing import Any

from django.db import transaction

from apps.operations.models import Operation
from apps.operations.services import Caller, Order, operation_record, operation_submit
from apps.projects.models import Member, Project
from apps.projects.selectors import is_member, project_members, project_vouched
from apps.projects.tasks import CREATE_BRIDGE, DELETE_BRIDGE

SET_MEMBERS = "set-members"


def member_admit(user_id: int, project_id: int) -> None:
    """Take the caller's word that the user belongs to the project, and note both; Rejected if it is closed to them."""
    if not project_vouched(user_id, project_id) or is_member(user_id, project_id):
        return
    with transaction.atomic():
        project = _held(project_id)
        if project_vouched(user_id, project_id):  # it may have been closed before it was held
            Member.objects.get_or_create(project=project, user_id=user_id)


def members_set(service: str, project_id: int, user_ids: Iterable[int]) -> dict[str, Any]:
    """Let in exactly these users from now on; the project's members then, as `project_members` tells them."""
    wanted = sorted(set(user_ids))
    with transaction.atomic():
        project = _held(project_id)
        project.members.exclude(user_id__in=wanted).delete()
        Member.objects.bulk_create([Member(project=project, user_id=user_id) for user_id in wanted], ignore_conflicts=True)
        project_close(project)
        result = project_members(project_id)
        operation_record(Caller(service, 0), Order(SET_MEMBERS, project_id, request={"members": wanted}), result)
    return result


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


def _held(project_id: int) -> Project:
    """The project, made if it is new; nobody else changes its members until the transaction ends."""
    return Project.objects.select_for_update(no_key=True).get_or_create(pk=project_id)[0]
