"""What callers are answered about sockets, for the OpenAPI description."""

from rest_framework import serializers

from apps.operations.answers import Answer
from datacenter.addressing import FIRST_VLAN, LAST_VLAN


class Freed(Answer):
    """A socket that no project has."""

    port = serializers.IntegerField(help_text="The number that is printed on the socket.")
    applied = serializers.BooleanField(help_text="Whether the socket's switch has confirmed it; one that is away does later.")


class Assigned(Freed):
    """A socket and the project that has it."""

    project_id = serializers.IntegerField()
    vlan = serializers.IntegerField(min_value=FIRST_VLAN, max_value=LAST_VLAN)
