"""The addresses of watching."""

from django.urls import URLPattern, path

from . import views

inside_an_account: list[URLPattern] = [
    path("alerts/", views.AlertList.as_view(), name="alerts"),
    path("alerts/rules/", views.RuleList.as_view(), name="watch_rules"),
    path("alerts/rules/<slug:code>/", views.TuneRule.as_view(), name="tune_rule"),
    path("alerts/rules/<slug:code>/mute/", views.MuteRule.as_view(), name="mute_rule"),
    path("alerts/rules/<slug:code>/unmute/", views.UnmuteRule.as_view(), name="unmute_rule"),
    path("alerts/<int:pk>/", views.AlertPage.as_view(), name="alert"),
    path("alerts/<int:pk>/acknowledge/", views.AcknowledgeAlert.as_view(), name="acknowledge_alert"),
    path("alerts/<int:pk>/reopen/", views.ReopenAlert.as_view(), name="reopen_alert"),
    path("alerts/<int:pk>/freeze/", views.FreezeFromAlert.as_view(), name="freeze_from_alert"),
]
