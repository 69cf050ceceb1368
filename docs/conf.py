"""Settings of the documentation site; CONTRIBUTING.md has the command that builds it."""

import os
import re
import tomllib
import warnings
from pathlib import Path

from sphinx_gallery.sorting import FileNameSortKey

import evolearn

DOCS = Path(__file__).parent
ROOT = DOCS.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
SOURCE = f"{PROJECT['urls']['Source']}/blob/main"

project = "evolearn"
author = "The evolearn developers"
copyright = author
version = release = evolearn.__version__

extensions = [
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "numpydoc",
    "myst_parser",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = [
    "_build",
    "gallery",
    "tutorial",
    "examples",
    "static",
    "templates",
    "auto_*/*.ipynb",
    "auto_*/*.py",
    "**/sg_execution_times.rst",
]
templates_path = ["templates"]
suppress_warnings = ["config.cache"]  # functions and classes among the settings of the gallery

# -- Markdown ------------------------------------------------------------------------------

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

# -- docstrings ----------------------------------------------------------------------------

default_role = "autolink"
autodoc_typehints = "none"  # numpydoc's sections have the types
autodoc_member_order = "groupwise"
autosummary_generate = True
numpydoc_show_class_members = False
nitpicky = True
# Objects of other libraries: their pages are not loaded, so that the build needs no network.
nitpick_ignore_regex = [
    (r"py:.*", r"(sklearn|joblib|concurrent|deap|numpy|pandas|matplotlib|scipy)\b.*"),
    # Names without a module, of objects beside the one that is documented.
    (r"py:obj", r"\w+"),
    # Parts that extensions use; their docstrings are in the source.
    (
        r"py:.*",
        r"evolearn\.(cost|data|ensemble|evaluation|execution|fit|genes|models|search)\..*",
    ),
    (r"py:.*", r"evolearn\.(estimators|insights|pipeline|results|tasks|testing)\..*"),
]

# -- gallery -------------------------------------------------------------------------------

# Examples start worker processes. They need not know of the process that builds the pages.
os.environ.setdefault("PYTHONWARNINGS", "ignore::DeprecationWarning")
warnings.filterwarnings("ignore", message=".*non-interactive.*", category=UserWarning)
sphinx_gallery_conf = {
    "examples_dirs": ["gallery", "tutorial"],
    "gallery_dirs": ["auto_gallery", "auto_tutorial"],
    "within_subsection_order": FileNameSortKey,
    "filename_pattern": r"plot_",
    "reset_modules": ("matplotlib",),
    "abort_on_example_error": False,
    "only_warn_on_example_error": True,  # which is an error with -W
    "backreferences_dir": "auto_uses",
    "doc_module": ("evolearn",),
    "image_srcset": ["2x"],
    "download_all_examples": False,
    "remove_config_comments": True,
    "capture_repr": ("_repr_html_",),
    "show_memory": False,
    "min_reported_time": 3600,
    "plot_gallery": "True",
}

# -- pages ---------------------------------------------------------------------------------

toc_object_entries_show_parents = "hide"
html_theme = "pydata_sphinx_theme"
html_title = "evolearn"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_show_sourcelink = False
html_copy_source = False
html_theme_options = {
    "logo": {"text": "evolearn"},
    "navbar_align": "left",
    "header_links_before_dropdown": 5,
    "navigation_with_keys": False,
    "show_prev_next": True,
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": {"**": ["page-toc"], "index": []},
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
}
html_sidebars = {"index": [], "quick_start": [], "faq": [], "performance": []}

# -- links ---------------------------------------------------------------------------------

# Files at the top of the repository that are pages of the site as well.
TOP_PAGES = {
    "security": "SECURITY.md",
    "contributing": "CONTRIBUTING.md",
    "changelog": "CHANGELOG.md",
}


def read_page(app, docname, source):
    """Take pages from the top of the repository, and give links out of docs/ an address."""
    folder = (DOCS / docname).parent
    if name := TOP_PAGES.get(docname):
        source[0] = (ROOT / name).read_text(encoding="utf-8")
        app.env.note_dependency(str(ROOT / name))
        folder = ROOT
    if (DOCS / f"{docname}.md").exists():
        source[0] = re.sub(
            r"\]\((?![a-z]+:|#)([^)#\s]+)(#[^)\s]*)?\)",
            lambda match: f"]({_address(folder, docname, match[1])}{match[2] or ''})",
            source[0],
        )


def _address(folder, docname, link):
    """Return the address of a linked file: a page of the site, or a file of the repository."""
    file = (folder / link).resolve()
    pages = {(ROOT / name).resolve(): DOCS / f"{page}.md" for page, name in TOP_PAGES.items()}
    file = pages.get(file, file)
    if file.is_relative_to(DOCS):
        return os.path.relpath(file, (DOCS / docname).parent)
    return f"{SOURCE}/{file.relative_to(ROOT)}"


def link_pages(app, what, name, obj, options, lines):
    """Link the pages that docstrings name; labels of scikit-learn's pages become text."""
    for number, line in enumerate(lines):
        line = re.sub(r"`+docs/([\w/]+)\.md`+", r":doc:`/\1`", line)
        lines[number] = re.sub(r":ref:`(.+?) <.+?>`", r"\1", line)


def setup(app):
    """Connect the functions of this file."""
    app.connect("source-read", read_page)
    app.connect("autodoc-process-docstring", link_pages)
