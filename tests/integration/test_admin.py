"""The admin pages of every model, as a superuser sees them."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin import site
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client, RequestFactory
from django.urls import reverse

from apps.containers.models import Container, Image
from apps.operations.models import Operation
from apps.ports.models import Host, Socket, Switch
from apps.projects.models import Member, Project, Status
from tests.integration import rows

pytestmark = pytest.mark.django_db

EDITED: list[type[Model]] = [Project, Member, Image, Switch, Socket]
MACHINES: list[type[Model]] = [Container, Host, Operation]
ALL = EDITED + MACHINES
WORDS = ["web", "7", "0", "-1", "10.80", "00000000000000a1", "7 web", "%", "'", "١", "9" * 30]


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("admin"))
    return client


@pytest.fixture
def room() -> dict[type[Model], Model]:
    """One row of every model."""
    project, switch = rows.active_project(), rows.switch()
    socket = rows.socket(switch, project=project, applied_vlan=42)
    return {
        Project: project, Member: rows.member(project), Container: rows.container(project), Image: rows.image(),
        Switch: switch, Socket: socket, Host: rows.host(socket, project), Operation: rows.operation(),
    }  # fmt: skip


def page(model: type[Model], name: str, *arguments: Any) -> str:
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=arguments)


def fields(response: Any) -> dict[str, Any]:
    """What the browser would send back of a change page."""
    context = response.context_data
    forms = [context["adminform"].form] + [form for inline in context["inline_admin_formsets"] for form in inline.formset.forms]
    forms += [inline.formset.management_form for inline in context["inline_admin_formsets"]]
    values = {bound.html_name: bound.value() for form in forms for bound in form}
    values |= {bound.html_initial_name: bound.value() for form in forms for bound in form if bound.field.show_hidden_initial}
    return {name: value for name, value in values.items() if value is not None and value is not False}


def test_every_model_of_ours_has_a_page() -> None:
    registered = {model for model in admin.site._registry if model.__module__.startswith("apps.")}
    assert registered == set(ALL)


def test_a_stranger_sees_no_page(client: Client) -> None:
    for model in ALL:
        assert client.get(page(model, "changelist")).status_code == 302


@pytest.mark.parametrize("model", ALL)
def test_its_list_loads_and_shows_the_row(staff: Client, room: dict[type[Model], Model], model: type[Model]) -> None:
    response = staff.get(page(model, "changelist"))
    assert response.status_code == 200
    assert str(response.context["cl"].result_count) == "1"


@pytest.mark.parametrize("model", ALL)
def test_its_search_takes_every_word(staff: Client, room: dict[type[Model], Model], model: type[Model]) -> None:
    assert {word: staff.get(page(model, "changelist"), {"q": word}).status_code for word in WORDS} == dict.fromkeys(WORDS, 200)


@pytest.mark.parametrize(
    ("model", "word"),
    [
        (Project, "7"), (Project, "42"), (Member, "1"), (Member, "7"), (Image, "nmt-default"), (Switch, "00000000000000a1"),
        (Switch, "192.0.2.11"), (Socket, "3"), (Socket, "room-1"), (Container, "10.80.42.128"), (Container, "0123456789ab"),
        (Host, "52:54:00:00:00:01"), (Host, "10.80.42.2"), (Operation, "7"),
    ],
)  # fmt: skip
def test_its_search_finds_the_row(staff: Client, room: dict[type[Model], Model], model: type[Model], word: str) -> None:
    assert staff.get(page(model, "changelist"), {"q": word}).context["cl"].result_count == 1
    assert staff.get(page(model, "changelist"), {"q": "zebra"}).context["cl"].result_count == 0


def test_an_operation_is_found_by_its_uuid(staff: Client, room: dict[type[Model], Model]) -> None:
    found = staff.get(page(Operation, "changelist"), {"q": str(room[Operation].pk)})
    assert found.context["cl"].result_count == 1


@pytest.mark.parametrize("model", ALL)
def test_its_row_loads(staff: Client, room: dict[type[Model], Model], model: type[Model]) -> None:
    assert staff.get(page(model, "change", room[model].pk)).status_code == 200


@pytest.mark.parametrize("model", EDITED)
def test_its_form_loads(staff: Client, model: type[Model]) -> None:
    assert staff.get(page(model, "add")).status_code == 200


@pytest.mark.parametrize("model", EDITED)
def test_saving_a_row_unchanged_succeeds(staff: Client, room: dict[type[Model], Model], model: type[Model]) -> None:
    url = page(model, "change", room[model].pk)
    response = staff.post(url, fields(staff.get(url)))
    assert response.status_code == 302, response.context["errors"]


@pytest.mark.parametrize("model", MACHINES)
def test_staff_cannot_add_or_change_what_the_machine_owns(
    staff: Client, room: dict[type[Model], Model], model: type[Model]
) -> None:
    assert staff.get(page(model, "add")).status_code == 403
    assert staff.post(page(model, "change", room[model].pk), {"status": "x"}).status_code == 403


@pytest.mark.parametrize("model", [Container, Operation])
def test_staff_cannot_delete_containers_and_the_audit_log(
    staff: Client, room: dict[type[Model], Model], model: type[Model]
) -> None:
    assert staff.post(page(model, "delete", room[model].pk), {"post": "yes"}).status_code == 403
    staff.post(page(model, "changelist"), {"action": "delete_selected", "_selected_action": room[model].pk, "post": "yes"})
    assert model._default_manager.filter(pk=room[model].pk).exists()


@pytest.mark.parametrize(
    ("model", "sent"),
    [
        (Project, {"project_id": "8", "status": "NONE", "vlan": "99", "docker_network_id": "x", "error": "x"}),
        (Switch, {"connected_at_0": "2020-01-01", "connected_at_1": "00:00"}),
        (Socket, {"applied_vlan": "99", "assigned_by": "9"}),
    ],
)  # fmt: skip
def test_what_the_machine_knows_is_read_only(
    staff: Client, room: dict[type[Model], Model], model: type[Model], sent: dict[str, str]
) -> None:
    url, before = page(model, "change", room[model].pk), model._default_manager.values().get(pk=room[model].pk)
    assert staff.post(url, fields(staff.get(url)) | sent).status_code == 302
    after = model._default_manager.values().get(pk=room[model].pk)
    assert before | {"updated": None} == after | {"updated": None}


def test_what_the_machine_writes_while_staff_save_is_kept(staff: Client, rf: RequestFactory) -> None:
    request, project = rf.post("/"), rows.project()
    pages = site.get_model_admin(Project)
    form = pages.get_form(request, project)({"quota_containers": "3"}, instance=project)
    assert form.is_valid()
    Project.objects.update(vlan=99, status=Status.ACTIVE)
    pages.save_model(request, form.save(commit=False), form, change=True)
    project.refresh_from_db()
    assert (project.quota_containers, project.vlan, project.status) == (3, 99, Status.ACTIVE)


def test_who_sets_the_members_closes_the_project(staff: Client, room: dict[type[Model], Model]) -> None:
    def closed_by(url: str, sent: dict[str, str]) -> bool:
        Project.objects.update(closed=False)
        assert staff.post(url, sent).status_code == 302
        return Project.objects.get(pk=project.pk).closed

    project, member = room[Project], room[Member]
    url = page(Project, "change", project.pk)
    assert not closed_by(url, fields(staff.get(url)) | {"quota_containers": "3"}), "nothing was said of members"
    total = int(fields(staff.get(url))["members-TOTAL_FORMS"])
    sent = {"members-TOTAL_FORMS": str(total + 1), f"members-{total}-user_id": "77", f"members-{total}-project": str(project.pk)}
    assert closed_by(url, fields(staff.get(url)) | sent)
    assert closed_by(page(Member, "add"), {"project": str(project.pk), "user_id": "78"})
    assert closed_by(page(Member, "delete", member.pk), {"post": "yes"})
    action = {"action": "delete_selected", "_selected_action": str(Member.objects.get(user_id=78).pk), "post": "yes"}
    assert closed_by(page(Member, "changelist"), action)


def test_staff_enter_a_project_with_its_members(staff: Client) -> None:
    form = fields(staff.get(page(Project, "add"))) | {
        "project_id": "9",
        "closed": "on",
        "members-TOTAL_FORMS": "1",
        "members-0-user_id": "5",
    }
    response = staff.post(page(Project, "add"), form)
    assert response.status_code == 302, response.context["errors"]
    project = Project.objects.get(pk=9)
    assert project.closed
    assert list(project.members.values_list("user_id", flat=True)) == [5]


@pytest.mark.parametrize(
    ("model", "wrong"),
    [
        (Project, {"project_id": "0"}),
        (Project, {"project_id": "9", "quota_cpus": "0"}),
        (Image, {"name": "Not A Name", "reference": "x"}),
        (Switch, {"name": "room-2", "dpid": "A1", "uplink_port": "1", "uplink_kind": "VXLAN", "tunnel_address": "192.0.2.12"}),
        (Switch, {"name": "room-2", "dpid": "00000000000000a2", "uplink_port": "1", "uplink_kind": "VXLAN"}),
        (Switch, {"name": "room-2", "dpid": "00000000000000a2", "uplink_port": "1", "uplink_kind": "VLAN"}),
        (Switch, {"name": "room-2", "dpid": "00000000000000a2", "uplink_port": "1", "uplink_kind": "VLAN", "trunk": "no nic"}),
        (
            Switch,
            {
                "name": "room-2",
                "dpid": "00000000000000a2",
                "uplink_port": "1",
                "uplink_kind": "VXLAN",
                "tunnel_address": "192.0.2.12",
                "trunk": "eth1",
            },
        ),
        (Socket, {"number": "9", "switch": "SWITCH", "of_port": "48"}),
        (Socket, {"number": "9", "switch": "SWITCH", "of_port": "3"}),
        (Image, {"name": "second", "reference": "x", "command": "sh -c 'sleep"}),
    ],
)
def test_what_the_database_would_refuse_is_told_in_the_form(
    staff: Client, room: dict[type[Model], Model], model: type[Model], wrong: dict[str, str]
) -> None:
    wrong = {name: str(room[Switch].pk) if value == "SWITCH" else value for name, value in wrong.items()}
    response = staff.post(page(model, "add"), fields(staff.get(page(model, "add"))) | wrong)
    assert response.status_code == 200
    assert response.context["errors"]
    assert model._default_manager.count() == 1


def test_a_project_with_a_network_cannot_be_deleted_from_under_it(staff: Client) -> None:
    rows.active_project()
    assert staff.post(page(Project, "delete", 7), {"post": "yes"}).status_code == 403
    staff.post(page(Project, "changelist"), {"action": "delete_selected", "_selected_action": "7", "post": "yes"})
    assert Project.objects.filter(pk=7).exists()


def test_a_project_without_a_network_can_be_deleted(staff: Client) -> None:
    rows.member(rows.project())
    assert staff.post(page(Project, "delete", 7), {"post": "yes"}).status_code == 302
    assert not Project.objects.exists()
