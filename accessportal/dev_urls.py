"""Pages of the embedded setting only: `accessportal/urls.py` includes them under /dev/ when settings.EMBEDDED."""

from django.urls import path
from django.views.generic import TemplateView

from accessportal import devmail

urlpatterns = [
    path("mail/", devmail.mail_list, name="dev_mail"),
    path("mail/<str:name>/", devmail.mail_page, name="dev_mail_page"),
    path("mail/<str:name>/html/", devmail.mail_html, name="dev_mail_html"),
    path("components/", TemplateView.as_view(template_name="components/gallery.html"), name="dev_components"),
]
