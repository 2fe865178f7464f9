"""The addresses of the operations pages."""

from django.urls import path, register_converter

from audit.converters import converter
from operations.views import actions, catalogue, choices, files, form, history, run

register_converter(converter("run"), "run_id")
register_converter(converter("file"), "file_id")

app_name = "operations"
urlpatterns = [
    path("services/", catalogue.services, name="services"),
    path("services/<str:service>/", catalogue.catalogue, name="catalogue"),
    path("services/<str:service>/<str:key>/", form.operation, name="operation"),
    path("services/<str:service>/<str:key>/choices/<str:name>/", choices.choices, name="choices"),
    path("actions/", actions.action_list, name="actions"),
    path("actions/<str:service>/<str:action>/", form.action, name="action"),
    path("actions/<str:service>/<str:action>/choices/<str:name>/", choices.choices, name="action_choices"),
    path("runs/", history.run_list, name="run_list"),
    path("runs/<run_id:pk>/", run.show, name="run"),
    path("runs/<run_id:pk>/cancel/", run.cancel, name="cancel"),
    path("runs/<run_id:pk>/again/", run.again, name="again"),
    path("runs/<run_id:pk>/resolve/", run.resolve, name="resolve"),
    path("files/<file_id:pk>/", files.download, name="file"),
    path("runs/<run_id:pk>/answer/", files.answer, name="answer"),
    path("connections/<uuid:pk>/test/", catalogue.test_connection, name="test_connection"),
]
