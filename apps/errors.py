"""The domain's exceptions. `operators` tells what only the operator can mend (500) from what the caller can (400)."""


class NetManagerError(Exception):
    """A refusal or failure with a stable code (a slug) and a sentence that names the thing and the cure."""

    operators = False

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence


class Rejected(NetManagerError):
    """The caller can mend this."""


class Broken(NetManagerError):
    """Only the operator can mend this."""

    operators = True
