"""What several answers of the API's customer resources have in common."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class Named(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField(allow_blank=True)
