#!/usr/bin/env python3
"""Opens reports in a headless Chromium: sorts, filters, wipes, prints, and looks for errors.

Usage: report_test.py SEPLFLOW
Exit status: 0 passed, 1 failed, 77 skipped. With SEPLFLOW_AXE=axe.min.js, or the Python package
axe-playwright-python, axe-core checks the pages too.
"""
import importlib.util
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "support"))
from browser import Browser, installed  # noqa: E402

if installed() is None:
    print("SKIPPED: chromium is not installed (Debian: chromium)")
    sys.exit(77)

PROGRAM = os.path.abspath(sys.argv[1])
PIPELINE = """
name = "page"
[stages.scenes]
use = "dataset.scenes"
count = 60
size = [48, 64]
[stages.assign]
use = "sepl.assign"
in = { pseudo = "scenes.pseudo", masks = "scenes.masks" }
[stages.select]
use = "sepl.select"
in = { pseudo = "scenes.pseudo", masks = "scenes.masks", overlaps = "assign" }
[stages.score]
use = "eval.miou"
in = { truth = "scenes.truth", labels = "select", baseline = "scenes.pseudo" }
[published]
source = "https://example.org/table"
"score.miou" = 81.2
"""
HOSTILE = ["</script><script>window.hacked = 1</script>", "\"><img src=x onerror='hacked = 1'>",
           "=HYPERLINK(\"http://x\")", "<!--", "a & b's"]

failures = []


def check(holds, what):
    if not holds:
        failures.append(what)
        print("FAILED:", what)


def seplflow(*arguments):
    result = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True)
    check(result.returncode == 0, f"seplflow {' '.join(map(str, arguments))}: {result.stderr}")


def faked_run(source, folder, names, classes):
    """A run folder as if the data set had these images and classes."""
    shutil.copytree(source, folder)
    metrics = json.loads((folder / "metrics.json").read_text())
    for entry in (metrics["score"], metrics["score"]["baseline"]):
        first = entry["classes"][0]
        entry["classes"] = [{**first, "id": i, "name": name} for i, name in enumerate(classes)]
    (folder / "metrics.json").write_text(json.dumps(metrics))
    head, *rows = (folder / "score.csv").read_text().splitlines()
    numbers = [row.split(",", 1)[1] for row in rows]
    quoted = ['"' + name.replace('"', '""') + '"' for name in names]
    lines = [f"{name},{numbers[i % len(numbers)]}" for i, name in enumerate(quoted)]
    (folder / "score.csv").write_text("\n".join([head, *lines]) + "\n")


def axe_source():
    """The text of axe-core, where it is known."""
    if os.environ.get("SEPLFLOW_AXE"):
        return pathlib.Path(os.environ["SEPLFLOW_AXE"]).read_text()
    found = importlib.util.find_spec("axe_playwright_python")
    return (pathlib.Path(found.origin).parent / "axe.min.js").read_text() if found else None


# What the tests do on a page.
TOOLS = """
const all = (selector) => [...document.querySelectorAll(selector)];
const button = (selector, text) => all(selector).find((each) => each.textContent === text);
const column = (number) => all('#images tbody tr').map((row) => row.cells[number].textContent);
const set = (selector, value, event) => {
  const control = document.querySelector(selector);
  control.value = value;
  control.dispatchEvent(new Event(event));
};
// Of each element with text of its own: the contrast with the first background behind it.
const lowContrasts = () => {
  const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const luminance = (colour) => parts(colour).slice(0, 3).map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0.05);
  const behind = (element) => {
    while (element && (parts(getComputedStyle(element).backgroundColor)[3] ?? 1) === 0) {
      element = element.parentElement;
    }
    return element ? getComputedStyle(element).backgroundColor : 'rgb(255, 255, 255)';
  };
  const hasText = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  return all('body *').filter((element) => hasText(element) && element.checkVisibility())
    .filter((element) => !element.closest('.hidden, .wipe, script, svg') && !element.disabled)
    .map((element) => {
      const [a, b] = [getComputedStyle(element).color, behind(element)].map(luminance);
      const contrast = Math.max(a, b) / Math.min(a, b);
      return [contrast, `${element.tagName} ${element.textContent.slice(0, 30)}: ${contrast.toFixed(2)}`];
    })
    .filter(([contrast]) => contrast < 4.5).map(([, text]) => text);
};
"""


