"""The place to choose files as a field of a form; its values are tokens (`complaints.web.one.file_doors.chosen`)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.template.loader import get_template
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from complaints.models import Attachment
from complaints.web.one import files


class FilesWidget(forms.Widget):
    """`door`: the URL's name where a script sends single files (or `url`, its path); `ours` False for complainants."""

    needs_multipart_form = True

    def __init__(self, door: str, *, ours: bool = True) -> None:
        super().__init__()
        self.door, self.ours, self.url = door, ours, ""

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> list[str]:
        getlist = getattr(data, "getlist", None)
        return getlist(name) if getlist is not None else list(data.get(name) or [])

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return False  # no tick is no file, not no answer

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Query cost: 1 where files are chosen already."""
        tokens = [token for token in value or [] if isinstance(token, str)]
        whose = "user:" if self.ours else "web:"
        rows = Attachment.objects.filter(token__in=tokens, draft__startswith=whose) if tokens else []
        chosen = [files.Attached.draft(one, ours=self.ours) for one in rows]
        context = {
            "chooser": files.single(self.url or reverse(self.door), chosen),
            "input_id": (attrs or {}).get("id", ""),
            "described": (attrs or {}).get("aria-describedby", ""),
        }
        return mark_safe(get_template("complaints/_files_box.html").render(context))  # noqa: S308 - escaped there


class FilesField(forms.Field):
    """Tokens of files; whether they are the caller's is for the action to say."""

    def __init__(self, *, door: str = "draft_attachments", ours: bool = True, **kwargs: Any) -> None:
        super().__init__(required=False, widget=FilesWidget(door, ours=ours), **kwargs)

    def to_python(self, value: Any) -> list[str]:
        return [token for token in value or [] if token]
