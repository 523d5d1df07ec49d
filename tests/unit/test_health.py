"""Questions to the parts of which /readyz/ tells."""

import threading

from netmanager.health import Probe

PATIENCE = 10


def test_an_answer_has_its_time_and_an_error_its_sentence() -> None:
    def broken() -> None:
        raise OSError("It is away.")

    def silent() -> None:
        raise TimeoutError

    assert set(Probe("fine", lambda: None).ask().result(PATIENCE)) == {"ms"}
    answer = Probe("broken", broken).ask().result(PATIENCE)
    assert (answer["error"], answer["ms"] >= 0) == ("It is away.", True)
    assert Probe("silent", silent).ask().result(PATIENCE)["error"] == "TimeoutError"


def test_what_hangs_is_asked_once_and_again_after_it_has_answered() -> None:
    asked, answering = [], threading.Event()

    def hangs() -> None:
        asked.append(1)
        assert answering.wait(PATIENCE)

    probe = Probe("hangs", hangs)
    first, second = probe.ask(), probe.ask()
    assert first is second
    assert not first.done()
    answering.set()
    assert set(first.result(PATIENCE)) == {"ms"}
    assert set(probe.ask().result(PATIENCE)) == {"ms"}
    assert len(asked) == 2
