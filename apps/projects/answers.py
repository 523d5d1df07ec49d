"""What callers are answered about projects, for the OpenAPI description."""

from rest_framework import serializers

from apps.operations.answers import Answer
from datacenter.addressing import FIRST_VLAN, LAST_VLAN


class Network(Answer):
    """A project's network as it stands."""

    project_id = serializers.IntegerField()
    bridge = serializers.CharField(help_text="The Open vSwitch bridge on the datacenter host.")
    vlan = serializers.IntegerField(min_value=FIRST_VLAN, max_value=LAST_VLAN, help_text="Its VNI too.")
    subnet = serializers.CharField(help_text="A CIDR.")
    gateway = serializers.IPAddressField(protocol="IPv4", help_text="The project's router.")


class Members(Answer):
    """Who belongs to a project."""

    project_id = serializers.IntegerField()
    closed = serializers.BooleanField(help_text="Whether these alone get in, whomever a call names.")
    members = serializers.ListField(child=serializers.IntegerField(), help_text="Ids of the platform's users, ascending.")
