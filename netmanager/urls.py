"""Every path of the API, the admin and the health checks."""

from django.contrib import admin
from django.urls import include, path

from netmanager import docs, health

admin.site.site_header = admin.site.site_title = "NetManager"
admin.site.site_url = None  # there is no site to view beside the admin

urlpatterns = [
    path("", include("apps.operations.urls")),
    path("", include("apps.projects.urls")),
    path("", include("apps.containers.urls")),
    path("", include("apps.ports.urls")),
    path("healthz/", health.Healthz.as_view()),
    path("readyz/", health.Readyz.as_view()),
    path("schema/", docs.Schema.as_view(), name="schema"),
    path("docs/", docs.Page.as_view(), name="docs"),
    path("admin/", admin.site.urls),
]

handler400 = "netmanager.exceptions.bad_request"
handler403 = "netmanager.exceptions.permission_denied"
handler404 = "netmanager.exceptions.not_found"
handler500 = "netmanager.exceptions.server_error"
