"""Removes everything of an instance from the host, by its owner label."""

from datacenter import firewall, netlink
from datacenter.engine import Engine
from datacenter.names import Names
from datacenter.ovsdb import Ovsdb


def purge(names: Names, ovsdb: Ovsdb, engine: Engine) -> list[str]:
    """Containers, networks, volumes and images, bridges, firewall; the names of the containers and bridges removed."""
    owner = names.owner()
    containers = engine.delete_containers(owner)
    engine.delete_networks(owner)
    engine.delete_volumes(owner)
    engine.delete_images(owner)
    bridges = ovsdb.bridges(owner)
    for bridge in bridges:
        veths = [port for port, ids in ovsdb.ports(bridge.name).items() if "iface-id" in ids]
        ovsdb.delete_bridge(bridge.name)
        for veth in veths:
            netlink.delete_link(veth)
    firewall.uninstall(names)
    return [container.name for container in containers] + [bridge.name for bridge in bridges]
