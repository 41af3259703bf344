"""What every page behind a link of a mail keeps to: nothing of it is kept, its address handed to nobody (IN8)."""

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware


class TokenCheck(CsrfViewMiddleware):
    """Django's own check of the form's token, for pages that send no referrer.

    From such a page a browser sends a form with the origin "null", which Django takes for a foreign one. It is let
    through where the browser says that the form is of this site; the token in form and cookie decides, as everywhere.
    """

    def _origin_verified(self, request: HttpRequest) -> bool:
        if request.META["HTTP_ORIGIN"] == "null":
            return request.headers.get("Sec-Fetch-Site", "same-origin") == "same-origin"
        return super()._origin_verified(request)  # type: ignore[misc]  # Django's own, left out of the stubs


def for_this_reader_alone(response: HttpResponse) -> HttpResponse:
    """Return the answer with what keeps its address from everybody else."""
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "no-store"
    return response
