"""What the operations of this app do; run by `operations.drain` under the project's lease."""

from typing import Any

from apps import host
from apps.operations.execution import executes
from apps.operations.locks import Lease
from apps.operations.models import Operation
from apps.projects.models import Project
from apps.projects.provisioning import deprovision, repair_network

CREATE_BRIDGE = "create-bridge"
DELETE_BRIDGE = "delete-bridge"


@executes(CREATE_BRIDGE)
def create_bridge(operation: Operation, lease: Lease) -> dict[str, Any]:
    project = repair_network(operation.project_id, lease)
    assert project.vlan is not None
    subnet = host.plan.subnet(project.vlan)
    return {
        "project_id": project.pk,
        "bridge": host.names.bridge(project.pk),
        "vlan": project.vlan,
        "subnet": str(subnet.network),
        "gateway": str(subnet.router),
    }


@executes(DELETE_BRIDGE)
def delete_bridge(operation: Operation, lease: Lease) -> dict[str, Any]:
    deprovision(Project.objects.get(pk=operation.project_id), lease)
    return {}
