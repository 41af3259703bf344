"""The addresses of this floor."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
inside_an_account: list[URLPattern] = []
