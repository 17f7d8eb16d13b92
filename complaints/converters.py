"""The form of a complaint's reference in addresses: `<reference:reference>`."""

from django.urls import register_converter


class ReferenceConverter:
    """`AM-4F7K-2M9Q`; anything else is no such page, and reaches no query."""

    regex = "[A-Z0-9]{2,4}(?:-[A-Z0-9]{1,8}){1,3}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(ReferenceConverter, "reference")
