"""The site with one page that builds SQL from a string: what a scanner has to find, to be believed about the others."""

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.urls import path

from accessportal.urls import handler500
from accessportal.urls import urlpatterns as everywhere

__all__ = ["handler500", "urlpatterns"]


def injectable(request: HttpRequest) -> HttpResponse:
    """Look a number up as nobody should."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 WHERE 1 = {request.GET.get('number', '')}")
        return HttpResponse("found" if cursor.fetchall() else "nothing")


urlpatterns = [path("injectable/", injectable), *everywhere]
