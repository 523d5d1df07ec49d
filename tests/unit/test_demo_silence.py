"""What the demo takes for an interrupted tunnel."""

from apps.ports.demo.sockets import INTERVAL, SILENCE, longest_silence


def test_it_finds_no_silence_where_all_pings_are_answered() -> None:
    assert longest_silence({1, 2, 3}, 3) == 0


def test_it_counts_pings_in_a_row_and_not_in_all() -> None:
    assert longest_silence({1, 3, 5, 8, 9}, 9) == 2


def test_it_counts_a_silence_at_the_start_and_one_at_the_end() -> None:
    assert longest_silence({4, 5, 6}, 6) == 3
    assert longest_silence({1, 2}, 6) == 4


def test_it_counts_every_ping_where_none_is_answered() -> None:
    assert longest_silence(set(), 7) == 7


def test_two_seconds_are_an_interruption_and_twenty_milliseconds_are_not() -> None:
    assert 2 / INTERVAL > SILENCE > 0.02 / INTERVAL + 1
