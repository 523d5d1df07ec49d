"""Runs that tell nothing."""


class Void(Exception):
    """The machine itself has lost frames, a spy has missed some, or what was to be killed was over too soon: run it again."""
