from django.urls import path

from apps.projects import views

urlpatterns = [
    path("create-bridge/<user_id>/<project_id>/", views.CreateBridge.as_view()),
    path("delete-bridge/<user_id>/<project_id>/", views.DeleteBridge.as_view()),
    path("projects/<project_id>/members/", views.Members.as_view()),
]
