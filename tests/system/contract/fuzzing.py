"""Requests that schemathesis makes up from the description, within a few projects."""

import re
from contextlib import suppress
from typing import Any

import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis.generation import GenerationMode
from schemathesis.transport.serialization import Binary

from apps.containers.selectors import DOCKER_ID
from apps.containers.serializers import RESERVED
from apps.operations.serializers import LARGEST_ID
from tests.system.contract.description import Operation
from tests.system.contract.world import FREE, STRANGER, USER, World
from tests.system.stack import BASE_IMAGE, LISTEN

PROJECTS = (19101, 19102, 19103)
# who asks validly for what is not there is answered 400: `_refused_as_wrong` looks at the code instead
CONFIG = {
    "checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", "400", "404", "5xx"]}},
    "generation": {"with-security-parameters": False},  # every request has the token; `ignored_auth` repeats some without
}
WRONG = {"invalid", "malformed", "unsupported_media_type"}
DOCKERFILES = [
    *[f"FROM {BASE_IMAGE}\nCMD sleep infinity\n".encode()] * 3,
    f"FROM {BASE_IMAGE}\nRUN false\n".encode(),
    f"FROM {BASE_IMAGE}\n".encode(),
    b"FROM nothing:1\n",
    b"",
]
EVERYTHING = list(HealthCheck)
FEW = 10  # examples: the same in every run


class Fuzzer:
    """Calls operations with made-up requests and checks each answer."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.schema = schemathesis.openapi.from_dict(world.contract.served, config=schemathesis.Config.from_dict(CONFIG))
        self.session = requests.Session()
        self.statuses: list[int] = []  # what was answered

    def run(self, operation: Operation, mode: GenerationMode, examples: int) -> None:
        """So many requests of one operation, valid or not; fails at the first wrong answer."""

        @settings(max_examples=examples, derandomize=examples <= FEW, deadline=None, database=None, phases=[Phase.generate],
                  suppress_health_check=EVERYTHING, print_blob=False)  # fmt: skip
        @given(self._cases(operation, mode))
        def call(case: Any) -> None:
            self._call(case)

        with suppress(*[Unsatisfiable] if mode == GenerationMode.NEGATIVE else []):  # nothing is sent that could be wrong
            call()

    def _cases(self, operation: Operation, mode: GenerationMode) -> st.SearchStrategy[Any]:
        made_up = self.schema[operation.path][operation.method].as_strategy(generation_mode=mode)
        return st.builds(_bounded, made_up, st.integers(0, 11), st.sampled_from([*DOCKERFILES, None, None]))

    def _call(self, case: Any) -> None:
        if isinstance(index := case.path_parameters.get("docker_id"), int):
            case.path_parameters["docker_id"] = self._docker_id(index)
        if "uuid" in case.path_parameters and case.meta.generation.mode == GenerationMode.POSITIVE:
            case.path_parameters["uuid"] = self.world.ids["uuid"]
        headers = {"Authorization": f"Token {self.world.stack.token}"}
        response = case.call_and_validate(
            base_url=f"http://{LISTEN}", session=self.session, headers=headers, additional_checks=[_refused_as_wrong], timeout=180
        )
        self.statuses.append(response.status_code)

    def _docker_id(self, index: int) -> str:
        """One of the containers that stand now, or one that does not."""
        listed = [self.world.stack.get(f"/get-project-containers/{USER}/{project}/").body for project in PROJECTS]
        ids = [container["docker_id"] for body in listed for container in body["containers"]]
        return str(ids[index % len(ids)]) if ids else "ffffffffffff"


def _bounded(case: Any, index: int, dockerfile: bytes | None) -> Any:
    """The case with ids that are valid replaced by those of a few projects, and often a Dockerfile that is one."""
    few = {"project_id": PROJECTS[index % 3], "user_id": STRANGER if index == 11 else USER, "port_id": 99 if index % 2 else FREE}
    for name, value in case.path_parameters.items():
        if name in few and re.fullmatch(r"\d{1,10}", str(value)) and 1 <= int(value) <= LARGEST_ID:
            case.path_parameters[name] = few[name]
        if name == "docker_id" and re.fullmatch(DOCKER_ID, str(value)) and index != 10:
            case.path_parameters[name] = index
    if dockerfile is not None and isinstance(case.body, dict) and isinstance(case.body.get("dockerfile"), Binary):
        case.body["dockerfile"] = Binary(dockerfile)
    return case


def _refused_as_wrong(ctx: Any, response: Any, case: Any) -> None:
    """What fits the description is not called wrong; of Dockerfiles, cursors and reserved names it does not say enough."""
    if case.meta.generation.mode == GenerationMode.NEGATIVE or response.status_code != 400:
        return
    body = case.body if isinstance(case.body, dict) else {}
    unsaid = "dockerfile" in body or body.get("name") in RESERVED or "cursor" in (case.query or {})
    if not unsaid and body.get("members") != []:  # a form cannot have an empty list
        assert response.json()["code"] not in WRONG, response.json()
