"""What can go wrong with a lab."""


class LabError(Exception):
    """The lab cannot do that; its message is a sentence that names the cure."""
