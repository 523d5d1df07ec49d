"""Benchmarks beside what a user would pick instead; `make bench`."""

import django

django.setup()  # the modules here use the models
