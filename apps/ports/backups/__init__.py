"""Backups: all rows of a NetManager in one file, from which every project is built anew on a fresh host."""
