"""Connections of containers to bridges: the host's end of a veth pair, plugged in when it is made or again later."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Interface

from datacenter import netlink
from datacenter.names import ADDRESS_KEY, ENDPOINT_KEY, INSTANCE_KEY, NETWORK_KEY, PROJECT_KEY, Names
from datacenter.ovsdb import Bridge, Ovsdb, Port


@dataclass(frozen=True)
class Endpoint:
    """A container's connection to a Docker network: ids of both, and its address and MAC there."""

    endpoint_id: str
    network_id: str
    address: IPv4Interface
    mac: str


def port_of(names: Names, bridge: Bridge, endpoint: Endpoint) -> Port:
    """The port that the endpoint has on its bridge; routers' ports to the outside do not reach each other."""
    ids = {ENDPOINT_KEY: endpoint.endpoint_id, "attached-mac": endpoint.mac, ADDRESS_KEY: str(endpoint.address)}
    ids |= {key: bridge.external_ids[key] for key in (INSTANCE_KEY, PROJECT_KEY) if key in bridge.external_ids}
    host, _ = names.veth(endpoint.endpoint_id)
    return Port(bridge.name, host, ids, protected=bridge.name == names.routing)


def unplugged(names: Names, ovsdb: Ovsdb, endpoints: Mapping[str, Endpoint]) -> list[Endpoint]:
    """Those whose port no bridge has, or only in name."""
    return [one for one in endpoints.values() if ovsdb.ofport(names.veth(one.endpoint_id)[0]) is None]


def plug_again(names: Names, ovsdb: Ovsdb, endpoint: Endpoint) -> bool:
    """Plug in a running container whose port was lost, without its notice; False where its interface is lost, too."""
    bridge = ovsdb.bridge_of_network(NETWORK_KEY, endpoint.network_id)
    if bridge is None or not netlink.link_exists(names.veth(endpoint.endpoint_id)[0]):
        return False
    ovsdb.plug(port_of(names, bridge, endpoint))
    return True
