"""What a Dockerfile says, and what is refused before an engine sees it."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from datacenter.dockerfile import WORDS, parse
from datacenter.errors import DockerfileRefused


def test_its_images_are_those_from_outside_and_not_its_stages() -> None:
    copies = "COPY --from=build / /\nCOPY --from=0 / /\nCOPY --from=busybox / /\n"
    read = parse(f"FROM debian:bookworm-slim AS Build\nFROM build\nFROM scratch\n{copies}")
    assert read.images == ("debian:bookworm-slim", "busybox")


@pytest.mark.parametrize(
    ("reference", "image"),
    [
        ("debian:$V", "debian:12"), ("debian:${V}", "debian:12"), ("debian:${W}", "debian:x12"),
        ("debian:${NONE:-11}", "debian:11"),
        ("debian:${V:-11}", "debian:12"), ("debian${V:+:9}", "debian:9"), ("debian${NONE:+:9}", "debian"),
        ("registry.example:5000/a/b@sha256:" + "0" * 64, "registry.example:5000/a/b@sha256:" + "0" * 64),
    ],
)  # fmt: skip
def test_arguments_before_the_first_from_are_put_into_it(reference: str, image: str) -> None:
    read = parse(f"ARG V=12\nARG W='x$V'\nFROM {reference}\n")
    assert read.images == (image,)
    assert read.text.splitlines()[2] == f"FROM {image}"


def test_lines_keep_their_numbers_and_continued_ones_become_one() -> None:
    read = parse('# a comment\nFROM debian\n\nRUN a && \\\n  # between\n\n  b \\\n  c\ncmd ["d"]\r\n')
    assert read.text.splitlines() == ["", "FROM debian", "", "RUN a &&   b   c", "", "", "", "", 'CMD ["d"]']


def test_what_it_gives_the_engine_is_read_the_same_way_again() -> None:
    read = parse("ARG V=12\nFROM debian:$V AS x\nRUN a \\\n b\nFROM x\nCOPY --from=x a b\n")
    assert parse(read.text) == read


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "is empty"), ("# nothing\n\n", "is empty"), ("ARG A=1\n", "has no FROM"),
        ("RUN x\n", "Line 1: RUN comes before FROM"),
        ("FROM debian\nFOO bar\n", "Line 2: unknown instruction FOO"), ("FROM debian\n\nRUN\n", "Line 3: RUN needs an argument"),
        ("FROM\n", "Line 1: FROM needs an argument"), ("FROM a b\n", "FROM needs an image"),
        ("FROM a AS 1b\n", "is no name of a stage"),
        ("FROM $NONE\n", "'' is no reference"), ("FROM Debian\n", "'Debian' is no reference"),
        ("FROM de\\bian\n", "is no reference"),
        ("FROM 'debian'\n", "is no reference"), ("FROM deb\u00a0ian\n", "is no reference"),
        ("# escape=`\nFROM debian\n", "directive escape"),
        ("FROM debian\nRUN <<EOF\necho\nEOF\n", "Line 3: unknown instruction ECHO"),
    ],
)  # fmt: skip
def test_what_is_no_dockerfile_is_refused_with_its_line(text: str, said: str) -> None:
    with pytest.raises(DockerfileRefused) as refusal:
        parse(text)
    assert said in str(refusal.value)


@pytest.mark.parametrize(
    "line",
    [
        "ADD http://127.0.0.1/ /x", "add x y", "AD\\\nD http://127.0.0.1/ /x", "\u0020ADD\thttp://127.0.0.1/ /x",
        "ONBUILD ADD x y", "onbuild  run x",
        "COPY --from=$X / /", "COPY --from='abcd' / /", 'COPY --from="abcd" / /',
        "COPY --fr\\om=abcd / /", "COPY --chown=0 --from=A / /", "COPY --chown=0\u00a0--from=abcd / /",
        "COPY --chown=0\u00e0--from=abcd / /", "COPY \u00a0--from=abcd / /", "RUN true \\\x0b",
        "RUN true \\\u00a0",
    ],
)  # fmt: skip
def test_what_would_reach_out_of_the_projects_network_is_refused(line: str) -> None:
    with pytest.raises(DockerfileRefused):
        parse(f"FROM debian\n{line}\n")


def test_an_image_that_is_named_behind_a_comment_in_a_continued_line_is_seen() -> None:
    """Parsers do not agree on such a line; the engine gets one that can be read in one way only."""
    read = parse("FROM debian\nRUN true \\\n  # comment\nCOPY --from=theirs / /\n")
    assert read.text == "FROM debian\nRUN true COPY --from=theirs / /\n"


def test_a_stage_does_not_find_itself_by_its_name() -> None:
    """The builder looks for an image then, and takes the name for the beginning of an id."""
    assert parse("FROM debian AS a1\nCOPY --from=a1 / /\n").images == ("debian", "a1")
    assert parse("FROM debian AS a1\nFROM debian\nCOPY --from=A1 / /\n").images == ("debian", "debian")


def test_numbers_are_stages_for_copy_alone() -> None:
    assert parse("FROM debian\nFROM 0\n").images == ("debian", "0")


def test_all_its_steps_and_its_end_are_labelled_and_lines_keep_their_numbers() -> None:
    read = parse("ARG V=12\nFROM debian:$V AS x\n\nRUN a\nFROM x\nCMD b\n")
    assert read.labelled({"step": "1", "of": "p7"}, {"end": "2"}).split("\n") == [
        "ARG V=12", "FROM debian:12 AS x", "LABEL step=1 of=p7", "", "RUN a",
        "FROM x", "LABEL step=1 of=p7", "CMD b", "LABEL end=2", "",
    ]  # fmt: skip
    assert [read.line(labelled) for labelled in (1, 2, 4, 5, 6, 8)] == [1, 2, 3, 4, 5, 6]


lines = st.lists(st.sampled_from(sorted(WORDS)) | st.text(max_size=20), max_size=12).map("\n".join)


@given(st.text() | lines)
@example("FROM a\nRUN \\")
@example("FROM a\nRUN \\\\\nADD x y")
def test_any_text_is_a_dockerfile_or_is_refused_and_no_add_is_ever_left(text: str) -> None:
    try:
        read = parse(text)
    except DockerfileRefused:
        return
    assert parse(read.text) == read
    assert not any(
        line.upper().startswith(("ADD", "ONBUILD")) or line.rstrip(" \t").endswith("\\") for line in read.text.split("\n")
    )
