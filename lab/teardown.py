"""Removes whatever lab an instance has, whole or not, by the names that only its lab can have."""

import shutil
from contextlib import closing
from pathlib import Path

from datacenter import netlink
from datacenter.errors import DatacenterUnavailable
from datacenter.names import Names
from datacenter.ovsdb import Ovsdb
from lab import namespaces
from lab.layout import host_bridge, link_pattern, namespace_pattern, run_directory
from lab.switch import daemons_in

LINKS = Path("/sys/class/net")


def remove(instance: str) -> None:
    """Processes, namespaces, cables, bridge and state; missing ones are forgiven."""
    place = run_directory(instance)
    for directory in place.glob("[0-9]*"):  # also those whose namespace has lost its name
        namespaces.end(daemons_in(directory))
    namespaces.delete(filter(namespace_pattern(instance).fullmatch, namespaces.present()))
    _remove_bridge(instance)
    for name in filter(link_pattern(instance).fullmatch, (link.name for link in LINKS.iterdir())):
        netlink.delete_link(name)
    shutil.rmtree(place, ignore_errors=True)


def _remove_bridge(instance: str) -> None:
    name = host_bridge(instance)
    with closing(Ovsdb()) as ovsdb:
        try:
            bridge = ovsdb.bridge(name)
        except DatacenterUnavailable:  # with Open vSwitch away its bridges are too
            return
        if bridge and Names(instance).owner().items() <= bridge.external_ids.items():
            ovsdb.delete_bridge(name)
