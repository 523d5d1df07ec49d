"""Whose build a step's container belongs to."""

from datacenter.engine.steps import origin_of


def test_a_project_is_known_by_its_network() -> None:
    assert origin_of({"NetworkMode": "nm-p7", "ExtraHosts": None}) == "nm-p7"


def test_an_image_of_our_own_is_known_by_the_host_that_its_build_was_given() -> None:
    assert origin_of({"NetworkMode": "host", "ExtraHosts": ["nm-router:127.0.0.1"]}) == "nm-router"


def test_what_others_build_on_an_image_of_ours_is_not_ours() -> None:
    assert [origin_of({"NetworkMode": network, "ExtraHosts": None}) for network in ("host", "default")] == ["", "default"]
