"""The addresses of the overview pages."""

from django.urls import path

from overview import styleguide, views

app_name = "overview"
urlpatterns = [
    path("", views.home, name="home"),
    path("attention/", views.attention_count, name="attention"),
    path("search/", views.search, name="search"),
    path("styleguide/", styleguide.styleguide, name="styleguide"),
    path("system/", views.system, name="system"),
    path("help/", views.help_index, name="help"),
    path("help/<slug:name>/", views.help_page, name="help_page"),
]
