"""The router container of a project."""

from django.conf import settings

from apps import host
from apps.projects.models import Project
from datacenter.engine import ContainerSpec
from datacenter.errors import DatacenterError, ImageMissing
from datacenter.names import ROUTER_HOSTNAME, project_domain

READY = "started, version"  # what dnsmasq logs once it listens


def ensure_router(project: Project, mtu: int) -> str:
    """Docker id of the router, which answers DHCP and DNS when this returns."""
    assert project.vlan is not None
    spec = _spec(project, project.vlan, mtu)
    present = {c.name: c for c in host.engine.containers(spec.labels)}.get(spec.name)
    if present and present.status == "running":
        return present.docker_id
    # One that is created may not be connected to the routing bridge: its worker was lost before.
    if present and present.status != "created" and not present.doomed:
        return _started(present.docker_id)
    host.hosts.add(project.pk, ROUTER_HOSTNAME, host.plan.subnet(project.vlan).router)
    host.engine.ensure_volume(host.names.leases(project.pk), host.names.owner(project.pk))
    try:
        docker_id = host.engine.create_container(spec)
    except ImageMissing as error:
        raise DatacenterError(f"The router image {spec.image} is missing: run manage.py bootstrap_datacenter.") from error
    return _started(docker_id)


def _started(router_id: str) -> str:
    host.engine.start(router_id)
    host.engine.wait_for_log(router_id, READY)
    return router_id


def _spec(project: Project, vlan: int, mtu: int) -> ContainerSpec:
    subnet, public = host.plan.subnet(vlan), host.plan.public_address(vlan)
    first, last = subnet.dhcp
    environment = {
        "DOMAIN": project_domain(project.pk),
        "LAN_IP": str(subnet.router),
        "LAN_NET": str(subnet.network),
        "DHCP_FIRST": str(first),
        "DHCP_LAST": str(last),
        "WAN_IP": str(public),
        "WAN_GATEWAY": str(host.plan.public_gateway),
        "INTERNAL": f"{host.plan.projects}, {host.plan.public}",
        "DNS": " ".join(map(str, host.dns_servers())),
        "MTU": str(mtu),
    }
    return ContainerSpec(
        name=host.names.router(project.pk),
        image=host.names.router_image,
        networks=((host.names.bridge(project.pk), subnet.router), (host.names.routing, public)),
        labels=host.names.owner(project.pk),
        hostname=ROUTER_HOSTNAME,
        environment=environment,
        memory=settings.NETMANAGER_ROUTER_MEMORY,
        pids=64,
        cap_drop=("ALL",),
        cap_add=("NET_ADMIN", "NET_RAW", "NET_BIND_SERVICE", "SETGID"),
        sysctls={"net.ipv4.ip_forward": "1"},
        binds=((str(host.hosts.ensure(project.pk)), "/etc/netmanager/hosts"),),
        volumes=((host.names.leases(project.pk), "/var/lib/netmanager"),),
    )
