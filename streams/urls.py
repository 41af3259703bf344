"""The addresses of this floor."""

from django.urls import URLPattern, path

from . import views

inside_an_account: list[URLPattern] = [
    path("activity/streams/", views.StreamList.as_view(), name="streams"),
    path("activity/streams/new/", views.AddStream.as_view(), name="add_stream"),
    path("activity/streams/<int:pk>/", views.StreamPage.as_view(), name="stream"),
    path("activity/streams/<int:pk>/edit/", views.ChangeStream.as_view(), name="change_stream"),
    path("activity/streams/<int:pk>/secret/", views.MakeSecret.as_view(), name="stream_secret"),
    path("activity/streams/<int:pk>/test/", views.SendTest.as_view(), name="test_stream"),
    path("activity/streams/<int:pk>/pause/", views.PauseStream.as_view(), name="pause_stream"),
    path("activity/streams/<int:pk>/resume/", views.ResumeStream.as_view(), name="resume_stream"),
    path("activity/streams/<int:pk>/remove/", views.RemoveStream.as_view(), name="remove_stream"),
    path("activity/streams/<int:pk>/<int:delivery_id>/", views.DeliveryPage.as_view(), name="stream_delivery"),
    path("activity/streams/<int:pk>/<int:delivery_id>/again/", views.SendAgain.as_view(), name="send_batch_again"),
    path("activity/streams/<int:pk>/<int:delivery_id>/drop/", views.DropBatch.as_view(), name="drop_batch"),
]
