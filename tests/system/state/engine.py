"""The database and the Docker Engine: operations, projects, containers and all that is made for them."""

import re
from collections.abc import Iterator

from datacenter.addressing import mac_of
from datacenter.names import CONTAINER_KEY, PROJECT_KEY, ROUTER_HOSTNAME
from tests.system.state.facts import NAMES, rows
from tests.system.state.facts import hosts_files as files
from tests.system.state.world import World, compare

DESIRED = {"running": "RUNNING", "exited": "STOPPED", "created": "STOPPED"}  # what was updated while it was stopped never ran


def operations(world: World) -> Iterator[str]:
    for row in rows("SELECT * FROM operations_operation WHERE state NOT IN ('SUCCEEDED', 'FAILED')"):
        yield f"{row['kind']} {row['uuid']} of project {row['project_id']} is {row['state']}"


def projects(world: World) -> Iterator[str]:
    for row in rows("SELECT * FROM projects_project WHERE status NOT IN ('ACTIVE', 'NONE') OR (status = 'NONE' AND vlan > 0)"):
        yield f"project {row['project_id']} is {row['status']} with VLAN {row['vlan']}: {row['error']}"


def containers(world: World) -> Iterator[str]:
    return compare("container", world.routers | world.rows.keys(), world.containers.keys())


def container_details(world: World) -> Iterator[str]:
    """Of each container that is there and should be: what row and engine say of it."""
    for name in sorted(world.rows.keys() & world.containers.keys()):
        row, found = world.rows[name], world.containers[name]
        endpoint = found["NetworkSettings"]["Networks"].get(NAMES.bridge(row["project_id"]), {})
        for what, told, there in (
            ("id", row["docker_id"], found["Id"][:12]),
            ("image", row["image"], found["Config"]["Image"]),
            ("state", row["desired"], DESIRED.get(found["State"]["Status"], found["State"]["Status"])),
            ("address", row["ip"], (endpoint.get("IPAMConfig") or {}).get("IPv4Address")),
            ("MAC", row["mac"], endpoint.get("MacAddress") or mac_of(row["ip"])),
            ("owner", row["name"], found["Config"]["Labels"].get(CONTAINER_KEY)),
        ):
            if told != there:
                yield f"{what} of {name} is {told} in the database, and {there}"
    for project, row in world.active.items():
        router = world.containers.get(NAMES.router(project))
        if router and (router["Id"][:12], router["State"]["Status"]) != (row["router_docker_id"][:12], "running"):
            yield f"router of project {project} is {row['router_docker_id']} in the database, and {router['State']['Status']}"


def networks(world: World) -> Iterator[str]:
    there = {network["Name"]: network["Id"] for network in world.networks}
    yield from compare("network", {NAMES.routing, *map(NAMES.bridge, world.active)}, there.keys())
    for project, row in world.active.items():
        if (found := there.get(NAMES.bridge(project), "")) and found != row["docker_network_id"]:
            yield f"network of project {project} is {row['docker_network_id']} in the database, and {found}"


def volumes(world: World) -> Iterator[str]:
    """Those that containers have mounted, the leases of routers among them."""
    mounted = {mount["Name"] for found in world.containers.values() for mount in found["Mounts"] if mount["Type"] == "volume"}
    return compare("volume", mounted | set(map(NAMES.leases, world.active)), {volume["Name"] for volume in world.volumes})


def images(world: World) -> Iterator[str]:
    """Those that were built for containers; each has one container, and no other name."""
    built = [image for image in world.images if PROJECT_KEY in (image["Config"]["Labels"] or {})]
    for image in built:
        if not image["RepoTags"]:
            yield f"image {image['Id']} of project {image['Config']['Labels'][PROJECT_KEY]} has no name"
    told = {row["image"] for row in world.rows.values() if row["dockerfile"]}
    yield from compare("image", told, {tag for image in built for tag in image["RepoTags"] or []})


def hosts_files(world: World) -> Iterator[str]:
    there = {path: text for path, text in files().items() if re.match(r"p\d+/", path)}
    told = {f"p{row['project_id']}/hosts/{row['name']}": row for row in world.rows.values()}
    routers = {f"p{project}/hosts/{ROUTER_HOSTNAME}" for project in world.active}
    yield from compare("hosts file", told.keys() | routers, there.keys())
    for path in sorted(told.keys() & there.keys()):
        if there[path].split()[0] != told[path]["ip"]:
            yield f"hosts file {path} says {there[path].split()[0]}, and the database {told[path]['ip']}"
