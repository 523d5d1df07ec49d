"""What is wrong with a backup, or with where it should go."""


class BackupError(Exception):
    """The backup cannot be restored, with a sentence that says why and what to do."""
