"""Static files as the browser gets them: one stylesheet, hashed names, compressed copies.

By hand the CSS is many small files that `css/app.css` imports, each into its layer. `collectstatic` writes
them into one, so that the browser asks once instead of fifty times one after the other.
"""

import posixpath
import re
from collections.abc import Callable, Iterator
from typing import Any

from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

STYLESHEET = "css/app.css"

_STRING_OR_COMMENT = re.compile(r"""("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|/\*.*?\*/""", re.DOTALL)
_CHARSET = re.compile(r"""^\s*@charset\s+["'][^"']*["']\s*;""", re.IGNORECASE)
_IMPORT = re.compile(
    r"""@import\s+(?:url\(\s*(?P<q1>["']?)(?P<url>[^"')\s]+)(?P=q1)\s*\)|(?P<q2>["'])(?P<name>[^"']+)(?P=q2))
        \s*(?P<layer>layer(?:\(\s*(?P<layer_name>[\w.-]+)\s*\))?)?
        \s*(?P<supports>supports\([^;]*?\))?\s*(?P<media>[^;]*);""",
    re.IGNORECASE | re.VERBOSE,
)
_URL = re.compile(r"""url\(\s*(["']?)([^"')]+)\1\s*\)""", re.IGNORECASE)
_ELSEWHERE = re.compile(r"^(?:[a-z][a-z0-9+.-]*:|//|/|#)", re.IGNORECASE)


def without_comments(css: str) -> str:
    """The CSS without its comments; what only looks like one inside a string stays."""
    return _STRING_OR_COMMENT.sub(lambda found: found.group(1) or "", css)


def joined(name: str, read: Callable[[str], str]) -> str:
    """The stylesheet `name` with every relative `@import` replaced by the file's text.

    `read` gives the text of a file by its name. `layer(x)` becomes `@layer x { ... }`, `supports` and media
    queries their blocks, relative `url()` is rewritten to be seen from `name`. Imports of other sites stay. A
    circle is a ValueError.
    """
    return _joined(name, read, base=posixpath.dirname(name), above=())


def _joined(name: str, read: Callable[[str], str], *, base: str, above: tuple[str, ...]) -> str:
    if name in above:
        raise ValueError(f"{name} imports itself: {' > '.join((*above, name))}")
    here = posixpath.dirname(name)

    def replace(found: re.Match[str]) -> str:
        target = found["url"] or found["name"]
        if _ELSEWHERE.match(target):
            return found.group(0)
        path = posixpath.normpath(posixpath.join(here, target))
        return _wrapped(found, _joined(path, read, base=base, above=(*above, name)).strip())

    css = _CHARSET.sub("", without_comments(read(name)))
    css = "".join(_outside_and_imports(css, lambda text: _rebased(text, here, base), replace))
    return re.sub(r"\n\s*\n+", "\n", css).strip() + "\n"


def _outside_and_imports(
    css: str, outside: Callable[[str], str], imports: Callable[[re.Match[str]], str]
) -> Iterator[str]:
    """The text piece by piece: what an import names is not to be rebased as a `url()`."""
    end = 0
    for found in _IMPORT.finditer(css):
        yield outside(css[end : found.start()])
        yield imports(found)
        end = found.end()
    yield outside(css[end:])


def _wrapped(found: re.Match[str], css: str) -> str:
    """The imported text in the blocks that its import asked for, the layer innermost."""
    if found["layer"]:
        css = f"@layer {found['layer_name'] or ''} {{\n{css}\n}}".replace("@layer  {", "@layer {")
    if found["supports"]:
        condition = found["supports"][len("supports") :]
        css = f"@supports {condition} {{\n{css}\n}}"
    if media := found["media"].strip():
        css = f"@media {media} {{\n{css}\n}}"
    return css


def _rebased(css: str, here: str, base: str) -> str:
    """Relative `url()` of a file in `here`, written as seen from `base`."""

    def replace(found: re.Match[str]) -> str:
        target = found[2].strip()
        if here == base or _ELSEWHERE.match(target):
            return found.group(0)
        return f'url("{posixpath.relpath(posixpath.join(here, target), base or ".")}")'

    return _URL.sub(replace, css)


class OneStylesheetStorage(CompressedManifestStaticFilesStorage):
    """Joins the stylesheet, then gives every file its hashed name and a compressed copy.

    A file that the manifest does not know keeps its plain name: a page without an icon, instead of no page. A
    test walks the templates, so that such a name is found before anybody sees it.
    """

    manifest_strict = False
    stylesheet = STYLESHEET

    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Iterator[Any]:
        """Runs at the end of `collectstatic`; `paths` maps names to sources, and these get joined."""
        if not dry_run and self.stylesheet in paths:
            self._write_joined(paths)
        yield from super().post_process(paths, dry_run, **options)

    def _write_joined(self, paths: dict[str, Any]) -> None:
        def read(name: str) -> str:
            if name not in paths:
                raise ValueError(f"{self.stylesheet} imports {name}, which is not among the static files")
            storage, path = paths[name]
            with storage.open(path) as source:
                return str(source.read().decode())

        css = joined(self.stylesheet, read)
        self.delete(self.stylesheet)
        self._save(self.stylesheet, ContentFile(css.encode()))
        # From here on the joined copy is the source: the steps that follow read it from this storage.
        paths[self.stylesheet] = (self, self.stylesheet)

    def hashed_name(self, name: str, content: Any = None, filename: str | None = None) -> str:
        """Django's hashed name; the plain one for a file that is not there."""
        try:
            return str(super().hashed_name(name, content, filename))
        except ValueError:
            return name
