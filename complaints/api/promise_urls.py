"""Addresses of promises."""

from django.urls import path

import complaints.converters  # noqa: F401  registers <reference:...>
from complaints.api import promises

_OF = "complaints/<reference:reference>/promises/"
_ONE = _OF + "<int:pk>/"

urlpatterns = [
    path(_OF, promises.PromisesOf.as_view(), name="api-complaint-promises"),
    path(_ONE, promises.OnePromise.as_view(), name="api-complaint-promise"),
    path(_ONE + "fulfilment/", promises.Fulfilment.as_view(), name="api-promise-fulfilment"),
    path(_ONE + "renegotiation/", promises.Renegotiation.as_view(), name="api-promise-renegotiation"),
    path(_ONE + "release/", promises.PromiseRelease.as_view(), name="api-promise-release"),
    path("promises/", promises.Promises.as_view(), name="api-promises"),
    path("promises/<int:pk>/", promises.OnePromise.as_view(), name="api-promise"),
]
