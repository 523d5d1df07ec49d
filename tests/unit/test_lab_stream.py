"""What is read from the frames that came through."""

from lab.stream import Arrival, Result

RATE = 1000.0


def result(*arrivals: tuple[float, int], sent: int = 5) -> Result:
    """A stream that began at 100 s, by times received and numbers."""
    return Result(RATE, 100.0, sent, 0.0, 0, tuple(Arrival(at, number, 100 + number / RATE) for at, number in arrivals))


def test_what_did_not_come_is_lost_at_either_end_too() -> None:
    assert result((100.0015, 1), (100.0035, 3)).lost == [0, 2, 4]
    assert result(sent=3).lost == [0, 1, 2]
    assert result().due(2) == 100.002


def test_what_comes_twice_is_one_frame_and_a_duplicate() -> None:
    twice = result((100.0, 0), (100.001, 1), (100.001, 1), (100.002, 2), sent=3)
    assert (twice.received, twice.duplicates, twice.lost) == (3, 1, [])


def test_the_longest_gap_is_between_two_that_came_one_after_the_other() -> None:
    assert round(result((100.0, 0), (100.25, 1), (100.26, 2)).longest_gap_ms, 6) == 250
    assert result((100.0, 0)).longest_gap_ms == result().longest_gap_ms == 0


def test_the_first_after_a_moment_is_told_in_seconds_from_it() -> None:
    frames = result((100.0, 0), (100.5, 1))
    assert frames.first_after(99.0) == 1.0
    assert frames.first_after(100.25) == 0.25
    assert frames.first_after(100.5) == 0.0
    assert frames.first_after(101.0) is None


def test_the_summary_has_the_figures() -> None:
    summary = result((100.0, 0), (100.004, 4)).summary()
    assert summary["lost"] == [1, 2, 3]
    assert (summary["sent"], summary["received"], summary["duplicates"], summary["longest_gap_ms"]) == (5, 2, 0, 4.0)
    assert (summary["started"], summary["ended"]) == (100.0, 100.005)
