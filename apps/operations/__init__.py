"""Operation: one row for everything anyone asked to change."""
