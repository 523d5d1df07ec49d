"""System checks of the settings."""

from ipaddress import IPv4Address

import pytest
from django.core.checks import CheckMessage, run_checks
from pytest_django import Settings


@pytest.fixture(autouse=True)
def a_good_site(settings: Settings) -> None:
    settings.NETMANAGER_DNS = [IPv4Address("192.0.2.53")]
    settings.NETMANAGER_TOKENLESS_FROM = []
    settings.NETMANAGER_THROTTLE = ""


def ours() -> dict[str, CheckMessage]:
    return {str(message.id): message for message in run_checks() if str(message.id).startswith("netmanager.")}


def test_a_good_site_has_nothing_to_mend() -> None:
    assert ours() == {}


def test_it_warns_of_callers_without_tokens_and_names_them(settings: Settings) -> None:
    settings.NETMANAGER_TOKENLESS_FROM = ["192.0.2.0/24", "198.51.100.7"]
    warning = ours()["netmanager.W001"]
    assert "192.0.2.0/24, 198.51.100.7" in warning.msg
    assert warning.hint


@pytest.mark.parametrize("network", ["192.0.2.7/24", "example.org", "192.0.2.0/33", ""])
def test_it_refuses_a_network_that_no_address_can_be_in(settings: Settings, network: str) -> None:
    settings.NETMANAGER_TOKENLESS_FROM = ["198.51.100.0/24", network]
    error = ours()["netmanager.E002"]
    assert repr(network) in error.msg
    assert error.hint


@pytest.mark.parametrize("rate", ["", "1/s", "600/min", "600/minute", "5000/h", "100000/day"])
def test_it_takes_rates_that_can_be_counted(settings: Settings, rate: str) -> None:
    settings.NETMANAGER_THROTTLE = rate
    assert ours() == {}


@pytest.mark.parametrize(
    "rate", ["600", "0/min", "-1/min", "600/month", "600/5min", "x/min", "600/min ", "600 / min", "1e3/s", "/"]
)
def test_it_refuses_a_rate_that_is_none_and_says_how_one_is_written(settings: Settings, rate: str) -> None:
    settings.NETMANAGER_THROTTLE = rate
    error = ours()["netmanager.E006"]
    assert repr(rate) in error.msg
    assert "600/min" in str(error.hint)
