from django.urls import path

from apps.ports import views

urlpatterns = [
    path("add-port/<user_id>/<project_id>/<port_id>/", views.AddPort.as_view()),
    path("remove-port/<user_id>/<port_id>/", views.RemovePort.as_view()),
]
