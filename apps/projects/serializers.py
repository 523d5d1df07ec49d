"""The ids in a project's path."""

from apps.operations.serializers import IdField, PathSerializer


class ProjectPath(PathSerializer):
    user_id = IdField()
    project_id = IdField()
