"""What the audit log of before tells of docker_ids that containers had, entered by the migration that made the table."""

from importlib import import_module

import pytest
from django.apps import apps
from django.utils import timezone

from apps.containers.models import FormerId
from apps.operations.models import State
from tests.integration import rows

pytestmark = pytest.mark.django_db
MIGRATION = import_module("apps.containers.migrations.0003_former_ids")
NOW = "0123456789ab"


def update(was: str, now: str, state: State = State.SUCCEEDED) -> None:
    ended = {"state": state, "finished": timezone.now()}
    rows.operation(kind="update-container", target=was, result={"docker_id": now} if now else {}, **ended)


def entered() -> set[tuple[str, str]]:
    """Former ids, and the present ones of their containers."""
    MIGRATION.from_updates(apps, None)
    return set(FormerId.objects.values_list("docker_id", "container__docker_id"))


def test_all_that_a_container_was_called_is_known() -> None:
    rows.container(rows.active_project(), docker_id=NOW)
    update("aaaaaaaaaaaa", "bbbbbbbbbbbb")
    update("bbbbbbbbbbbb", NOW)
    assert entered() == {("aaaaaaaaaaaa", NOW), ("bbbbbbbbbbbb", NOW)}


def test_an_update_that_failed_replaced_nothing() -> None:
    rows.container(rows.active_project(), docker_id=NOW)
    update("aaaaaaaaaaaa", NOW, State.FAILED)
    assert entered() == set()


def test_one_that_tells_no_docker_id_replaced_nothing_and_neither_did_one_whose_successor_is_gone() -> None:
    rows.container(rows.active_project(), docker_id=NOW)
    update("aaaaaaaaaaaa", "")
    update("bbbbbbbbbbbb", "cccccccccccc")
    assert entered() == set()
