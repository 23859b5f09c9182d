"""What a learner wrote is shown in feedback and formgrader, and never run there: text, pictures, plain HTML."""

import re
from typing import Any

import bleach
from jinja2 import pass_context
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode

PICTURES = ("image/png", "image/jpeg")
TABLES = {"table", "thead", "tbody", "tr", "th", "td", "caption", "p", "br", "hr", "div", "span", "pre", "sub", "sup"}
TAGS = bleach.sanitizer.ALLOWED_TAGS | TABLES
BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*")
METADATA = ("kernelspec", "language_info", "stateless")  # of a notebook; widgets keep whole programs in others


def harmless_output(output: NotebookNode) -> NotebookNode:
    """An output without scripts, styles and event handlers; streams and errors are escaped where they are shown."""
    if "data" in output:
        output.data = NotebookNode(harmless_data(output.data))
        output.metadata = NotebookNode()
    return output


def harmless_data(data: dict[str, Any]) -> dict[str, str]:
    """The forms of an output that run nothing."""
    kept = {kind: data[kind] for kind in PICTURES if isinstance(data.get(kind), str) and BASE64.fullmatch(data[kind])}
    if isinstance(data.get("text/html"), str):
        kept["text/html"] = bleach.clean(data["text/html"], tags=TAGS, attributes={"*": ["title"]}, strip=True)
    return kept | {"text/plain": data.get("text/plain", "") if isinstance(data.get("text/plain"), str) else ""}


def only_known(metadata: NotebookNode) -> NotebookNode:
    """The metadata of a notebook that are needed to grade and show it."""
    return NotebookNode({name: metadata[name] for name in METADATA if isinstance(metadata.get(name), dict)})


@pass_context
def markdown(context: Any, source: str) -> str:
    """Markdown as HTML, with HTML of its own and links to scripts shown as text; nbconvert's filter `markdown2html`."""
    attached = context.get("cell", {}).get("attachments", {})
    pictures = {name: harmless_data(data) for name, data in attached.items() if isinstance(data, dict)}
    renderer = IPythonRenderer(escape=True, allow_harmful_protocols=False, attachments=pictures)
    return MarkdownWithMath(renderer=renderer).render(source)
