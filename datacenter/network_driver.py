"""Docker network driver: a WSGI application on a unix socket that plugs containers into their bridge.

Protocol: libnetwork's remote driver (github.com/moby/libnetwork, docs/remote.md). It needs no database,
no broker and no worker: what it must remember between calls stands in OVSDB.
"""

import json
import logging
from collections.abc import Callable, Iterable
from ipaddress import IPv4Interface
from typing import Any

from datacenter import netlink
from datacenter.addressing import ROUTER, is_router, mac_of
from datacenter.endpoints import Endpoint, port_of
from datacenter.errors import DatacenterError
from datacenter.names import ADDRESS_KEY, GATEWAY_KEY, INSTANCE_KEY, MTU_KEY, NETWORK_KEY, Names
from datacenter.ovsdb import Bridge, Ovsdb

log = logging.getLogger(__name__)

USERSPACE = "netdev"  # datapath_type of the userspace datapath

Json = dict[str, Any]


def endpoint_key(endpoint_id: str) -> str:
    """external_id of a bridge that notes an endpoint's address and MAC from CreateEndpoint to Join."""
    return f"netmanager.endpoint.{endpoint_id}"


class NetworkDriver:
    """The calls of the protocol; each takes and returns its JSON body."""

    def __init__(self, names: Names, ovsdb: Ovsdb) -> None:
        self._names = names
        self._ovsdb = ovsdb
        self.calls: dict[str, Callable[[Json], Json]] = {
            "/Plugin.Activate": lambda body: {"Implements": ["NetworkDriver"]},
            "/NetworkDriver.GetCapabilities": lambda body: {"Scope": "local", "ConnectivityScope": "local"},
            "/NetworkDriver.CreateNetwork": self.create_network,
            "/NetworkDriver.DeleteNetwork": self.delete_network,
            "/NetworkDriver.CreateEndpoint": self.create_endpoint,
            "/NetworkDriver.DeleteEndpoint": self.delete_endpoint,
            "/NetworkDriver.EndpointOperInfo": lambda body: {"Value": {}},
            "/NetworkDriver.Join": self.join,
            "/NetworkDriver.Leave": self.leave,
            "/NetworkDriver.ProgramExternalConnectivity": lambda body: {},
            "/NetworkDriver.RevokeExternalConnectivity": lambda body: {},
            "/NetworkDriver.DiscoverNew": lambda body: {},
            "/NetworkDriver.DiscoverDelete": lambda body: {},
        }

    def create_network(self, body: Json) -> Json:
        """Tie the Docker network to the bridge that its option `netmanager.bridge` names."""
        name = ((body.get("Options") or {}).get("com.docker.network.generic") or {}).get("netmanager.bridge", "")
        bridge = self._ovsdb.wait_for_bridge(name)  # made by another process a moment ago
        if bridge is None or bridge.external_ids.get(INSTANCE_KEY) != self._names.instance:
            raise DatacenterError(
                f"Option netmanager.bridge must name a bridge of instance {self._names.instance}; {name!r} is none."
            )
        self._ovsdb.set_bridge_ids(name, {NETWORK_KEY: body["NetworkID"]})
        return {}

    def delete_network(self, body: Json) -> Json:
        """Forget the network; a bridge that is gone is forgiven."""
        bridge = self._ovsdb.bridge_of_network(NETWORK_KEY, body["NetworkID"])
        if bridge:
            self._ovsdb.remove_bridge_ids(bridge.name, NETWORK_KEY)
        return {}

    def create_endpoint(self, body: Json) -> Json:
        """Note the endpoint's address; its MAC follows from it unless the engine insists on one."""
        interface = body.get("Interface") or {}
        if not interface.get("Address"):
            raise DatacenterError("An endpoint needs an IPv4 address.")
        given = interface.get("MacAddress")
        mac = given or mac_of(IPv4Interface(interface["Address"]).ip)
        bridge = self._bridge(body)
        self._ovsdb.set_bridge_ids(bridge.name, {endpoint_key(body["EndpointID"]): f"{interface['Address']} {mac}"})
        return {"Interface": {} if given else {"MacAddress": mac}}

    def delete_endpoint(self, body: Json) -> Json:
        """Forget an endpoint that was never joined, and whatever a lost Leave left behind."""
        self.leave(body)
        bridge = self._ovsdb.bridge_of_network(NETWORK_KEY, body["NetworkID"])
        if bridge:
            self._ovsdb.remove_bridge_ids(bridge.name, endpoint_key(body["EndpointID"]))
        return {}

    def join(self, body: Json) -> Json:
        """Make the veth pair, plug its host end into the bridge, and hand the other end to Docker."""
        bridge = self._bridge(body)
        note = bridge.external_ids.get(endpoint_key(body["EndpointID"]))
        if note is None:
            raise DatacenterError(f"Endpoint {body['EndpointID']} was never created on {bridge.name}.")
        address, mac = IPv4Interface(note.split()[0]), note.split()[1]
        host, peer = self._names.veth(body["EndpointID"])
        stale = tuple(name for name, ids in self._ovsdb.ports(bridge.name).items() if ids.get(ADDRESS_KEY) == str(address))
        netlink.plug_veth(netlink.VethPair(host, peer, mac, int(bridge.external_ids[MTU_KEY]), bridge.datapath_type != USERSPACE))
        port = port_of(self._names, bridge, Endpoint(body["EndpointID"], body["NetworkID"], address, mac))
        try:
            self._ovsdb.plug(port, replacing=stale, forget=endpoint_key(body["EndpointID"]))
        except DatacenterError:
            netlink.delete_link(host)
            raise
        for name in set(stale) - {host}:
            netlink.delete_link(name)
        return self._joined(bridge, address, peer)

    def leave(self, body: Json) -> Json:
        """Unplug the endpoint; one that is gone is forgiven."""
        host, _ = self._names.veth(body["EndpointID"])
        self._ovsdb.unplug(host)
        netlink.delete_link(host)
        return {}

    def _joined(self, bridge: Bridge, address: IPv4Interface, peer: str) -> Json:
        if self._is_wan(bridge):
            prefix, gateway = "wan", bridge.external_ids[GATEWAY_KEY]
        elif is_router(address):
            prefix, gateway = "lan", ""  # a route to itself would keep it from starting
        else:
            prefix, gateway = "eth", str(address.network[ROUTER])
        # Without DisableGatewayService the engine attaches endpoints that have no gateway to docker_gwbridge.
        return {
            "InterfaceName": {"SrcName": peer, "DstPrefix": prefix},
            "Gateway": gateway,
            "DisableGatewayService": True,
        }

    def _is_wan(self, bridge: Bridge) -> bool:
        return bridge.name == self._names.routing

    def _bridge(self, body: Json) -> Bridge:
        bridge = self._ovsdb.bridge_of_network(NETWORK_KEY, body["NetworkID"])
        if bridge is None:
            raise DatacenterError(f"No bridge carries Docker network {body['NetworkID']}; call create-bridge to repair it.")
        return bridge


