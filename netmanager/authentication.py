"""Which service is calling: by its token, or by its address where the operator allows that."""

from ipaddress import ip_address, ip_network

from django.conf import settings
from django.contrib.auth.models import User
from rest_framework.authentication import BaseAuthentication, TokenAuthentication
from rest_framework.request import Request

LEGACY = "legacy"


class ServiceToken(TokenAuthentication):
    """`Authorization: Token …`, made by `manage.py create_service_token`."""


class Tokenless(BaseAuthentication):
    """A caller without a token from NETMANAGER_TOKENLESS_FROM is service `legacy`."""

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        """The legacy service's user, or None for any other address."""
        address = ip_address(request.META["REMOTE_ADDR"])
        if not any(address in ip_network(network) for network in settings.NETMANAGER_TOKENLESS_FROM):
            return None
        return User.objects.get_or_create(username=LEGACY)[0], None

    def authenticate_header(self, request: Request) -> str:
        return "Token"
