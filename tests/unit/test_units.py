"""The systemd units: they run what supervisord runs, in an order in which a cold host comes up."""

import re
import shlex
from configparser import RawConfigParser

import pytest

from tests.conftest import ROOT
from tests.units import HOME, service, services, unit

STOP_SECONDS = "10"  # supervisord's default of stopwaitsecs
PID_FILE = re.compile(r"""bash -c 'echo \$\$ >"\$RUN/\w+\.pid"; exec "\$\(command -v python\)" (.*)'""")


def _programs() -> dict[str, dict[str, str]]:
    parser = RawConfigParser()
    parser.read(ROOT / "deploy" / "supervisord.conf")
    return {name.removeprefix("program:"): dict(parser[name]) for name in parser.sections() if name.startswith("program:")}


PROGRAMS = _programs()


def _of_supervisord(command: str) -> list[str]:
    """Its words, with variables as systemd writes them; the shell that notes a pid, which systemd knows, is left out."""
    command = re.sub(r"%\(ENV_(\w+)\)s", r"${\1}", command).replace("%%", "%")
    noted = PID_FILE.fullmatch(command)
    return shlex.split(f"python {noted[1]}" if noted else command)


def _of_systemd(command: str) -> list[str]:
    program, *words = shlex.split(command.replace("%%", "%"))
    return [program.removeprefix(f"{HOME}/.venv/bin/"), *words]


def test_there_is_a_service_for_each_program_of_supervisord_and_two_that_make_the_host_ready() -> None:
    assert services() == {*PROGRAMS, "bootstrap", "firewall"}
    assert unit("netmanager.target").words("Wants") == {f"netmanager-{name}.service" for name in services()}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_service_runs_the_command_that_supervisord_runs(name: str) -> None:
    assert _of_systemd(service(name).one("ExecStart")) == _of_supervisord(PROGRAMS[name]["command"])


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_service_has_the_environment_and_the_time_to_end_that_supervisord_gives(name: str) -> None:
    settings = service(name)
    assert settings.own.get("Environment", [""]) == [PROGRAMS[name].get("environment", "").replace('"', "").replace(",", " ")]
    assert settings.one("TimeoutStopSec") == PROGRAMS[name].get("stopwaitsecs", STOP_SECONDS)


@pytest.mark.parametrize("name", sorted(services()))
def test_a_command_takes_no_setting_that_could_be_missing(name: str) -> None:
    settings = service(name)
    given = {word.partition("=")[0] for word in settings.words("Environment")}
    assert set(re.findall(r"\$\{(\w+)\}", settings.one("ExecStart"))) <= given


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_service_is_started_again_however_often_it_ends(name: str) -> None:
    assert (service(name).one("Restart"), service(name).one("StartLimitIntervalSec")) == ("always", "0")


def test_the_driver_listens_when_dockerd_starts_and_open_vswitch_is_there_before() -> None:
    driver, docker = service("driver"), unit("docker.service")
    assert "openvswitch-switch.service" in driver.words("After") & driver.words("Wants")
    assert "docker.service" in driver.words("Before")
    assert "netmanager-driver.service" in docker.words("After") & docker.words("Wants")
    assert driver.one("Type") == "notify", "else dockerd would start when the driver's process does"


def test_the_firewall_stands_when_dockerd_starts_the_projects_containers_and_waits_for_nothing_of_it() -> None:
    firewall, docker = service("firewall"), unit("docker.service")
    assert "docker.service" in firewall.words("Before")
    assert "netmanager-firewall.service" in docker.words("After") & docker.words("Wants")
    assert firewall.one("Type") == "oneshot", "else dockerd would start when its process does"
    assert firewall.words("After") == {"network-online.target", "nftables.service"}


@pytest.mark.parametrize("name", sorted(services()))
def test_a_folder_that_may_be_missing_does_not_keep_a_service_from_starting(name: str) -> None:
    always = {"/run"}
    assert {path for path in service(name).words("ReadWritePaths") if not path.startswith("-")} <= always


def test_the_engine_goes_on_when_the_driver_ends() -> None:
    bonds = {"Requires", "Requisite", "BindsTo", "PartOf", "Upholds"}
    assert not bonds & unit("docker.service").all.keys()


def test_the_host_is_made_ready_once_everything_it_takes_is_there() -> None:
    awaited = service("bootstrap").words("After")
    assert awaited >= {"openvswitch-switch.service", "netmanager-driver.service", "docker.service", "network-online.target"}
    assert awaited >= {"postgresql.service", "redis-server.service"}


@pytest.mark.parametrize("name", sorted(services() - {"driver", "firewall", "bootstrap", "controller"}))
def test_the_rest_follows_a_host_that_is_ready(name: str) -> None:
    awaited = service(name).words("After")
    assert "netmanager-bootstrap.service" in awaited
    assert name == "beat" or "docker.service" in awaited


def test_sockets_do_not_wait_for_the_engine() -> None:
    assert service("controller").words("After") == {"network.target", "postgresql.service"}


def test_root_is_who_changes_the_host_and_nobody_else() -> None:
    roots = {name for name in services() if service(name).one("User") == "root"}
    assert roots == {"driver", "firewall", "bootstrap", "datacenter", "reconciler"}
    assert {service(name).one("User") for name in services() - roots} == {"netmanager"}
