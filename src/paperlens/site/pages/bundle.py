"""One stylesheet and one deferred script for all pages: of the theme's styles only the rules that some page uses."""

import hashlib
import json
import posixpath
import re
import shutil
from collections.abc import Mapping
from pathlib import Path

from paperlens.site.pages.formulas import FONT
from paperlens.site.pages.node import run_script
from paperlens.site.places import Places, write

STYLE = re.compile(r'<link\b(?=[^>]*\brel="stylesheet")[^>]*?\bhref="([^"?#]+)[^"]*"[^>]*>\s*')
SCRIPT = re.compile(
    r'<script\b[^>]*?\bsrc="([^"?#]+)[^"]*"[^>]*></script>\s*'
    r"|<script>DOCUMENTATION_OPTIONS[^<]*</script>\s*"
    r'|<link\b(?=[^>]*\brel="preload")[^>]*\bas="script"[^>]*>\s*'
)
IMPORT = re.compile(r"""@import (?:url\()?["']?([^"')]+)["']?\)?;""")
URL = re.compile(r"""url\(["']?(?!data:|#)([^"')?#]+)[^"')]*["']?\)""")
# Sphinx's own search and highlighting, and the icons' letters: replaced by Pagefind and by inline icons.
UNUSED = ("searchtools.js", "language_data.js", "searchindex.js", "doctools.js", "sphinx_highlight.js")
# Of _static/, what no page asks for any more.
LEFT: list[str] = [
    "styles",
    "scripts",
    "locales",
    "images",
    "vendor/fontawesome",
    "*-macros.html",
    "basic.css",
    "pygments.css",
    "copybutton.css",
    "mystnb*.css",
    "paperlens.css",
    "paperlens.js",
    "clipboard.min.js",
    "copybutton*.js",
    "documentation_options.js",
    "*stemmer.js",
]
SETTINGS = "DOCUMENTATION_OPTIONS.pagename = ''; DOCUMENTATION_OPTIONS.search_as_you_type = false;"


def bundle(site: Path, places: Places) -> None:
    """Write _static/site.css, site.js and no-script.css, and let every page under `site` load these alone."""
    pages = {
        page: page.read_text(encoding="utf-8") for page in sorted(site.rglob("*.html")) if _own(page, site)
    }
    styles = _union(pages, STYLE, site)
    scripts = [
        name
        for name in _union(pages, SCRIPT, site)
        if posixpath.basename(name) not in (*UNUSED, "fontawesome.js")
    ]
    css = "\n".join(_style(site, name) for name in styles)
    parts = [(site / name).read_text(encoding="utf-8") for name in scripts]
    parts.insert(1, SETTINGS)  # after the options themselves
    js = "\n;\n".join(parts)
    asked = json.dumps({"css": css, "pages": list(pages.values()), "scripts": parts})
    done = json.loads(run_script(places, "styles.cjs", places.npm / "node_modules", asked))
    static = site / "_static"
    named = {"site.css": done["css"], "site.js": js, "no-script.css": done["plain"]}
    for name, text in named.items():
        write(static / name, text)
    for page, text in pages.items():
        up = "../" * (len(page.relative_to(site).parts) - 1)
        write(page, _relinked(text, up, named))
    for pattern in (*LEFT, *UNUSED):
        for file in static.glob(pattern):
            shutil.rmtree(file) if file.is_dir() else file.unlink()


def _own(page: Path, site: Path) -> bool:
    """Whether it is a page, not a part of the theme."""
    return "_static" not in page.relative_to(site).parts


def _union(pages: Mapping[Path, str], pattern: re.Pattern[str], site: Path) -> list[str]:
    """What the pages load, by the path under `site`, in the order of loading."""
    found: dict[str, None] = {}
    for page, text in pages.items():
        folder = page.parent.relative_to(site).as_posix()
        for match in pattern.finditer(text):
            if match[1]:
                found.setdefault(posixpath.normpath(posixpath.join(folder, match[1])))
    return list(found)


def _style(site: Path, name: str) -> str:
    """A stylesheet with what it imports, its addresses as seen from _static/."""
    text = (site / name).read_text(encoding="utf-8")
    folder = posixpath.dirname(name)

    def seen(match: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(folder, match[1]))
        return f'url("{posixpath.relpath(target, "_static")}")'

    parts = IMPORT.split(text)
    return "".join(
        _style(site, posixpath.normpath(posixpath.join(folder, part))) if number % 2 else URL.sub(seen, part)
        for number, part in enumerate(parts)
    )


def _relinked(text: str, up: str, named: Mapping[str, str]) -> str:
    """The page with one stylesheet, one script, and the colours for readers without scripts."""

    def address(name: str) -> str:
        return f"{up}_static/{name}?v={hashlib.sha256(named[name].encode()).hexdigest()[:8]}"

    head = (
        f'<link rel="stylesheet" href="{address("site.css")}">\n'
        f'  <noscript><link rel="stylesheet" href="{address("no-script.css")}"></noscript>\n'
        f'  <script defer src="{address("site.js")}"></script>\n'
    )
    if "data-tex=" in text:  # without the font's table an index stands on the line
        head = f'<link rel="preload" href="{up}{FONT}" as="font" type="font/woff" crossorigin>\n  {head}'
    text = SCRIPT.sub("", STYLE.sub("", text))
    return text.replace("</head>", f"{head}</head>", 1)
