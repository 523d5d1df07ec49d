"""What a switch answers to a message that it refuses."""

from os_ken.ofproto import ofproto_v1_3 as ofp


class RefusedError(Exception):
    """A message is refused, with a type and a code of OpenFlow 1.3 (7.4.4)."""

    def __init__(self, type_: int, code: int) -> None:
        super().__init__(f"{ofp.ofp_error_type_to_str(type_)}: {ofp.ofp_error_code_to_str(type_, code)}")
        self.type, self.code = type_, code
