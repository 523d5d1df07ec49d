from django.urls import path

from apps.operations import views

urlpatterns = [
    path("operations/", views.OperationList.as_view()),
    path("operations/<uuid:uuid>/", views.OperationDetail.as_view(), name="operation"),
]
