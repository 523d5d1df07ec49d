"""The second scene: an image of a student's own, built inside the project's network, and its update."""

from django.conf import settings

from apps.ports.demo.stage import HERE, OWN, USER, Stage

FROM = f"FROM {settings.NETMANAGER_BASE_IMAGE}\n"
FIRST = f"""{FROM}RUN echo "built inside of the project's network" >/version
CMD ["sh", "-c", "cat /version; sleep infinity"]
"""
SECOND = FIRST.replace("built", "built again")
DIES = f'{FROM}CMD ["sh", "-c", "echo this one gives up; exit 1"]\n'


def play(stage: Stage) -> None:
    """A Dockerfile becomes a container; a better one takes its place, a worse one does not."""
    stage.step("a container from a Dockerfile")
    for container in stage.get(f"get-project-containers/{USER}/{HERE}")["containers"]:
        if container["container_name"] == OWN:
            stage.post(f"remove-container/{USER}/{container['docker_id']}")
    made = stage.build(f"new-container/{USER}/{HERE}", FIRST, name=OWN)
    _says(stage, made["docker_id"], "built inside")
    stats = stage.get(f"get-container-info/{USER}/{made['docker_id']}")["stats"]
    stage.check(f"it is {stats['status']}, uses {stats['mem_used']} of {stats['mem_limit']} bytes", stats["mem_used"] > 0)
    stage.check("its sibling reaches it by name", stage.container_pings(HERE, OWN))
    stage.step("an update keeps its name and address")
    updated = stage.build(f"update-container/{USER}/{made['docker_id']}", SECOND)
    stage.check(f"{updated['docker_id']} is at {updated['ip']}", updated["ip"] == made["ip"])
    _says(stage, updated["docker_id"], "built again")
    error = stage.refused(f"update-container/{USER}/{updated['docker_id']}", DIES)
    stage.check(f"one that does not stay up is refused: {error['code']}", error["code"] == "start_failed")
    _says(stage, updated["docker_id"], "built again")
    error = stage.refused(f"update-container/{USER}/{made['docker_id']}", SECOND)
    stage.check("the old docker_id tells the new one", updated["docker_id"] in error["error"])


def _says(stage: Stage, docker_id: str, what: str) -> None:
    def logs() -> bool:
        return what in stage.get(f"get-container-logs/{USER}/{docker_id}")["logs"]

    stage.wait(f"the log of {docker_id} has {what!r}", logs, 30)
    stage.check(f"its log says {what!r}", True)
