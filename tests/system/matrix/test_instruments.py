"""The instruments of the matrix see what they are for."""

from ipaddress import IPv4Address, IPv4Network

from datacenter.addressing import Plan, mac_of
from tests.conditions import wait_until
from tests.system.matrix.calls import Caller, open_operations
from tests.system.matrix.city import CALLS, SPARE, City
from tests.system.matrix.drift import drift
from tests.system.matrix.isolation import Seen, foreign, vlan_of_address
from tests.system.matrix.report import document, line
from tests.system.matrix.spies import Spies
from tests.system.matrix.traffic import Traffic
from tests.system.scene import let_pass
from tests.system.stack import DATABASE, postgres, run

SMALL = Plan(IPv4Network("10.64.0.0/12"), IPv4Network("100.64.0.0/16"))
WEB2, WEB3, ROUTER3, PUBLIC3 = map(mac_of, ("10.64.2.128", "10.64.3.128", "10.64.3.1", "100.64.0.3"))
LAPTOP2, ALL = "06:00:00:00:00:01", "ff:ff:ff:ff:ff:ff"
MEASURE = {
    "name": "x", "what": "a thing", "lost": {"laptop → container": 7, "laptop → laptop": 0}, "seconds": 1.26, "kept": True,
    "drift": [], "complaints": [], "void": 0, "at": 1800000000.0,
}  # fmt: skip


def test_an_address_tells_its_project() -> None:
    addresses = ("10.64.2.128", "10.64.3.1", "100.64.0.3", "100.64.0.1", "192.0.2.1", "10.64.0.5")
    assert [vlan_of_address(SMALL, IPv4Address(address)) for address in addresses] == [2, 3, 3, None, None, None]


def test_frames_of_others_are_found_at_places_that_are_known_and_at_those_that_are_not() -> None:
    places, laptops = {"here": 2}, {LAPTOP2: 2}
    own = [Seen("here", WEB2, LAPTOP2, 9), Seen("here", ALL, WEB2, 9), Seen("here", ALL, "aa:bb:cc:00:00:01", 9)]
    assert foreign(own, places, SMALL, laptops) == []
    for other in (Seen("here", ALL, WEB3, 1), Seen("here", ROUTER3, WEB2, 1), Seen("here", WEB2, PUBLIC3, 1)):
        assert foreign([*own, other], places, SMALL, laptops) == [other]
    stray = [Seen("there", WEB3, ROUTER3, 5), Seen("there", ALL, PUBLIC3, 5)]
    assert foreign(stray, places, SMALL, laptops) == []
    crossing = Seen("there", WEB3, LAPTOP2, 1)
    assert foreign([*stray, crossing], places, SMALL, laptops) == [crossing]


def test_the_page_has_a_line_for_each_measure_and_says_what_fails() -> None:
    assert line(MEASURE) == "| a thing | 7 | 0 | 0 | 0 | 1.3 | yes | 0 | 0 |\n"
    failed = MEASURE | {"seconds": None, "kept": False, "drift": ["one"], "complaints": ["isolation: 1 frame"]}
    assert line(failed) == "| a thing (**fails**) | 7 | 0 | 0 | 0 | **never** | **no** | **1** | 0 |\n"
    page = document([MEASURE, failed], "two cores")
    assert page.count("| a thing") == 2
    assert page.endswith("- a thing: isolation: 1 frame\n")
    assert "2027-01-15, on two cores" in page
    assert "**1 times one**" in page
    assert "there was none." in document([MEASURE], "two cores")


def test_spies_see_a_frame_of_another_project_in_a_laptop_and_in_a_container(city: City) -> None:
    one, other = city.places[:2]
    mac = mac_of(city.told()[f"p{other.number}"][0]["ip"])
    with Spies(city.vlans, city.laptops) as spies:
        for enter in (["nsenter", "-t", str(city.stack.pid(one.number, "db")), "-n"], city.lab.end(one.sockets[0]).enter):
            run(*enter, "ping", "-c1", "-W1", one.gateway)
            run(*enter, "ip", "neighbour", "replace", _nobody(one.gateway), "lladdr", mac, "dev", "eth0")
            run(*enter, "ping", "-c1", "-W1", _nobody(one.gateway), check=False)
            run(*enter, "ip", "neighbour", "del", _nobody(one.gateway), "dev", "eth0")
    assert spies.dropped == 0
    assert spies.counted
    wrong = [sentence for sentence in spies.foreign if f"→ {mac}" in sentence]
    assert {sentence.split(" of ")[-1].split(",")[0] for sentence in wrong} >= {"the host", city.laptops[0][0]}, spies.foreign


def _nobody(gateway: str) -> str:
    """An address of the subnet that nobody has."""
    return gateway.rpartition(".")[0] + ".239"


def test_the_caller_finds_what_was_acknowledged_and_is_not_so_and_what_was_done_twice(city: City) -> None:
    with Caller(city.stack) as caller:
        wait_until(lambda: len([call for call in caller.calls if call.status == 200]) >= 5, "some calls are acknowledged")
    wait_until(lambda: not open_operations(), "nothing is under way")
    assert caller.complaints() == []
    last, before = caller.calls[-1], caller.calls[-2]
    owner = "NULL" if last.adds else CALLS
    postgres(f"UPDATE ports_socket SET project_id = {owner} WHERE number = {last.socket}", DATABASE)
    postgres(f"DELETE FROM operations_operation WHERE idempotency_key = '{before.key}'", DATABASE)
    postgres("INSERT INTO matrix_begun SELECT * FROM matrix_begun LIMIT 1", DATABASE)
    said = "\n".join(caller.complaints())
    postgres(f"UPDATE ports_socket SET project_id = NULL WHERE number IN {SPARE}", DATABASE)
    assert f"call {before.key} was acknowledged and is unknown" in said
    assert f"socket {last.socket} was given to " in said
    assert "was begun 2 times" in said
    wait_until(lambda: not drift(city.stack), "nothing differs")


def test_streams_go_on_when_a_container_comes_back_and_what_was_due_meanwhile_is_lost(city: City) -> None:
    name = city.stack.docker_name(city.places[0].number, "web")
    with Traffic(city.ways()) as traffic:
        let_pass(1)
        assert traffic.missing == 0
        city.stack.docker("stop", "-t", "0", name)
        wait_until(lambda: len(traffic.silent()) == 2, "both of its ways are silent")
        let_pass(1)
        city.stack.docker("start", name)
        wait_until(lambda: traffic.flows, "all ways are open again")
        let_pass(0.5)
        losses = traffic.end()
    assert losses.by_kind["laptop → container"] >= 100
    assert losses.by_kind["container → container"] >= 100
    assert losses.by_kind["laptop → laptop"] == 0
    wait_until(lambda: not drift(city.stack), "nothing differs")
