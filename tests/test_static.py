"""Joining the stylesheet: small files in, one file out, layers and addresses kept; and the real one."""

import json
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.management import call_command

from core.static import joined, without_comments
from tests.conftest import ROOT

FILES = {
    "css/app.css": """/* one */ @charset "utf-8";
@layer reset, parts;
@import url("reset.css") layer(reset);
/* @import url("gone.css"); */
@import 'parts/chip.css' layer( parts );
@import url(print.css) layer print;
@import url("wide.css") layer(parts) supports(display: grid) (min-width: 40em);
@import url("https://example.org/x.css");
""",
    "css/reset.css": "* { margin: 0; }",
    "css/parts/chip.css": """@import "deep.css";
.chip { background: url(../../img/dot.svg); fill: url(#hatch); content: "/* kept */"; }""",
    "css/parts/deep.css": ".deep { background: url('data:image/png;base64,AA=='); }",
    "css/print.css": "@page { margin: 1cm; }",
    "css/wide.css": ".wide { background: url('img/wide.png'); }",
}


def test_imports_become_blocks_in_their_order() -> None:
    css = joined("css/app.css", FILES.__getitem__)
    assert css.startswith("@layer reset, parts;\n@layer reset {\n* { margin: 0; }\n}")
    assert css.index("@layer parts {") < css.index(".deep") < css.index(".chip") < css.index("@page")
    assert "@media (min-width: 40em) {\n@supports (display: grid) {\n@layer parts {\n.wide" in css
    assert "gone.css" not in css
    assert css.count("{") == css.count("}")


def test_addresses_are_seen_from_the_one_stylesheet() -> None:
    css = joined("css/app.css", FILES.__getitem__)
    assert 'url("../img/dot.svg")' in css
    assert "url('img/wide.png')" in css
    assert "url(#hatch)" in css
    assert "url('data:image/png;base64,AA==')" in css
    assert '@import url("https://example.org/x.css");' in css


def test_comments_go_and_strings_stay() -> None:
    assert without_comments("a /* b */ c '/* d */' /* e\n*/") == "a  c '/* d */' "


def test_a_circle_is_refused() -> None:
    with pytest.raises(ValueError, match="imports itself"):
        joined("a.css", {"a.css": '@import "b.css";', "b.css": '@import "a.css";'}.__getitem__)


@pytest.fixture
def collected(tmp_path: Path, settings) -> Path:
    """A small project's static files, collected with the real storage; answers STATIC_ROOT."""
    source = tmp_path / "source"
    for name, text in FILES.items():
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    for name in ("img/dot.svg", "css/img/wide.png"):
        path = source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"<svg/>")
    settings.STATICFILES_DIRS = [source]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATIC_ROOT = tmp_path / "collected"
    settings.STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "core.static.OneStylesheetStorage"},
    }
    finders.get_finder.cache_clear()
    call_command("collectstatic", interactive=False, verbosity=0)
    yield settings.STATIC_ROOT
    finders.get_finder.cache_clear()


def hashed(root: Path, name: str) -> str:
    return json.loads((root / "staticfiles.json").read_text())["paths"][name]


def test_collecting_writes_one_hashed_compressed_stylesheet(collected: Path) -> None:
    path = collected / hashed(collected, "css/app.css")
    css = path.read_text()
    assert re.search(r"app\.[0-9a-f]{12}\.css$", path.name)
    assert "@layer reset {" in css
    assert re.search(r'url\("\.\./img/dot\.[0-9a-f]{12}\.svg"\)', css)
    assert path.with_name(path.name + ".gz").exists()


def test_a_changed_part_changes_the_stylesheet_at_the_next_collecting(collected: Path) -> None:
    before = hashed(collected, "css/app.css")
    (Path(settings.STATICFILES_DIRS[0]) / "css/parts/chip.css").write_text(".chip { color: red; }")
    call_command("collectstatic", interactive=False, verbosity=0)
    after = hashed(collected, "css/app.css")
    assert after != before
    assert "color: red" in (collected / after).read_text()


def test_an_unknown_file_keeps_its_name(collected: Path) -> None:
    from django.contrib.staticfiles.storage import staticfiles_storage

    assert staticfiles_storage.url("img/missing.svg").endswith("/img/missing.svg")


def test_the_real_stylesheet_joins_completely() -> None:
    css = joined("css/app.css", lambda name: (ROOT / "static" / name).read_text())
    assert "@import" not in css
    assert css.count("{") == css.count("}")


def test_every_static_file_named_in_a_template_exists() -> None:
    names = {
        name
        for page in (ROOT / "templates").rglob("*.html")
        for name in re.findall(r"""{%\s*static\s+["']([^"']+)["']""", page.read_text())
    }
    assert [name for name in sorted(names) if finders.find(name) is None] == []
