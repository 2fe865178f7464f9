"""The addresses of the audit pages."""

from django.urls import path, register_converter

from audit import converters, views

register_converter(converters.converter("aud"), "audit_id")

app_name = "audit"
urlpatterns = [
    path("", views.entries, name="list"),
    path("export.csv", views.export, {"kind": "csv"}, name="csv"),
    path("export.jsonl", views.export, {"kind": "jsonl"}, name="jsonl"),
    path("<audit_id:pk>/", views.entry, name="entry"),
]
