"""Bodies in JSON and in URL encoding, of the size that Django allows forms of other encodings."""

from typing import IO, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from rest_framework import parsers
from rest_framework.exceptions import ParseError


class JsonParser(parsers.JSONParser):
    """JSON; raises RequestDataTooBig, and ParseError for what is nested too deep to be read."""

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None) -> Any:
        check_size(parser_context)
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError as error:
            raise ParseError("The JSON is nested too deep.") from error


class FormParser(parsers.FormParser):
    """A form in URL encoding; raises RequestDataTooBig."""

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Any = None) -> Any:
        check_size(parser_context)
        return super().parse(stream, media_type, parser_context)


def check_size(parser_context: Any) -> None:
    """Raise RequestDataTooBig for a body that DRF would read whole, whatever its size."""
    length = int(parser_context["request"].META.get("CONTENT_LENGTH") or 0)
    if length > settings.DATA_UPLOAD_MAX_MEMORY_SIZE:
        raise RequestDataTooBig
