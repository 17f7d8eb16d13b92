"""Addresses of what administrators set; `complaints.api.urls` includes them."""

from django.urls import path

from complaints.api import house, payout_answers, sorting, users

urlpatterns = [
    path("complaint-types/", sorting.Types.as_view(), name="api-complaint-types"),
    path("complaint-types/<slug:code>/", sorting.OneType.as_view(), name="api-complaint-type"),
    path("complaint-types/<slug:code>/position/", sorting.TypePosition.as_view(), name="api-complaint-type-position"),
    path("root-causes/", sorting.RootCauses.as_view(), name="api-root-causes"),
    path("root-causes/<slug:code>/", sorting.OneCause.as_view(), name="api-root-cause"),
    path("root-causes/<slug:code>/position/", sorting.CausePosition.as_view(), name="api-root-cause-position"),
    path("themes/<slug:code>/position/", sorting.ThemePosition.as_view(), name="api-theme-position"),
    path("macros/<int:pk>/position/", sorting.MacroPosition.as_view(), name="api-macro-position"),
    path("channels/<slug:code>/", sorting.OneChannel.as_view(), name="api-channel"),
    path("channels/<slug:code>/position/", sorting.ChannelPosition.as_view(), name="api-channel-position"),
    path("routing-rules/", house.RoutingRules.as_view(), name="api-routing-rules"),
    path("routing-rules/<int:pk>/", house.OneRule.as_view(), name="api-routing-rule"),
    path("routing-rules/<int:pk>/position/", house.RulePosition.as_view(), name="api-routing-rule-position"),
    path("teams/", house.Teams.as_view(), name="api-teams"),
    path("organisation/", house.TheOrganisation.as_view(), name="api-organisation"),
    path("users/", users.Users.as_view(), name="api-users"),
    path("users/<int:pk>/", users.OneUser.as_view(), name="api-user"),
    path("users/<int:pk>/deactivation/", users.Deactivation.as_view(), name="api-user-deactivation"),
    path("users/<int:pk>/password-link/", users.PasswordLink.as_view(), name="api-user-password-link"),
    path("payouts/answers/", payout_answers.PayoutAnswers.as_view(), name="api-payout-answers"),
]
