"""The addresses of the token pages and of the API's description for people."""

from django.urls import path

from api import views

app_name = "tokens"
urlpatterns = [
    path("account/tokens/", views.token_list, name="list"),
    path("account/tokens/<int:pk>/withdraw/", views.withdraw_token, name="withdraw"),
    path("api/", views.reference, name="reference"),
]
