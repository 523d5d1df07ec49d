"""The ids in a socket's path; `port_id` is the number printed on it."""

from apps.operations.serializers import IdField, PathSerializer


class AddPortPath(PathSerializer):
    user_id = IdField()
    project_id = IdField()
    port_id = IdField()


class RemovePortPath(PathSerializer):
    user_id = IdField()
    port_id = IdField()
