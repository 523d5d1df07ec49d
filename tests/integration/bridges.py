"""Bridges as bootstrap_datacenter and a project's build make them, without routers and Docker."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from apps import host
from apps.projects.models import Project
from datacenter import openflow
from datacenter.bootstrap import datapath_type
from datacenter.names import MTU_KEY
from tests.integration.switch import bridges, delete_everything, ports, run, vsctl

VTEP = "nmt-vtep"


@contextmanager
def standing_vtep() -> Iterator[None]:
    """The VTEP bridge, without ports; it and the bridges of projects are removed before and after."""
    clean()
    host.ovsdb.ensure_bridge(VTEP, host.names.owner() | {MTU_KEY: "1450"}, datapath_type(), secure=True)
    openflow.install_flows(VTEP, list(openflow.STANDING))
    yield
    clean()


def clean() -> None:
    delete_everything(*(name for name in bridges() if re.fullmatch(r"nmt-(vtep|p\d+)", name)))
    host.ovsdb.close()  # so that it sees what was done beside it


def project_bridge(project: Project) -> str:
    """The bridge of a project's network."""
    name = host.names.bridge(project.pk)
    host.ovsdb.ensure_bridge(name, host.names.owner(project.pk) | {MTU_KEY: "1450"}, datapath_type())
    return name


def flows(project: int) -> list[str]:
    """The project's flows on the VTEP bridge, without their cookie."""
    mark = f"cookie={openflow.project_cookie(project):#x}, "
    return sorted(flow.removeprefix(mark) for flow in openflow.dump_flows(VTEP) if flow.startswith(mark))


def identities(*bridge: str) -> dict[str, str]:
    """OVSDB's uuids of the bridges' ports: a port that is plugged anew has another."""
    return {port: vsctl("get", "Port", port, "_uuid") for name in bridge for port in ports(name)}


def ofport(port: str) -> int:
    return int(vsctl("get", "Interface", port, "ofport"))


def trace(flow: str) -> str:
    """What the datapath would do with a frame that enters the VTEP bridge."""
    macs = "dl_src=02:00:00:00:00:01,dl_dst=02:00:00:00:00:02"
    return run("ovs-appctl", "ofproto/trace", VTEP, f"{flow},{macs}").rpartition("Datapath actions: ")[2]
