"""The product's pages, and beside them what they are compared with."""

from django.urls import include, path
from django.views.generic import TemplateView

from benchmarks import ordinary

urlpatterns = [
    path("benchmark/view/<uuid:endpoint>", ordinary.receive),
    path("benchmark/frame/", TemplateView.as_view(template_name="base.html")),
    path("", include("config.urls")),
]
