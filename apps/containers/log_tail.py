"""What is answered of a container's log; pure."""

from bisect import bisect_left

from rest_framework.renderers import JSONRenderer

from datacenter.engine.logs import ENTRY

LINES = 50
LIMIT = 256 * 1024  # bytes of the answer, as JSON and with what stands around the log
AROUND = 1024  # bytes left for that, indented or not
ENTRIES = LINES + LIMIT // ENTRY + 1  # the last LINES lines have no more within LIMIT: one that ends no line is ENTRY long


def tail(log: bytes) -> str:
    """The last LINES lines, whatever their encoding, cut at the front to what LIMIT leaves.

    A zero byte is told as U+FFFD too: whoever keeps the text in PostgreSQL could not keep it.
    """
    lines = log.split(b"\n")[-LINES - log.endswith(b"\n") :]
    text = b"\n".join(lines).decode(errors="replace").replace("\0", "\N{REPLACEMENT CHARACTER}")
    text = text[-LIMIT:]  # a character is a byte at least
    return text if _fits(text) else text[bisect_left(range(len(text)), True, key=lambda begin: _fits(text[begin:])) :]


def _fits(text: str) -> bool:
    return len(JSONRenderer().render(text)) <= LIMIT - AROUND
