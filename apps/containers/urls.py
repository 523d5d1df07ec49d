from django.urls import path

from apps.containers import views

urlpatterns = [
    path("new-container/<user_id>/<project_id>/", views.CreateContainer.as_view()),
    path("get-project-containers/<user_id>/<project_id>/", views.ProjectContainers.as_view()),
    path("update-container/<user_id>/<docker_id>/", views.UpdateContainerImage.as_view()),
    path("get-container-info/<user_id>/<docker_id>/", views.ContainerInfo.as_view()),
    path("get-container-logs/<user_id>/<docker_id>/", views.ContainerLogs.as_view()),
    path("remove-container/<user_id>/<docker_id>/", views.RemoveContainer.as_view()),
    path("start-container/<user_id>/<docker_id>/", views.StartContainer.as_view()),
    path("stop-container/<user_id>/<docker_id>/", views.StopContainer.as_view()),
    path("restart-container/<user_id>/<docker_id>/", views.RestartContainer.as_view()),
]
