"""The first scene: containers of two projects, in the datacenter alone."""

from typing import Any

from apps import host
from apps.ports.demo.stage import DB, HERE, THERE, USER, WEB, Stage
from datacenter.names import project_domain


def play(stage: Stage) -> None:
    """Two containers of one project and one of another: what they reach, and what not."""
    _clean(stage)
    web, db, other, gateway = _containers(stage)
    _inside(stage, db, gateway)
    _isolation(stage, web, other)
    _life(stage, db)


def _clean(stage: Stage) -> None:
    """Remove the containers of an earlier demo."""
    for project in (HERE, THERE):
        for container in stage.get(f"get-project-containers/{USER}/{project}")["containers"]:
            if container["container_name"] in (WEB, DB):
                stage.post(f"remove-container/{USER}/{container['docker_id']}")


def _containers(stage: Stage) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any], str]:
    stage.step("dml-servant asks for containers; a project's first one builds its network")
    made = []
    for project, name in ((HERE, WEB), (HERE, DB), (THERE, WEB)):
        container = stage.post(f"new-container/{USER}/{project}", name=name)
        stage.check(f"project {project} has {name} at {container['ip']}", container["container_name"] == name)
        made.append(container)
    network = stage.post(f"create-bridge/{USER}/{HERE}")
    stage.check(
        f"project {HERE} is {network['subnet']} on bridge {network['bridge']}, VLAN {network['vlan']}", network["vlan"] >= 2
    )
    return made[0], made[1], made[2], network["gateway"]


def _inside(stage: Stage, db: dict[str, Any], gateway: str) -> None:
    stage.step(f"inside project {HERE}")
    stage.check("a container reaches its router", stage.container_pings(HERE, gateway))
    stage.check("it reaches its sibling by address", stage.container_pings(HERE, db["ip"]))
    stage.check("it reaches its sibling by name", stage.container_pings(HERE, DB))
    full = f"{DB}.{project_domain(HERE)}"
    stage.check(f"{full} is {db['ip']}", db["ip"] in stage.inside(HERE, "getent", "ahostsv4", full)[1])
    stage.check("it reaches the uplink through its router's NAT", stage.container_pings(HERE, str(host.plan.public_gateway)))
    links = stage.inside(HERE, "ip", "-o", "link")[1].strip().splitlines()
    stage.check("it has one interface besides lo", len(links) == 2)


def _isolation(stage: Stage, web: dict[str, Any], other: dict[str, Any]) -> None:
    stage.step(f"projects {HERE} and {THERE} see nothing of each other")
    name = f"{DB}.{project_domain(HERE)}"
    stage.check_none({
        f"project {HERE} does not reach {other['ip']}": lambda: stage.container_pings(HERE, other["ip"]),
        f"project {THERE} does not reach {web['ip']}": lambda: stage.container_pings(THERE, web["ip"]),
        f"project {THERE} does not know {name}": lambda: stage.inside(THERE, "getent", "ahostsv4", name)[0] == 0,
    })  # fmt: skip


def _life(stage: Stage, db: dict[str, Any]) -> None:
    stage.step("a container keeps its address over stop, start and restart")
    for verb, status in (("stop", "exited"), ("start", "running"), ("restart", "running")):
        stage.post(f"{verb}-container/{USER}/{db['docker_id']}")
        listed = stage.get(f"get-project-containers/{USER}/{HERE}")["containers"]
        now = {container["docker_id"]: (container["ip"], container["status"]) for container in listed}[db["docker_id"]]
        stage.check(f"after {verb} it is {status} at {now[0]}", now == (db["ip"], status))
    stage.check("its sibling reaches it again", stage.container_pings(HERE, DB))