def create_app(instance: str) -> Callable[[Json, Callable[..., Any]], Iterable[bytes]]:
    """The driver of an instance as a WSGI application, for gunicorn on `Names.driver_socket`."""
    driver = NetworkDriver(Names(instance), Ovsdb())

    def application(environ: Json, start_response: Callable[..., Any]) -> Iterable[bytes]:
        status, answer = _answer(driver, environ)
        body = json.dumps(answer).encode()
        headers = [("Content-Type", "application/vnd.docker.plugins.v1.2+json"), ("Content-Length", str(len(body)))]
        start_response(status, headers)
        return [body]

    return application


def _answer(driver: NetworkDriver, environ: Json) -> tuple[str, Json]:
    call = driver.calls.get(environ["PATH_INFO"])
    if call is None:
        return "404 Not Found", {"Err": f"{environ['PATH_INFO']} is not a call of this driver."}
    try:
        return "200 OK", call(json.loads(environ["wsgi.input"].read() or b"{}"))
    except DatacenterError as error:
        log.warning("%s failed: %s", environ["PATH_INFO"], error)
        return "500 Internal Server Error", {"Err": str(error)}
    except Exception as error:  # the engine shows its caller what stands in Err, and nothing of any other answer
        log.exception("%s broke", environ["PATH_INFO"])
        return "500 Internal Server Error", {"Err": f"{type(error).__name__}: {error}"}
