"""Which images of builds go when nothing has use for them."""

from typing import Any

from datacenter.engine.layers import unnamed_ends

OURS, THEIRS = {"of": "7", "by": "nm"}, {"of": "8", "by": "nm"}
NO_NAME = ["<none>:<none>"]


def image(
    number: int,
    parent: int = 0,
    labels: dict[str, str] | None = None,
    tags: list[str] | None = None,
    digests: list[str] | None = None,
) -> dict[str, Any]:
    """As the engine lists it; a step's image carries the labels of the one before, if that had any."""
    parent_id = whole(parent) if parent else ""
    return {"Id": whole(number), "ParentId": parent_id, "Labels": labels, "RepoTags": tags, "RepoDigests": digests}


def whole(number: int) -> str:
    return f"sha256:{number:012x}{0:052x}"


BASE = image(1, tags=["debian:12"])


def test_the_last_of_an_unnamed_branch_goes_and_the_engine_takes_what_it_was_built_on() -> None:
    listed = [BASE, image(2, 1, OURS), image(3, 2, OURS), image(4, 3, OURS | {"more": "x"})]
    assert unnamed_ends(listed, OURS) == [whole(4)]


def test_both_branches_of_a_layer_go() -> None:
    listed = [BASE, image(2, 1, OURS, NO_NAME, ["<none>@<none>"]), image(3, 2, OURS), image(4, 2, OURS)]
    assert unnamed_ends(listed, OURS) == [whole(3), whole(4)]


def test_a_step_that_says_it_is_another_projects_goes_too() -> None:
    listed = [BASE, image(2, 1, OURS), image(3, 2, THEIRS)]
    assert unnamed_ends(listed, OURS) == [whole(3)]


def test_a_step_that_says_it_is_another_projects_stays_when_that_ones_go() -> None:
    listed = [BASE, image(2, 1, OURS), image(3, 2, THEIRS)]
    assert unnamed_ends(listed, THEIRS) == []


def test_a_layer_goes_with_its_project_or_its_instance_where_its_base_is_ours_and_has_lost_its_name() -> None:
    instance = {"by": "nm"}
    listed = [BASE, image(2, 1, instance), image(3, 2, OURS)]
    assert [unnamed_ends(listed, labels) for labels in (OURS, instance, THEIRS)] == [[whole(3)], [whole(3)], []]


def test_what_has_a_name_stays_with_what_it_is_built_on() -> None:
    listed = [BASE, image(2, 1, OURS), image(3, 2, OURS, tags=["nm-p7/web:1"])]
    assert unnamed_ends(listed, OURS) == []


def test_a_base_that_was_pulled_by_its_digest_has_a_name() -> None:
    assert unnamed_ends([image(1, 0, OURS, digests=["debian@sha256:" + "0" * 64])], OURS) == []


def test_what_others_build_stays_on_the_same_base_or_on_an_image_of_ours() -> None:
    listed = [BASE, image(2, 1, OURS, tags=["nm-p7/web:1"]), image(3, 1, THEIRS), image(4, 1), image(5, 2, THEIRS)]
    assert unnamed_ends(listed, OURS) == []


def test_a_layer_whose_base_was_removed_goes() -> None:
    assert unnamed_ends([image(3, 2, OURS)], OURS) == [whole(3)]
