"""The addresses of this floor."""

from django.urls import URLPattern, path

from . import views

urlpatterns: list[URLPattern] = []
inside_an_account: list[URLPattern] = []
