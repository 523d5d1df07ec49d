"""The main job told through the API, with every result checked; `manage.py demo` plays it scene by scene."""
