"""Shared by all tests, which run with the settings that deploy/test.sh makes; each level has fixtures of its own."""

from pathlib import Path

ROOT = Path(__file__).parents[1]
