"""The site as the embedded setting mounts it: with the pages under /dev/."""

from django.urls import include, path

from accessportal import dev_urls
from accessportal.urls import urlpatterns as everywhere

urlpatterns = [*everywhere, path("dev/", include(dev_urls))]
