"""Runs the cells of docs/python.ipynb in order, and what a notebook would show of their last values.

Usage: as module_test.py.
"""
import ast
import json
import pathlib
import sys

try:
    import numpy
except ImportError as missing:
    print(f"SKIPPED: {missing} (install python3-numpy)")
    sys.exit(77)

NOTEBOOK = pathlib.Path(__file__).resolve().parents[2] / "docs/python.ipynb"


def shown(value):
    for name in ("_repr_html_", "_repr_png_"):
        if hasattr(value, name):
            return getattr(value, name)()
    return repr(value)


def main():
    names, pictures = {}, 0
    for number, cell in enumerate(json.loads(NOTEBOOK.read_text())["cells"]):
        if cell["cell_type"] != "code":
            continue
        tree = ast.parse(cell["source"], f"cell {number}")
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, f"cell {number}", "exec"), names)
        if last is not None:
            value = shown(eval(compile(ast.Expression(last.value), f"cell {number}", "eval"), names))
            pictures += "data:image/png" in value if isinstance(value, str) else value.startswith(b"\x89PNG")
    assert pictures == 2, f"expected a panel of the run and one of an image, got {pictures}"


main()
