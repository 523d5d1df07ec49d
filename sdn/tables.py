"""Numbers of the pipeline: tables, priorities, cookies, ids of groups and meters. ARCHITECTURE.md shows it table by table."""

CLASSIFY, LEARN, FORWARD = 0, 1, 2
MISS = 0  # priority of the last flow of a table, which drops

# classify
NEVER = 600  # what no port may send
FROM_UPLINK = 500  # ahead of the guards, which are for sockets
GUARD = 400
SNOOPED = 320  # ARP and DHCP to all: a copy for the controller
TO_ALL = 310  # group-addressed: metered
FROM_SOCKET = 300

# learn
KNOWN_RANGE = 300  # containers and routers
KNOWN = 200
CLOSED = 100  # at the limit of learned hosts
UNKNOWN = 10

# forward
TO_RANGE = 300
TO_HOST = 200
FLOOD = 100

# cookies: 0x6e6d ("nm"), and below it what a flow is for; a project's flows end in its VLAN
_COOKIE = 0x6E6D << 48
OF_SWITCH = _COOKIE
OF_UNKNOWN = _COOKIE | 2 << 32  # the flow that copies frames of unknown hosts: packet-ins carry it
_OF_PROJECT = _COOKIE | 1 << 32


def of_project(vlan: int) -> int:
    """Cookie of the flows of the project that has this VLAN."""
    return _OF_PROJECT | vlan


IDLE = 300  # seconds without a frame from it after which a learned host is forgotten
UPLINK_HOSTS = 126  # learned by the uplink for one project: as many as its router leases addresses

CONTROLLER_METER = 0xFFFFFFFE  # OFPM_CONTROLLER: limits the copies for the controller, of the whole switch
COPIES = 2000  # per second


def flood_group(vlan: int) -> int:
    """Id of the group that floods a project's frames."""
    return vlan


def socket_meter(of_port: int) -> int:
    """Id of the meter of a socket's group-addressed frames."""
    return of_port
