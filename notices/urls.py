"""The addresses of this floor."""

from django.urls import URLPattern, path

from . import views

urlpatterns: list[URLPattern] = [
    path("inbox/", views.Inbox.as_view(), name="inbox"),
    path("inbox/read/", views.MarkAllRead.as_view(), name="mark_all_read"),
    path("inbox/<int:pk>/open/", views.OpenNotice.as_view(), name="open_notice"),
    path("inbox/<int:pk>/mark/", views.MarkNotice.as_view(), name="mark_notice"),
    path("profile/notices/", views.Choices.as_view(), name="notice_choices"),
]
