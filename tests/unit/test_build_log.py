"""What a build prints, within bounds, and the sentence about a step that failed."""

from hypothesis import given
from hypothesis import strategies as st

from apps.containers.build_log import HEAD, TAIL, BuildLog

PRINTED = (
    "Step 1/3 : FROM debian\n", " ---> a851a580cfa2\n", "Step 2/3 : RUN make\n", " ---> Running in 0af80d4e5d21\n",
    "one\n", "\x1b[91mtwo\n\x1b[0m", "\rthree\n", "Removing intermediate container 0af80d4e5d21\n",
)  # fmt: skip


def test_the_sentence_names_step_reason_and_last_lines() -> None:
    log = BuildLog()
    for text in PRINTED:
        log.write(text)
    assert log.failure("it broke.") == "The build failed at step RUN make: it broke. Its last lines: one / two / three"


def test_a_failure_before_the_first_step_names_none() -> None:
    assert BuildLog().failure("no such image") == "The build failed: no such image."


def test_lines_of_an_earlier_step_are_not_the_failing_ones() -> None:
    log = BuildLog()
    log.write("Step 1/2 : RUN a\nof the first\nStep 2/2 : RUN b\n")
    assert "of the first" not in log.failure("it broke")


def test_what_fails_after_the_last_step_is_no_steps_fault() -> None:
    log = BuildLog()
    for text in (
        "Step 2/2 : LABEL a=b\n",
        " ---> 0123456789ab\n",
        "Successfully built 0123456789ab\n",
        "Successfully tagged a/b:c\n",
    ):
        log.write(text)
    assert log.failure("its image is too large") == "The build failed: its image is too large."


def test_what_it_hands_on_is_all_that_was_printed() -> None:
    log, taken = BuildLog(), ""
    for text in PRINTED:
        log.write(text)
        taken += log.take()
    assert taken + log.rest() == "".join(PRINTED)


def test_a_long_log_keeps_its_beginning_and_its_end() -> None:
    log, taken = BuildLog(), ""
    for number in range(100_000):
        log.write(f"{number:09}\n")
        taken += log.take()
    taken += log.rest()
    assert taken.startswith("000000000\n000000001\n") and taken.endswith("000099999\n")
    assert f"[{1_000_000 - HEAD - TAIL} characters are left out here]" in taken
    assert len(taken) < HEAD + TAIL + 100


@given(st.lists(st.text(max_size=50), max_size=20))
def test_whatever_is_printed_can_be_stored(texts: list[str]) -> None:
    log = BuildLog()
    for text in texts:
        log.write(text)
    stored = log.rest() + log.failure("x")
    assert "\x00" not in stored
    stored.encode()
