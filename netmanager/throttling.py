"""How many calls a service may make in a time; counted in Redis, and not at all while that is away."""

import logging
import time
from typing import Any, ClassVar

from django.conf import settings
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import UserRateThrottle

log = logging.getLogger(__name__)

ASK_AGAIN = 10.0  # seconds for which Redis is not asked after it did not answer: calls do not wait for it each


class ServiceThrottle(UserRateThrottle):
    """NETMANAGER_THROTTLE of each service, whatever its web process."""

    _away_until: ClassVar[float] = 0.0

    def get_rate(self) -> str | None:
        return settings.NETMANAGER_THROTTLE or None

    def allow_request(self, request: Request, view: Any) -> bool:
        """Whether the call is one of those that the service may make; all are while Redis is away."""
        if self.rate is None or time.monotonic() < ServiceThrottle._away_until:
            return True
        try:
            return bool(super().allow_request(request, view))
        except RedisError as error:
            ServiceThrottle._away_until = time.monotonic() + ASK_AGAIN
            log.warning("Redis is away, calls are not counted: %s", error)
            return True

    def wait(self) -> float:
        """Seconds until a call is let through again."""
        seconds = super().wait()
        return float((self.parse_rate(self.rate)[1] or 0) if seconds is None else seconds)
