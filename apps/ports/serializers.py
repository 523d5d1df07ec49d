"""The ids in a socket's path; `port_id` is the number printed on it."""

from apps.operations.serializers import IdField, PathSerializer, ProjectIdField, UserIdField


class PortIdField(IdField):
    def __init__(self) -> None:
        super().__init__(help_text="The number that is printed on the socket.")


class AddPortPath(PathSerializer):
    user_id = UserIdField()
    project_id = ProjectIdField()
    port_id = PortIdField()


class RemovePortPath(PathSerializer):
    user_id = UserIdField()
    port_id = PortIdField()
