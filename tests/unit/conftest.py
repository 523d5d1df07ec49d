"""Property tests: random, in CI the same in every run; with HYPOTHESIS_PROFILE=long so many that it takes half an hour."""

import os

from hypothesis import settings

settings.register_profile("local", deadline=None, max_examples=50, database=None, print_blob=True)
settings.register_profile("ci", settings.get_profile("local"), derandomize=True)
settings.register_profile("long", settings.get_profile("local"), max_examples=3000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "local"))
