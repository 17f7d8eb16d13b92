"""`python -m tests.schema` (`make schema`): writes docs/api/openapi.json as the API is now, sorted and indented, and
docs/api/errors.md from the catalogue of codes."""

from __future__ import annotations

import json
import os
from pathlib import Path

import django

if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    django.setup()
    from core.api.schema import document
    from core.api.words.guide import errors_page

    place = Path(__file__).resolve().parent.parent / "docs" / "api" / "openapi.json"
    place.with_name("errors.md").write_text(errors_page())
    place.parent.mkdir(parents=True, exist_ok=True)
    whole = json.loads(document())
    place.write_text(json.dumps(whole, indent=1, sort_keys=True, ensure_ascii=False) + "\n")
    print(f"{place.name}: {len(whole['paths'])} paths")