def open_page(browser, page):
    took = browser.open(page)
    browser.run(TOOLS)
    return took


def look_at_colours(browser, axe, what):
    found = browser.run("lowContrasts()")
    check(found == [], f"{what}: contrast {found[:5]}")
    if axe is None:
        return
    browser.run(axe + ";0")
    found = browser.run(
        "axe.run().then((result) => result.violations.map((each) =>"
        " `${each.id}: ${each.nodes.map((node) => node.target).slice(0, 3).join(' | ')}`))")
    check(found == [], f"{what}: axe-core: {found}")


def look_at_file(file):
    text = file.read_text()
    check(not re.search(r"(src|href)\s*=\s*[\"']?\s*(https?:)?//", text), f"{file.name} names no address to load")
    data = text.index('<script type="application/json"')
    end = text.index("</script>", data)
    check(not re.search("https?:", text[:data] + text[end:]), f"{file.name} has no address outside of its data")


def without_charts(page):
    """The page of a seplflow that was built without Chart.js."""
    parts = page.read_text().split("</script>")
    parts[1] = "\n<script>"
    plain = page.with_name("plain.html")
    plain.write_text("</script>".join(parts))
    return plain


def use_images(browser):
    def gains():
        return [float(text) for text in browser.run("column(3)")]

    browser.run("button('#images thead button', 'Gain').focus()")
    check(gains() == sorted(gains()) and len(gains()) == 50, "the worst image is first, in pages of 50")
    browser.key("Enter")
    check(gains() == sorted(gains(), reverse=True), "Enter on a heading sorts the other way")
    check(browser.run("document.querySelector('#images th[aria-sort]').ariaSort") == "descending",
          "the heading says how the table is sorted")
    browser.run("button('#images .tools button', 'Next').click()")
    check(len(gains()) == 10, "the second page has the other 10 images")
    browser.run("set('#images select', '2', 'change')")
    check(gains() and all(gain < 0 for gain in gains()), "only harmed images are shown")
    browser.run("set('#images select', '0', 'change'), set('#images input', '_00001', 'input')")
    names = browser.run("column(0)")
    check(len(names) == 10 and all("_00001" in name for name in names), "the search keeps 10 images")


def use_panels(browser):
    check(browser.run("all('#pictures .panel').length") == 15, "there are 15 panels")
    check(browser.run("all('#pictures img').every((each) => each.complete && each.naturalWidth === 64)"),
          "the pictures are complete, in the size of the image")
    browser.run("document.querySelector('#pictures input[type=range]').focus()")
    for _ in range(5):
        browser.key("ArrowRight")
    cut = browser.run("document.querySelector('#pictures .wipe').style.getPropertyValue('--cut')")
    check(cut == "55%", f"the arrow keys wipe: {cut}")
    check("55 % before" in browser.run("document.activeElement.ariaValueText"), "the wipe has a text")
    browser.run("document.querySelector('#images tbody button').focus()")
    browser.key("Enter")
    check(browser.run("document.getElementById('dialog').open"), "a name opens its picture")
    browser.key("Escape")
    check(not browser.run("document.getElementById('dialog').open"), "Escape closes it")


def use_sweep(browser):
    check(browser.run("[all('#sweep table').length, all('#sweep td.best').length]") == [2, 1],
          "a sweep of three axes has a table for each value of the third, and one best cell")
    first = browser.run("document.querySelector('#sweep tbody').textContent")
    browser.run("document.querySelector('#sweep select').selectedIndex = 1;"
                "document.querySelector('#sweep select').dispatchEvent(new Event('change'))")
    check(browser.run("document.querySelector('#sweep tbody').textContent") != first, "another number can be shown")


