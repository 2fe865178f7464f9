"""The addresses of the webhooks pages."""

from django.urls import path, register_converter

from audit.converters import converter
from webhooks.views import changes, compare, detail, doctor, endpoint, exports, log, saved, sends

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
    path("log/<rejection_id:pk>/verify/", doctor.verify, name="verify"),
    path("log/<rejection_id:pk>/try/", doctor.try_secret, name="try_secret"),
    path("log/<event_id:pk>/again/", changes.again, name="again"),
    path("log/<event_id:pk>/complete/", changes.complete, name="complete"),
    path("log/<event_id:pk>/redact/", changes.redact, name="redact"),
    path("log/<event_id:pk>/resend/", changes.resend, name="resend"),
    path("log/<event_id:pk>/compare/", compare.compare, name="compare"),
    path("log/replay/", changes.replay_many, name="replay_many"),
    path("log/export/", exports.export, name="export"),
    path("log/views/", saved.save, name="save_view"),
    path("log/views/<int:pk>/delete/", saved.delete, name="delete_view"),
    path("endpoints/<uuid:pk>/", endpoint.endpoint, name="endpoint"),
    path("endpoints/<uuid:pk>/policy/", endpoint.policy, name="policy"),
    path("endpoints/<uuid:pk>/declare/", endpoint.declare, name="declare"),
    path("endpoints/<uuid:pk>/silence/", endpoint.silence, name="silence"),
    path("endpoints/<uuid:pk>/recover/", endpoint.recover, name="recover"),
    path("log/<rejection_id:pk>/raw/", detail.raw, {"kind": "rejection"}, name="rejection_raw"),
]
