"""Check the internal links of a built site: ``python check_links.py FOLDER``.

Every link, image, style and script that is no address of another host has to be a file of the
site, and its part behind ``#`` an anchor of that page.
"""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


class Page(HTMLParser):
    """The anchors of a page, and what it links."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep the anchor and the links of a tag."""
        for name, value in attrs:
            if name == "id" and value:
                self.anchors.add(value)
            if name in {"href", "src"} and value and tag != "base":
                self.links.add(value)


def broken_links(folder: Path) -> list[str]:
    """Return the links that lead nowhere, with their page."""
    files = sorted(folder.resolve().rglob("*.html"))
    pages = {path: Page(path) for path in files if "_static" not in path.parts}
    broken = []
    for path, page in pages.items():
        for link in sorted(page.links):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            anchor = unquote(parts.fragment)
            known = pages[target].anchors if target in pages else set()
            if not target.exists() or (anchor and target in pages and anchor not in known):
                broken.append(f"{path.relative_to(folder.resolve())}: {link}")
    return broken


if __name__ == "__main__":
    broken = broken_links(Path(sys.argv[1]))
    sys.exit("\n".join(["Broken links:", *broken]) if broken else 0)
