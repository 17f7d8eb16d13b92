"""INSERTs of SQL that name every column: what is not given gets its field's default (Django keeps none in SQL)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.db import models


def insert_select(model: type[models.Model], given: Mapping[str, str], source: str) -> str:
    """INSERT INTO the model's table the columns `given` (name: expression) `source` (FROM ...), and the defaults.

    The database gives the key. Raises KeyError for a column the model does not have.
    """
    fields = [field for field in model._meta.concrete_fields if not field.primary_key or field.column in given]
    names = [str(field.column) for field in fields]
    if missing := set(given) - set(names):
        raise KeyError(f"{model.__name__} has no {', '.join(sorted(missing))}")
    values = [given.get(str(field.column)) or literal(field) for field in fields]
    return f"INSERT INTO {model._meta.db_table} ({', '.join(names)}) SELECT {', '.join(values)} {source}"


def literal(field: models.Field[Any, Any]) -> str:
    """The field's default as SQL."""
    value = None if field.null and not field.has_default() else field.get_default()
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return str(value)
    text = json.dumps(value) if isinstance(value, dict | list) else str(value)
    return "'" + text.replace("'", "''") + "'"
