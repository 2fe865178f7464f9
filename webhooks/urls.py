"""The addresses of the webhooks pages."""

from django.urls import path, register_converter

from audit.converters import converter
from webhooks.views import changes, detail, log, sends

register_converter(converter("evt"), "event_id")
register_converter(converter("rej"), "rejection_id")

app_name = "webhooks"
urlpatterns = [
    path("log/", log.log, name="log"),
    path("connections/<uuid:pk>/test-event/", sends.test_send, name="test_send"),
    path("log/<event_id:pk>/", detail.event, name="event"),
    path("log/<rejection_id:pk>/", detail.rejection, name="rejection"),
    path("log/<event_id:pk>/raw/", detail.raw, {"kind": "event"}, name="event_raw"),
    path("log/<event_id:pk>/note/", changes.note, {"kind": "event"}, name="event_note"),
    path("log/<rejection_id:pk>/note/", changes.note, {"kind": "rejection"}, name="rejection_note"),
    path("log/<rejection_id:pk>/raw/", detail.raw, {"kind": "rejection"}, name="rejection_raw"),
]
