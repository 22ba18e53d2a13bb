"""The page that a notebook shows for a run."""
from __future__ import annotations

from base64 import b64encode
from html import escape
from typing import Any

_SHOWN_VARIANTS = 12


def score_text(score: dict[str, Any], key: str = "after") -> str:
    """A score for people: a fraction in percent, a gain with its sign."""
    value = score.get(key)
    if value is None:
        return ""
    if score.get("unit") == "fraction":
        value *= 100
    return f"{value:+.2f}" if key == "gain" else f"{value:.2f}"


def _table(columns: list[str], rows: list[list[str]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _scores(scores: list[dict[str, Any]]) -> str:
    several = len({each["evaluator"] for each in scores}) > 1
    rows = [
        [(each["evaluator"] + ": " if several else "") + each["score"]
         + ("" if each["unit"] == "fraction" else f" [{each['unit']}]")]
        + [score_text(each, key) for key in ("before", "after", "gain")]
        for each in scores
    ]
    percent = any(each["unit"] == "fraction" for each in scores)
    return _table(["percent" if percent else "", "before", "after", "gain"], rows)


def _sweep(sweep: dict[str, Any]) -> str:
    variants = sweep["variants"]
    if not variants:
        return ""
    columns = list(variants[0])
    rows = []
    for each in variants[:_SHOWN_VARIANTS]:
        cells = [each.get(name) for name in columns]
        rows.append(["" if c is None else f"{c:.4f}" if isinstance(c, float) else str(c) for c in cells])
    more = len(variants) - len(rows)
    best = f"<p>The best variant is <b>{escape(sweep['best'])}</b>.</p>" if sweep.get("best") else ""
    return _table(columns, rows) + (f"<p>... and {more} more variants</p>" if more > 0 else "") + best


def page_of(shown: dict[str, Any], panel: Any) -> str:
    """HTML without scripts; all texts of the run are escaped."""
    samples = shown["samples"].get("emitted", shown["samples"].get("done", 0))
    failed = shown["samples"].get("failed", 0)
    line = f"{shown['status'] or 'status unknown'}, {samples} samples" + (f", {failed} failed" if failed else "")
    page = f"<p><b>{escape(shown['name'] or shown['folder'])}</b>: {escape(line)}</p>"
    if "sweep" in shown:
        page += _sweep(shown["sweep"])
    if shown["scores"]:
        page += _scores(shown["scores"])
    if panel is not None:
        png = b64encode(panel.png).decode()
        page += (
            f"<p>{escape(panel.id)}: the image, the labels before, the masks kept and dropped, the labels after, "
            f"the ground truth</p><img alt=\"{escape(panel.id)}\" src=\"data:image/png;base64,{png}\">"
        )
    for each in shown["warnings"]:
        page += f"<p>warning: {escape(each.get('stage', ''))}: {escape(each.get('what', ''))}</p>"
    return page
