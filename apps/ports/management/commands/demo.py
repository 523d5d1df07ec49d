"""`manage.py demo`: the main job told through the HTTP API, every result checked; `make demo` calls it."""

from typing import Any

import requests
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rest_framework.authtoken.models import Token

from apps import host
from datacenter.names import project_domain

USER = 1
HERE, THERE = 7, 8
NAMES = ("demo-web", "demo-db")


class Command(BaseCommand):
    help = "Walk through the main job by the HTTP API of the running NetManager, and check each result."

    def handle(self, *args: Any, **options: Any) -> None:
        self.passed = 0
        self.session = requests.Session()
        self.session.headers["Authorization"] = f"Token {self._token()}"
        self._clean()
        web, db, other = self._containers()
        self._inside(web, db)
        self._isolation(web, other)
        self._life(web, db)
        self.stdout.write(f"demo: {self.passed} checks passed")

    def _token(self) -> str:
        token = Token.objects.filter(user__username="dml-servant").first()
        if token is None:
            raise CommandError("There is no service dml-servant: run make up.")
        return str(token.key)

    def _clean(self) -> None:
        """Remove the containers of an earlier demo."""
        for project in (HERE, THERE):
            for container in self._api("GET", f"get-project-containers/{USER}/{project}")["containers"]:
                if container["container_name"] in NAMES:
                    self._api("POST", f"remove-container/{USER}/{container['docker_id']}")

    def _containers(self) -> list[dict[str, Any]]:
        self._step("dml-servant asks for containers; a project's first one builds its network")
        places = [(HERE, NAMES[0]), (HERE, NAMES[1]), (THERE, NAMES[0])]
        made = [self._api("POST", f"new-container/{USER}/{project}", name=name) for project, name in places]
        for (project, name), container in zip(places, made, strict=True):
            self._check(f"project {project} has {name} at {container['ip']}", container["container_name"] == name)
        network = self._api("POST", f"create-bridge/{USER}/{HERE}")
        self._check(
            f"project {HERE} is {network['subnet']} on bridge {network['bridge']}, VLAN {network['vlan']}", network["vlan"] >= 2
        )
        self.gateway = network["gateway"]
        return made

    def _inside(self, web: dict[str, Any], db: dict[str, Any]) -> None:
        self._step(f"inside project {HERE}")
        self._check("it reaches its router", self._pings(HERE, self.gateway))
        self._check("it reaches its sibling by address", self._pings(HERE, db["ip"]))
        self._check("it reaches its sibling by name", self._pings(HERE, NAMES[1]))
        full = f"{NAMES[1]}.{project_domain(HERE)}"
        self._check(f"{full} is {db['ip']}", db["ip"] in self._run(HERE, "getent", "ahostsv4", full)[1])
        self._check("it reaches the uplink through its router's NAT", self._pings(HERE, str(host.plan.public_gateway)))
        links = self._run(HERE, "ip", "-o", "link")[1].strip().splitlines()
        self._check("it has one interface besides lo", len(links) == 2)

    def _isolation(self, web: dict[str, Any], other: dict[str, Any]) -> None:
        self._step(f"projects {HERE} and {THERE} see nothing of each other")
        self._check(f"project {HERE} does not reach {other['ip']}", not self._pings(HERE, other["ip"]))
        self._check(f"project {THERE} does not reach {web['ip']}", not self._pings(THERE, web["ip"]))
        name = f"{NAMES[1]}.{project_domain(HERE)}"
        self._check(f"project {THERE} does not know {name}", self._run(THERE, "getent", "ahostsv4", name)[0] != 0)

    def _life(self, web: dict[str, Any], db: dict[str, Any]) -> None:
        self._step("a container keeps its address over stop, start and restart")
        for verb, status in (("stop", "exited"), ("start", "running"), ("restart", "running")):
            self._api("POST", f"{verb}-container/{USER}/{db['docker_id']}")
            listed = self._api("GET", f"get-project-containers/{USER}/{HERE}")["containers"]
            now = {container["docker_id"]: (container["ip"], container["status"]) for container in listed}[db["docker_id"]]
            self._check(f"after {verb} it is {status} at {now[0]}", now == (db["ip"], status))
        self._check("its sibling reaches it again", self._pings(HERE, NAMES[1]))

    def _pings(self, project: int, target: str) -> bool:
        return self._run(project, "ping", "-c", "2", "-W", "2", target)[0] == 0

    def _run(self, project: int, *command: str) -> tuple[int, str]:
        return host.engine.execute(host.names.container(project, NAMES[0]), list(command))

    def _api(self, method: str, path: str, **fields: str) -> dict[str, Any]:
        answer = self.session.request(method, f"{settings.NETMANAGER_API}/{path}/", data=fields, timeout=180)
        body: dict[str, Any] = answer.json()
        self.stdout.write(f"    {method} /{path}/ → {answer.status_code} {body}")
        if answer.status_code != requests.codes.ok:
            raise CommandError(f"demo: {method} /{path}/ failed: {body['error']}")
        return body

    def _step(self, what: str) -> None:
        self.stdout.write(f"• {what}")

    def _check(self, what: str, holds: bool) -> None:
        if not holds:
            raise CommandError(f"demo: not so: {what}")
        self.passed += 1
        self.stdout.write(f"  ✓ {what}")
