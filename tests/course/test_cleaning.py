"""What a learner writes is shown in pages, and nothing of it is run."""

import html.parser

import pytest
from nbconvert import HTMLExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from traitlets.config import Config

from autograders.course import cleaning

EVIL = "evil()"
HTML = (
    f"<script>{EVIL}</script>",
    f"<img src=x onerror='{EVIL}'>",
    f"<b onmouseover={EVIL}>bold</b>",
    f"<a href='javascript:{EVIL}'>link</a>",
    f"<svg><script>{EVIL}</script></svg>",
    f"<iframe srcdoc='<script>{EVIL}</script>'></iframe>",
    f"<style>@import 'javascript:{EVIL}'</style>",
    f"</pre></div><script>{EVIL}</script>",
    f"<math><mi//xlink:href='data:x,<script>{EVIL}</script>'>",
)
MARKDOWN = (*HTML, f"[link](javascript:{EVIL})", f"![x](javascript:{EVIL})", f"[x]: javascript:{EVIL}\n\n[x]")


class Finder(html.parser.HTMLParser):
    """Collects what a browser would run."""

    def __init__(self) -> None:
        super().__init__()
        self.runs: list[str] = []
        self.inside = ""

    def handle_starttag(self, tag, attributes):
        self.inside = tag
        values = [
            value or "" for name, value in attributes if name.startswith("on") or name in ("href", "src", "srcdoc")
        ]
        self.runs += [value for value in values if EVIL in value]

    def handle_endtag(self, tag):
        self.inside = ""

    def handle_data(self, data):
        if self.inside in ("script", "style") and EVIL in data:
            self.runs.append(data)


def run_by(page: str) -> list[str]:
    finder = Finder()
    finder.feed(page)
    return finder.runs


def page(*cells) -> str:
    settings = Config()
    settings.HTMLExporter.filters = {"markdown2html": "autograders.course.cleaning.markdown"}
    return HTMLExporter(config=settings).from_notebook_node(new_notebook(cells=list(cells)))[0]


def test_the_finder_finds():
    """Without cleaning, a browser would run it."""
    assert all(run_by(text) for text in (*HTML[:5], HTML[7]))


@pytest.mark.parametrize("text", MARKDOWN)
def test_markdown_is_shown(text):
    assert not run_by(page(new_markdown_cell(f"before\n\n{text}\n\nafter")))


@pytest.mark.parametrize("text", HTML)
@pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", "text/markdown", "application/javascript", "image/png"])
def test_outputs_are_shown(text, kind):
    output = new_output("display_data", {kind: text, "text/plain": "plain"}, metadata={"image/png": {"width": text}})
    made = cleaning.harmless_output(output)
    assert not run_by(page(new_code_cell("1", outputs=[made])))


@pytest.mark.parametrize("text", [*HTML, f"\x1b]8;;javascript:{EVIL}\x07link\x1b[2J"])
def test_streams_and_errors_are_shown(text):
    outputs = [
        new_output("stream", name="stdout", text=text),
        new_output("error", ename=text, evalue=text, traceback=[text]),
    ]
    assert not run_by(page(new_code_cell(f"print({text!r})", outputs=outputs)))


def test_what_is_harmless_stays():
    table = "<table><tbody><tr><td><b>1</b></td></tr></tbody></table>"
    made = cleaning.harmless_data({"text/html": table, "image/png": "aGk="})
    assert made["text/html"] == table
    assert made["image/png"] == "aGk="
    assert "<code>a &lt; b</code>" in page(new_markdown_cell("`a < b` and $x < y$ and **bold**"))
