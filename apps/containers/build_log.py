"""What a build prints, within bounds: its beginning and its end; pure."""

import re

HEAD = 256 * 1024  # characters that are kept from the beginning
TAIL = 64 * 1024  # and from the end, if there is more
LAST_LINES, LAST_CHARACTERS = 5, 500  # of the failing step, in the sentence of its error
STEP = re.compile(r"^Step \d+/\d+ : (.*)$", re.MULTILINE)
BUILDERS_OWN = ("--->", "Removing intermediate container")  # lines that no step printed
FINISHED = re.compile(r"Successfully (built [0-9a-f]{12}|tagged \S+)\n")  # what fails then is the image's fault and no step's
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")


class BuildLog:
    """Takes text as it comes, and hands it on in pieces."""

    def __init__(self) -> None:
        self._pending = ""
        self._handed = 0  # characters handed on
        self._left_out = 0
        self._tail = ""
        self._step = ""
        self._said = ""  # by the current step

    def write(self, text: str) -> None:
        """Take some output; what PostgreSQL cannot hold is replaced."""
        text = text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()
        said = text
        for found in STEP.finditer(text):
            self._step, self._said, said = found[1][:100], "", text[found.end() :]
        if FINISHED.fullmatch(text):
            self._step = self._said = said = ""
        self._said = (self._said + said)[-4 * LAST_CHARACTERS :]
        room = max(0, HEAD - self._handed - len(self._pending))
        self._pending += text[:room]
        self._tail += text[room:]
        self._left_out += max(0, len(self._tail) - TAIL)
        self._tail = self._tail[-TAIL:]

    def take(self) -> str:
        """What has come since the last time, as long as it is of the beginning."""
        taken, self._pending = self._pending, ""
        self._handed += len(taken)
        return taken

    def rest(self) -> str:
        """All that is left: the end, after a word on what was left out."""
        gap = f"\n[{self._left_out} characters are left out here]\n" if self._left_out else ""
        return self.take() + gap + self._tail

    def failure(self, reason: str) -> str:
        """A sentence on why the build failed: the step, the reason, and the last lines that the step printed."""
        at = f" at step {self._step}" if self._step else ""
        lines = [line for raw in CONTROL.sub("", self._said).splitlines() if (line := raw.strip())]
        said = " / ".join([line for line in lines if not line.startswith(BUILDERS_OWN)][-LAST_LINES:])[-LAST_CHARACTERS:]
        return f"The build failed{at}: {reason.rstrip('.')}." + (f" Its last lines: {said}" if said else "")
