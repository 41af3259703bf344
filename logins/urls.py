"""The addresses of this floor."""

from django.urls import URLPattern, path

from . import views

inside_an_account: list[URLPattern] = [
    path("logins/", views.LoginList.as_view(), name="shared_logins"),
    path("logins/new/", views.AddLogin.as_view(), name="add_login"),
    path("logins/<int:pk>/", views.LoginPage.as_view(), name="shared_login"),
    path("logins/<int:pk>/edit/", views.ChangeLogin.as_view(), name="change_login"),
    path("logins/<int:pk>/changed/", views.SignChange.as_view(), name="sign_change"),
    path("logins/<int:pk>/retire/", views.RetireLogin.as_view(), name="retire_login"),
    path("logins/<int:pk>/people/new/", views.NoteKnower.as_view(), name="note_knower"),
    path("logins/<int:pk>/people/<int:knower_id>/", views.CorrectKnower.as_view(), name="correct_knower"),
    path("logins/<int:pk>/people/<int:knower_id>/gone/", views.NoteGone.as_view(), name="knower_gone"),
]
