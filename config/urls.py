"""Where each room's pages begin. Everything needs a signed-in person unless its view says otherwise."""

from django.urls import include, path

from api import service

urlpatterns = [
    path("", include("overview.urls")),
    path("", include("people.urls")),
    path("", include("people.allauth_urls")),
    path("audit/", include("audit.urls")),
    path("connections/", include("connections.urls")),
    path("", include("operations.urls")),
    path("", include("webhooks.urls")),
    path("", include("api.urls")),
    path("api/v1/", service.urls()),
]
