"""The addresses of the operations pages."""

from django.urls import path, register_converter

from audit.converters import converter
from operations.views import (
    actions,
    bulks,
    catalogue,
    choices,
    compare,
    files,
    form,
    history,
    marks,
    presets,
    run,
    spending,
)

register_converter(converter("run"), "run_id")
register_converter(converter("file"), "file_id")
register_converter(converter("bulk"), "bulk_id")

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
    path("runs/export/", history.export_page, name="export"),
    path("runs/export/runs.csv", history.export, {"ending": "csv"}, name="csv"),
    path("runs/export/runs.jsonl", history.export, {"ending": "jsonl"}, name="jsonl"),
    path("runs/export/<bulk_id:pk>/", history.export_progress, name="export_progress"),
    path("runs/export/<bulk_id:pk>/stop/", history.stop_export, name="stop_export"),
    path("runs/views/", history.save_view, name="save_view"),
    path("runs/views/<int:pk>/delete/", history.delete_view, name="delete_view"),
    path("runs/compare/", compare.compare, name="compare"),
    path("runs/bulk/", bulks.start, name="start_bulk"),
    path("runs/bulk/<bulk_id:pk>/", bulks.show, name="bulk"),
    path("runs/bulk/<bulk_id:pk>/stop/", bulks.stop, name="stop_bulk"),
    path("runs/<run_id:pk>/", run.show, name="run"),
    path("runs/<run_id:pk>/cancel/", run.cancel, name="cancel"),
    path("runs/<run_id:pk>/again/", run.again, name="again"),
    path("runs/<run_id:pk>/resolve/", run.resolve, name="resolve"),
    path("runs/<run_id:pk>/marks/", marks.mark, name="mark"),
    path("runs/<run_id:pk>/upload/", files.upload, name="upload"),
    path("runs/<run_id:pk>/vectors.npy", files.vector, {"ending": "npy"}, name="vectors_npy"),
    path("runs/<run_id:pk>/vectors.csv", files.vector, {"ending": "csv"}, name="vectors_csv"),
    path("runs/<run_id:pk>/vectors.json", files.vector, {"ending": "json"}, name="vectors_json"),
    path("presets/<int:pk>/delete/", presets.delete, name="delete_preset"),
    path("spending/", spending.spent, name="spending"),
    path("spending/prices/", spending.add_price, name="add_price"),
    path("spending/prices/<int:pk>/delete/", spending.delete_price, name="delete_price"),
    path("connections/<uuid:pk>/limits/", spending.limits, name="limits"),
    path("files/<file_id:pk>/", files.download, name="file"),
    path("runs/<run_id:pk>/answer/", files.answer, name="answer"),
    path("connections/<uuid:pk>/test/", catalogue.test_connection, name="test_connection"),
]
