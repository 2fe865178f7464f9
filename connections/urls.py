"""The addresses of the connections pages."""

from django.urls import path

from connections import views

app_name = "connections"
urlpatterns = [
    path("", views.connection_list, name="list"),
    path("new/", views.choose, name="choose"),
    path("new/<str:service>/", views.new, name="new"),
    path("practice/", views.practice, name="practice"),
    path("<uuid:pk>/", views.detail, name="detail"),
    path("<uuid:pk>/edit/", views.edit, name="edit"),
    path("<uuid:pk>/signing-secret/", views.signing_secret, name="signing_secret"),
    path("<uuid:pk>/signing-secret/end-previous/", views.end_previous, name="end_previous"),
    path("<uuid:pk>/switch/", views.switch, name="switch"),
    path("<uuid:pk>/default/", views.default, name="default"),
    path("<uuid:pk>/access/", views.access, name="access"),
    path("<uuid:pk>/delete/", views.delete, name="delete"),
]
