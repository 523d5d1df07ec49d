"""What is answered of a container's log."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.renderers import JSONRenderer

from apps.containers.log_tail import ENTRIES, LINES, tail

LIMIT = 256 * 1024  # bytes of the answer

logs = st.lists(st.binary(max_size=30) | st.sampled_from([b"\n", b"line\n", b"\0", b"\xff", b"\x1b[31m", "\u2028ß€😀".encode()]))


def body(log: bytes) -> bytes:
    return bytes(JSONRenderer().render({"success": True, "logs": tail(log)}))


def test_an_empty_log_is_an_empty_string() -> None:
    assert tail(b"") == ""


def test_a_short_log_is_told_as_it_is() -> None:
    assert tail(b"one\n\n  two\r\n\x1b[1mthree") == "one\n\n  two\r\n\x1b[1mthree"


@pytest.mark.parametrize("end", ["", "\n"])
def test_the_last_50_lines_are_told_whether_or_not_the_last_one_has_ended(end: str) -> None:
    lines = [f"line {number}" for number in range(60)]
    assert tail(("\n".join(lines) + end).encode()) == "\n".join(lines[-LINES:]) + end


def test_what_is_no_utf_8_is_replaced() -> None:
    assert tail("café\n".encode("latin-1") + b"\xff\xfe\n" + "naïve\n".encode()) == "caf�\n��\nnaïve\n"


def test_a_zero_byte_is_replaced_and_other_control_characters_are_not() -> None:
    assert tail(b"a\0b\x07\x1b[0m\x7f") == "a�b\x07\x1b[0m\x7f"


@pytest.mark.parametrize("filling", ["x", "\x01", '"', "é", "😀", "\u2028", "\t", "line\n"])
def test_a_long_log_is_cut_at_the_front_and_the_room_is_used(filling: str) -> None:
    answer = body(("front" + filling * LIMIT + "the end\n").encode())
    assert json.loads(answer)["logs"].endswith("the end\n")
    assert "front" not in json.loads(answer)["logs"]
    if filling != "line\n":
        assert LIMIT - 1100 < len(answer) <= LIMIT


def test_a_character_is_not_cut_in_two() -> None:
    assert set(tail(("x" + "😀" * LIMIT).encode())) == {"😀"}


@given(logs.map(b"".join))
def test_any_log_becomes_a_tail_of_itself_within_the_limit(log: bytes) -> None:
    answer = tail(log)
    assert log.decode(errors="replace").replace("\0", "�").endswith(answer)
    assert answer.count("\n") == min(log.count(b"\n"), LINES - (not log.endswith(b"\n")))
    assert json.loads(body(log))["logs"] == answer
    answer.encode()  # no lone surrogates


@given(logs.map(b"".join).filter(bool), st.integers(1, 4 * LIMIT))
def test_any_log_that_is_repeated_stays_within_the_limit(log: bytes, size: int) -> None:
    assert len(body((log * (size // len(log) + 1))[-size:])) <= LIMIT


def test_so_many_entries_hold_the_last_lines_and_the_last_bytes() -> None:
    entry = b"x" * 16384
    ends = [b"%d\n" % number for number in range(LINES)]
    parts = [entry] * (LIMIT // len(entry) + 1)  # those that fit, and the one that is cut
    assert len(ends + parts) == ENTRIES
