"""Which images of a build go when it is over."""

from typing import Any

from datacenter.engine.layers import layers_told, unnamed_below, unnamed_ends


def image(number: int, parent: int = 0, tags: list[str] | None = None, digests: list[str] | None = None) -> dict[str, Any]:
    """As the engine lists it."""
    return {"Id": whole(number), "ParentId": whole(parent) if parent else "", "RepoTags": tags, "RepoDigests": digests}


def whole(number: int) -> str:
    return f"sha256:{number:012x}{0:052x}"


def told(*numbers: int) -> set[str]:
    return layers_told("".join(f"Step 1/1 : RUN x\n ---> {number:012x}\n" for number in numbers))


def test_the_last_of_an_unnamed_branch_goes_and_the_engine_takes_what_it_was_built_on() -> None:
    listed = [image(1, tags=["debian:12"]), image(2, 1), image(3, 2), image(4, 3)]
    assert unnamed_ends(listed, told(1, 2, 3, 4)) == [whole(4)]


def test_what_was_built_on_a_layer_goes_too_though_nobody_told_it() -> None:
    listed = [image(1, tags=["debian:12"]), image(2, 1, ["<none>:<none>"], ["<none>@<none>"]), image(3, 2), image(4, 2)]
    assert unnamed_ends(listed, told(1, 2)) == [whole(3), whole(4)]


def test_what_has_a_name_stays_with_what_it_is_built_on() -> None:
    listed = [image(1, tags=["debian:12"]), image(2, 1), image(3, 2, ["nm-p7/web:1"])]
    assert unnamed_ends(listed, told(1, 2, 3)) == []


def test_a_base_that_was_pulled_by_its_digest_has_a_name() -> None:
    listed = [image(1, digests=["debian@sha256:" + "0" * 64])]
    assert unnamed_ends(listed, told(1)) == []


def test_what_others_build_on_the_same_base_stays() -> None:
    listed = [image(1, tags=["debian:12"]), image(2, 1), image(3, 1)]
    assert unnamed_ends(listed, told(1, 2)) == [whole(2)]


def test_what_a_step_prints_and_no_image_is_called_is_nothing() -> None:
    assert unnamed_ends([image(1)], told(2) | layers_told(" ---> Running in 000000000001\n ---> 000000000001x\n")) == []


def test_what_an_image_was_built_on_goes_down_to_what_has_a_name() -> None:
    def image(number: str, parent: str, *names: str) -> dict[str, object]:
        return {
            "Id": f"sha256:{number * 64}",
            "ParentId": parent and f"sha256:{parent * 64}",
            "RepoTags": [*names],
            "RepoDigests": [],
        }

    listed = [image("a", "", "debian:12"), image("b", "a"), image("c", "b"), image("d", "c", "web:1"), image("e", "b")]
    assert unnamed_below(listed, "web:1") == unnamed_below(listed, "sha256:" + "d" * 64) == {"b" * 12, "c" * 12}
    assert unnamed_below(listed, "gone:1") == set()
