"""How Sphinx builds the site; `docs/build_site.py` puts the pages together beforehand."""

project = "Serinette"
author = "The Serinette authors"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
root_doc = "index"
html_theme = "alabaster"
html_theme_options = {
    "description": "Generative LSTMs",
    "page_width": "1240px",
    "sidebar_width": "230px",
    "font_family": "Georgia, 'Noto Serif', serif",
}
html_copy_source = False
html_show_sphinx = False
myst_heading_anchors = 4
# Pages are read on GitHub too: a heading may skip a level, and a block may be of no known language.
suppress_warnings = ["myst.header", "misc.highlighting_failure"]
