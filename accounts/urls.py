"""The addresses of this floor."""

from django.urls import URLPattern, path

from . import views

urlpatterns: list[URLPattern] = [
    path("profile/", views.ProfileView.as_view(), name="profile"),
    path("auth/sessions/<int:pk>/end/", views.EndSession.as_view(), name="end_session"),
]
inside_an_account: list[URLPattern] = [
    path("settings/", views.AccountSettings.as_view(), name="account_settings"),
    path("settings/upgrade/", views.UpgradeAccount.as_view(), name="upgrade_account"),
    path("assets/", views.AssetList.as_view(), name="assets"),
    path("assets/new/", views.AddAsset.as_view(), name="add_asset"),
    path("assets/<int:pk>/change/", views.ChangeAsset.as_view(), name="change_asset"),
]
