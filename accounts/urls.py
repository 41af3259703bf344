"""The addresses of this floor."""

from django.urls import URLPattern, path

from . import views

urlpatterns: list[URLPattern] = [
    path("profile/", views.ProfileView.as_view(), name="profile"),
]
inside_an_account: list[URLPattern] = []