def print_page(browser):
    browser.on_paper(True)
    shown = browser.run("['.wipe', '.stills'].map((each) => getComputedStyle(document.querySelector(each)).display)")
    check(shown == ["none", "grid"], f"on paper, pictures are side by side: {shown}")
    browser.on_paper(False)
    browser.dark(True)
    pdf = browser.pdf()
    pages = len(re.findall(rb"/Type\s*/Page\b", pdf))
    check(pdf.startswith(b"%PDF") and pages >= 4, f"it prints to several pages: {pages}")
    theme = browser.run("document.documentElement.dataset.theme")
    check(theme == "dark", f"after printing, the colours are as before: {theme}")


def main(folder):
    (folder / "p.toml").write_text(PIPELINE)
    pipeline = str(folder / "p.toml")
    for name, more in (("one", []), ("two", ["--set", "select.t1=0.3"]),
                       ("sweep", ["--sweep", "select.t1=0.2,0.5", "--sweep", "select.t2=0.6,0.9",
                                  "--sweep", "select.overlap=last,smallest"]),
                       ("names", ["--sweep", "select.overlap=last,smallest",
                                  "--sweep", "select.t2_masks=all,best"])):
        seplflow("run", pipeline, "--out", str(folder / name), "--quiet", *more)
    faked_run(folder / "one", folder / "hostile", HOSTILE, HOSTILE + [f"class {i}" for i in range(195)])
    many = [f"COCO_train2014_{7 * i:012d}" for i in range(82081)]
    faked_run(folder / "one", folder / "large", many, ["background"])
    pages = {name: folder / f"{name}.html" for name in ("one", "sweep", "names", "both", "hostile", "large")}
    for name, page in pages.items():
        runs = ["one", "two"] if name == "both" else [name]
        seplflow("report", *(str(folder / run) for run in runs), "--out", str(page))
        if name != "hostile":
            look_at_file(page)
    axe = axe_source()
    print("axe-core:", "yes" if axe else "not installed, so only contrasts are computed")
    with Browser() as browser:
        for name, page in pages.items():
            took = open_page(browser, page)
            print(f"{name}: {page.stat().st_size / 1e6:.1f} MB, opened in {took:.0f} ms")
            check(page.stat().st_size < 15e6, f"{name} takes less than 15 MB")
            check(browser.run("all('main > section').length") >= 8, f"{name} has its sections")
            check(browser.run("window.hacked") is None, f"{name}: texts of the run are not run")
        check(len(browser.run("column(0)")) == 50, "82,081 images are shown in pages")
        open_page(browser, pages["hostile"])
        text = browser.run("document.body.textContent")
        check(all(each in text for each in HOSTILE), "hostile names are shown as they are")
        for dark in (False, True):
            browser.dark(dark)
            for name in ("one", "sweep", "both"):
                open_page(browser, pages[name])
                look_at_colours(browser, axe, f"{name}, {'dark' if dark else 'light'}")
        open_page(browser, without_charts(pages["one"]))
        missing = browser.run("document.querySelector('.missing').textContent")
        check("built without Chart.js" in missing and browser.run("all('#classes .bar').length") > 20,
              "without Chart.js, tables have bars")
        browser.size(390, 800, phone=True)
        for name in ("one", "sweep", "both", "hostile"):
            open_page(browser, pages[name])
            width = browser.run("document.documentElement.scrollWidth")
            check(width <= 390, f"{name} fits a phone: {width}")
        browser.size(1200, 900)
        open_page(browser, pages["sweep"])
        use_sweep(browser)
        check(browser.run("all('#sweep canvas').length") == 0, "axes of numbers have no bars")
        open_page(browser, pages["names"])
        check(browser.run("all('#sweep canvas').length") == 1, "two axes of names have bars")
        open_page(browser, pages["one"])
        use_panels(browser)
        use_images(browser)
        print_page(browser)
        check(browser.errors == [], f"errors on the console: {browser.errors}")
        loaded = [url for url in browser.requests if not url.startswith(("file:", "data:", "about:"))]
        check(loaded == [], f"requests: {loaded}")


with tempfile.TemporaryDirectory() as temporary:
    main(pathlib.Path(temporary))
sys.exit(1 if failures else 0)
