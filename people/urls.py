"""The addresses of the people pages."""

from allauth.account import views as accounts
from django.urls import path

from people import language, views

app_name = "people"
urlpatterns = [
    path("sign-in/", accounts.login, name="sign_in"),
    path("sign-out/", accounts.logout, name="sign_out"),
    path("welcome/<str:token>/", views.welcome, name="welcome"),
    path("account/", views.account, name="account"),
    path("account/language/", language.choose, name="language"),
    path("people/", views.people, name="list"),
    path("people/invite/", views.invite, name="invite"),
    path("people/invitations/<int:pk>/withdraw/", views.withdraw, name="withdraw"),
    path("people/<int:pk>/", views.person, name="person"),
    path("people/<int:pk>/active/", views.set_active, name="set_active"),
    path("people/<int:pk>/reset/", views.reset, name="reset"),
]
