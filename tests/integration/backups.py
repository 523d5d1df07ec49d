"""A NetManager with rows of every kind, and the database as it is on a fresh host."""

from typing import Any

from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.utils import timezone
from rest_framework.authtoken.models import Token

from apps import host
from apps.operations.models import State
from apps.ports.backups.contents import kept_models
from apps.projects.models import Project, Status
from tests.integration import rows

PASSWORD = "correct horse battery staple"
DOCKERFILE = "FROM debian:bookworm-slim\r\nCMD echo 'ÄÖ' \\\n  && sleep infinity\n"
ADDRESSES = list(host.plan.subnet(42).containers)[:3]  # of web, db, and one more


def furnish() -> None:
    """Rows of every model, with what is odd in each."""
    _furnish_staff()
    now = timezone.now()
    seven = rows.active_project(7, 42)
    eight = rows.project(8, vlan=43, status=Status.ERROR, error="no room", closed=True, quota_containers=3, quota_cpus=0.5)
    Project.objects.update(docker_network_id="a" * 64, router_docker_id="b" * 64)
    for user in (1, 2):
        rows.member(seven, user_id=user)
    ended = rows.operation(
        kind="new-container", state=State.SUCCEEDED, started=now, finished=now, worker="old", idempotency_key="k", log="µ\n",
        request={"name": "web", "list": [1, None, {"ä": 0.1}]}, result={"docker_id": "0123456789ab"}, littered=True,
    )  # fmt: skip
    rows.operation(kind="add-port", state=State.FAILED, finished=now, error_code="socket_taken", error="Socket 3 …")
    image = host.names.image(7, "web", "0" * 12)
    web = rows.container(seven, ip=str(ADDRESSES[0]), dockerfile=DOCKERFILE, image=image, maker=ended)
    rows.container(seven, name="db", docker_id="ba9876543210", ip=str(ADDRESSES[1]), desired="STOPPED", status="exited", cpus=0.3)
    rows.former_id(web, "aaaaaaaaaaaa")
    rows.image(command="sleep infinity")
    rows.image(name="other", is_default=False)
    switch = rows.switch(connected_at=now, last_seen=now)
    rows.vlan_switch()
    socket = rows.socket(switch, project=seven, assigned_by=1, assigned_at=now, applied_vlan=42, applied_at=now, x=0.1, y=2.0)
    rows.socket(switch, number=4, of_port=4, enabled=False, disabled_reason="loop", label="Tür")
    rows.socket(switch, number=5, of_port=5, applied_vlan=43, applied_at=now)
    rows.socket(switch, number=6, of_port=6, project=eight, applied_vlan=42, applied_at=now)
    rows.host(socket, seven)


def _furnish_staff() -> None:
    admin = User.objects.create_superuser("admin", password=PASSWORD)
    Token.objects.create(user=User.objects.create_user("dml-servant"), key="0123456789abcdef" * 2)
    staff = User.objects.create_user("staff", password=PASSWORD, is_staff=True)
    group = Group.objects.create(name="lab")
    group.permissions.add(Permission.objects.get(codename="change_socket"))
    staff.groups.add(group)
    staff.user_permissions.add(Permission.objects.get(codename="view_project"))
    project = ContentType.objects.get_for_model(Project)
    LogEntry.objects.create(user=admin, content_type=project, object_id="7", object_repr="project 7", action_flag=CHANGE)


def fresh_database() -> None:
    """As migrate makes it, but that the rows of its own have other numbers than before."""
    call_command("flush", interactive=False, verbosity=0)
    ContentType.objects.all().delete()
    ContentType.objects.clear_cache()
    call_command("migrate", verbosity=0)


def table(name: str) -> list[dict[str, Any]]:
    """All rows of a model, without the numbers of content types."""
    [model] = [model for model in kept_models() if model._meta.label_lower == name]
    return [
        row | {"content_type_id": None} if "content_type_id" in row else row
        for row in model._base_manager.order_by("pk").values()
    ]


def database() -> dict[str, list[dict[str, Any]]]:
    """All rows of all models that are in a backup."""
    return {model._meta.label_lower: table(model._meta.label_lower) for model in kept_models()}
