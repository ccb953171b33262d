"""Sphinx settings of the book; its source folder is build/book, which `paperlens book build` assembles."""

import os
from pathlib import Path

from paperlens import __version__

BOOK = Path(__file__).parent
# The vendored files lie with the checkout, also where a trial build goes elsewhere.
VENDOR = BOOK.parent / "build" / "vendor"
DRAWN = Path(os.environ.get("PAPERLENS_BUILD", BOOK.parent / "build")) / "drawn"

# Where the course can be cloned from; empty: the page says so in a sentence.
repository = ""

project = "Paperlens"
author = "The Paperlens authors"
copyright = "the Paperlens authors. Text CC BY 4.0, code Apache-2.0"
version = release = __version__
language = "en"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx_copybutton",
    "sphinxcontrib.bibtex",
    "paperlens.site.pages.directives",
]
exclude_patterns = ["generated/**", "notebooks/**", "images/**"]
templates_path = ["templates"]
html_additional_pages = {"search": "search.html"}
suppress_warnings = ["myst.mathjax"]

# Chapters are executed before Sphinx starts; it only shows what they printed.
nb_execution_mode = "off"
nb_merge_streams = True
nb_ipywidgets_js = {}  # a control's page form is its still picture: no widget manager, no require.js
nb_mime_priority_overrides = [("html", "text/html", 5), ("html", "image/svg+xml", 0)]
myst_enable_extensions = [
    "amsmath",
    "attrs_block",
    "attrs_inline",
    "colon_fence",
    "deflist",
    "dollarmath",
    "linkify",
][:-1]
myst_heading_anchors = 3
bibtex_bibfiles = ["references.bib"]
bibtex_reference_style = "author_year"

autodoc_default_options = {"ignore-module-all": True}  # a name stands where it is written, once
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
python_display_short_literal_types = True
add_module_names = False
copybutton_exclude = ".linenos, .gp, .go"

# Formulas are set when the pages are written (paperlens.site.pages.formulas), so that none loads a script for them.
html_math_renderer = "mathml"

html_theme = "sphinx_book_theme"
html_title = "Paperlens"
html_static_path = ["static", str(VENDOR), str(DRAWN)]
html_css_files = ["paperlens.css"]
html_js_files = [("paperlens.js", {"defer": "defer"})]
html_logo = "static/logo.svg"
html_favicon = "static/favicon.svg"
html_copy_source = False
html_show_sphinx = False
html_show_sourcelink = False
html_permalinks_icon = "#"
html_theme_options = {
    "use_download_button": False,
    "use_fullscreen_button": False,
    "show_toc_level": 2,
    "max_navbar_depth": 1,  # the sidebar lists chapters and rooms, not the 200 pages of code
    "navbar_persistent": [],
    "navbar_end": [],
    "logo": {"text": "Paperlens", "alt_text": ""},
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_context = {"default_mode": "auto"}
