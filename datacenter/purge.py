"""Removes everything of an instance from the host, by its owner label."""

from datacenter import firewall, netlink
from datacenter.engine import Engine
from datacenter.names import ENDPOINT_KEY, Names
from datacenter.ovsdb import Ovsdb


def purge(names: Names, ovsdb: Ovsdb, engine: Engine) -> list[str]:
    """Containers, networks, volumes and images, bridges, firewall; the names of the containers and bridges removed."""
    owner = names.owner()
    for origin in {step.origin for step in engine.build_steps(owner)}:
        engine.delete_build_steps(origin)
    containers = engine.delete_containers(owner)
    engine.delete_networks(owner)
    engine.delete_volumes(owner)
    engine.delete_images(owner)
    engine.delete_layers(owner)
    bridges = ovsdb.bridges(owner)
    for bridge in bridges:
        delete_bridge(bridge.name, ovsdb)
    for veth in netlink.mtus(names.veth("")[0]):  # those that a killed driver made and plugged nowhere
        netlink.delete_link(veth)
    firewall.uninstall(names)
    return [container.name for container in containers] + [bridge.name for bridge in bridges]


def delete_bridge(name: str, ovsdb: Ovsdb) -> None:
    """Remove a bridge and the veth pairs of its endpoints, which Docker's Leave did not reach; missing ones are forgiven."""
    veths = [port for port, ids in ovsdb.ports(name).items() if ENDPOINT_KEY in ids]
    ovsdb.delete_bridge(name)
    for veth in veths:
        netlink.delete_link(veth)
