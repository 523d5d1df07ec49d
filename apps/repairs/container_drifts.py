"""What differs of a project's containers, their connections and their names; pure."""

from collections.abc import Iterator, Mapping

from apps.repairs.drift import Drift, Part
from apps.repairs.expected import ExpectedContainer, ExpectedProject
from apps.repairs.network_drifts import RUNS
from datacenter.addressing import Plan
from datacenter.names import ADDRESS_KEY, CONTAINER_KEY, ENDPOINT_KEY, MTU_KEY, ROUTER_HOSTNAME, Names
from datacenter.survey import Survey


class ContainerDrifts:
    """Of one project whose network stands."""

    def __init__(self, names: Names, plan: Plan, project: ExpectedProject, found: Survey) -> None:
        self._names, self._plan, self._project, self._found = names, plan, project, found
        self._bridge, self._router = names.bridge(project.project_id), names.router(project.project_id)
        owner = names.owner(project.project_id)
        self._containers = {one.docker_id: one for one in found.containers.values() if owner.items() <= one.labels.items()}

    def __iter__(self) -> Iterator[Drift]:
        for container in self._project.containers:
            for why in self._container(container):
                yield self._amiss(Part.CONTAINER, container.name, why)
        yield from self._strangers()
        if self._bridge in self._found.bridges:
            yield from self._connections()
            yield from self._dead_ports()
        yield from self._hosts()

    def _amiss(self, part: Part, where: str, why: str) -> Drift:
        return Drift(self._project.project_id, part, where, why)

    def _container(self, wanted: ExpectedContainer) -> Iterator[str]:
        name, there = self._names.container(self._project.project_id, wanted.name), self._containers.get(wanted.docker_id)
        if there is None or there.doomed:
            yield "it is gone from the engine"
        elif there.name != name:
            yield f"the engine has it as {there.name}"
        elif wanted.running and there.status not in RUNS:
            yield f"it is to run, and is {there.status}"
        elif not wanted.running and there.status in {*RUNS, "paused"}:
            yield f"it is to be stopped, and is {there.status}"

    def _strangers(self) -> Iterator[Drift]:
        """Containers that carry the project's label and that no row knows."""
        known = {container.docker_id for container in self._project.containers}
        for container in self._containers.values():
            name = container.labels.get(CONTAINER_KEY, "")
            if container.docker_id not in known and container.name != self._router and name not in self._project.coming:
                yield self._amiss(Part.CONTAINER, name, f"nobody knows {container.name}")

    def _ports(self) -> Iterator[tuple[str, str, str]]:
        """Ports of this project's endpoints, with the endpoints and the bridges."""
        for bridge in (self._bridge, self._names.routing):
            for port, ids in self._found.ports.get(bridge, {}).items():
                if ENDPOINT_KEY in ids and (bridge == self._bridge or self._is_own(ids)):
                    yield port, ids[ENDPOINT_KEY], bridge

    def _is_own(self, ids: Mapping[str, str]) -> bool:
        """Whether a port of the routing bridge is this project's router's: it says its address, and no project."""
        return ids.get(ADDRESS_KEY, "").split("/")[0] == str(self._plan.public_address(self._project.vlan))

    def _connections(self) -> Iterator[Drift]:
        ports = {end: (port, bridge) for port, end, bridge in self._ports() if self._works(port)}
        for container in self._containers.values():
            if container.status != "running":
                continue
            if not container.endpoints.keys() <= ports.keys():
                yield self._amiss(Part.CONNECTION, container.name, "it runs and is not connected")
            for port, bridge in (ports[endpoint] for endpoint in container.endpoints.keys() & ports.keys()):
                wanted = self._found.bridges[bridge].external_ids.get(MTU_KEY)
                if str(self._found.links[port]) != wanted:
                    yield self._amiss(Part.CONNECTION, container.name, f"its MTU is not {wanted}")

    def _works(self, port: str) -> bool:
        return self._found.ofports.get(port) is not None and port in self._found.links

    def _dead_ports(self) -> Iterator[Drift]:
        for port, endpoint, _ in self._ports():
            if endpoint not in self._found.endpoints:
                yield self._amiss(Part.PORT, port, "it leads to no container")

    def _hosts(self) -> Iterator[Drift]:
        wanted = {one.name: one.ip for one in self._project.containers}
        wanted[ROUTER_HOSTNAME] = str(self._plan.subnet(self._project.vlan).router)
        there = self._found.hosts.get(self._project.project_id, {})
        for name in sorted((wanted.keys() | there.keys()) - self._project.coming):
            if wanted.get(name) != there.get(name):
                why = f"the router is to answer {wanted.get(name, 'nothing')}, and answers {there.get(name, 'nothing')}"
                yield self._amiss(Part.NAME, name, why)
