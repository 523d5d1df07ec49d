"""System checks of the settings: mistakes are told at start, with the cure."""

import re
from ipaddress import ip_network
from typing import Any

from django.conf import settings
from django.core import checks

from apps import host


@checks.register()
def dns_servers_are_known(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    if host.dns_servers():
        return []
    hint = "Set NETMANAGER_DNS to the servers that projects may ask, separated by commas."
    return [checks.Error("The host's resolv.conf names no server that a project could ask.", hint, id="netmanager.E001")]


@checks.register()
def callers_have_tokens(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    if not settings.NETMANAGER_TOKENLESS_FROM:
        return []
    hint = "Give every caller a token (manage.py create_service_token) and empty NETMANAGER_TOKENLESS_FROM."
    text = f"Callers from {', '.join(settings.NETMANAGER_TOKENLESS_FROM)} get in without a token."
    return [checks.Warning(text, hint, id="netmanager.W001")]


@checks.register()
def callers_networks_are_networks(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    wrong = [repr(network) for network in settings.NETMANAGER_TOKENLESS_FROM if not _is_network(network)]
    if not wrong:
        return []
    hint = "Write networks as 192.0.2.0/24, with no bits set behind the prefix, separated by commas."
    return [checks.Error(f"NETMANAGER_TOKENLESS_FROM names what is no network: {', '.join(wrong)}.", hint, id="netmanager.E002")]


@checks.register()
def throttle_is_a_rate(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    rate = settings.NETMANAGER_THROTTLE
    if not rate or re.fullmatch(r"[1-9][0-9]{0,8}/(s|sec|second|m|min|minute|h|hour|d|day)", rate):
        return []
    hint = "Write it as 600/min: a number from 1 on, a slash, and one of s, min, h, day; or leave it empty for no limit."
    return [checks.Error(f"NETMANAGER_THROTTLE is no rate: {rate!r}.", hint, id="netmanager.E006")]


def _is_network(text: str) -> bool:
    try:
        ip_network(text)
    except ValueError:
        return False
    return True
