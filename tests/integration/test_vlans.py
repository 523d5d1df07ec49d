"""Which VLAN a project gets, and what is left when it gives it back."""

import pytest
from django.utils import timezone

from apps.errors import Broken
from apps.ports.models import Host, Socket
from apps.projects.models import Project, Status
from apps.projects.provisioning import claim_vlan, release
from datacenter.addressing import FIRST_VLAN, LAST_VLAN
from tests.integration import rows

pytestmark = pytest.mark.django_db


def claimed(number: int = 7) -> int | None:
    project, _ = Project.objects.get_or_create(pk=number)
    claim_vlan(project)
    return Project.objects.get(pk=number).vlan


def test_the_first_project_gets_the_first_vlan_and_the_next_the_next() -> None:
    assert [claimed(7), claimed(8), claimed(7)] == [FIRST_VLAN, FIRST_VLAN + 1, FIRST_VLAN]


def test_a_vlan_by_which_a_switch_may_still_forward_is_not_claimed() -> None:
    """Its socket changed hands or is free while the switch was away."""
    switch = rows.switch()
    rows.socket(switch, applied_vlan=FIRST_VLAN)
    rows.socket(switch, number=4, of_port=4, project=rows.project(8), applied_vlan=FIRST_VLAN + 1)
    assert claimed(7) == FIRST_VLAN + 2
    Socket.objects.filter(pk=3).update(applied_vlan=None)
    assert claimed(9) == FIRST_VLAN


def test_without_a_free_vlan_the_operator_is_told() -> None:
    Project.objects.bulk_create(Project(pk=vlan + 10, vlan=vlan) for vlan in range(FIRST_VLAN, LAST_VLAN))
    rows.socket(rows.switch(), applied_vlan=LAST_VLAN)
    with pytest.raises(Broken, match="networks are taken"):
        claimed(7)


def test_a_project_whose_network_is_gone_has_no_sockets_hosts_or_vlan() -> None:
    seven, eight = rows.active_project(7, 42), rows.active_project(8, 43)
    switch = rows.switch()
    mine = rows.socket(switch, project=seven, assigned_by=1, assigned_at=timezone.now(), applied_vlan=42)
    theirs = rows.socket(switch, number=4, of_port=4, project=eight, assigned_by=2)
    rows.host(mine, seven)
    rows.host(theirs, eight)
    release(seven)
    mine.refresh_from_db()
    theirs.refresh_from_db()
    seven.refresh_from_db()
    assert (mine.project_id, mine.assigned_by, mine.assigned_at) == (None, None, None)
    assert mine.applied_vlan == 42, "that is the controller's to write"
    assert (theirs.project_id, theirs.assigned_by) == (8, 2)
    assert list(Host.objects.values_list("project_id", flat=True)) == [8]
    assert (seven.vlan, seven.status) == (None, Status.NONE)
