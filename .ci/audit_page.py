#!/usr/bin/env python3
"""Checks in headless Chromium that the pages of `onboard audit` are safe, work with the keyboard and show the right accounts, and
measures them.

    bash .ci/run page                               # installs what it needs
    mkdir FOLDER/few
    cargo run --example audit-page -- FOLDER
    cargo run --example audit-page -- FOLDER/few 40
    python3 .ci/audit_page.py FOLDER CHROMIUM       # and screenshots in FOLDER

With `--time-limits` it also fails if a page is slower than its budget. The gate does not use it: a busy machine is slow.
"""

import argparse
import pathlib
import statistics

from audit_table import check_table
from playwright.sync_api import sync_playwright

BYTES, FIRST_PAINT, SEARCH = 4_000_000, 1_000, 100
SHOTS = [("light", 1280, 1150, "light"), ("dark", 1280, 1150, "dark"), ("narrow", 420, 1500, "light")]
SEARCH_TIME = """words => {
  const field = document.getElementById("search");
  return words.map(word => {
    field.value = word;
    const start = performance.now();
    field.dispatchEvent(new Event("input", { bubbles: true }));
    document.body.offsetHeight;
    return performance.now() - start;
  });
}"""
HOSTILE = "<img src=x onerror=\"document.title='ran'\">"
PAINTED = "() => performance.getEntriesByType('paint').find(one => one.name === 'first-contentful-paint')?.startTime ?? 0"


def opened(browser, path, width=1280, height=900, scheme="light"):
    page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
    page.problems = []
    page.on("console", lambda message: message.type == "error" and page.problems.append(message.text))
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on("request", lambda request: request.url.startswith("file:") or page.problems.append(request.url))
    page.on("dialog", lambda dialog: (page.problems.append("dialog"), dialog.dismiss()))
    page.goto(path.resolve().as_uri())
    page.wait_for_selector(".row")
    return page


def measure(browser, path, time_limits):
    page = opened(browser, path)
    paints = []
    for _ in range(5):
        page.reload()
        page.wait_for_selector(".row")
        paints.append(page.evaluate(PAINTED))
    words = ["p", "pa", "pay", "payments", "production", "4999", "nothing at all", "", "workloads prod"]
    searches = page.evaluate(SEARCH_TIME, words)
    size, paint, search = path.stat().st_size, statistics.median(paints), max(searches)
    print(f"{path.name}: {size / 1e6:.2f} MB, first paint {paint:.0f} ms, slowest search {search:.1f} ms, "
          f"{page.locator('.row').count()} rows rendered")
    assert size <= BYTES, f"more than {BYTES} bytes"
    assert not time_limits or (paint <= FIRST_PAINT and search <= SEARCH), "slower than the budget"
    return page


def check(page):
    """No script of a name runs, and the keyboard is enough."""
    page.evaluate(SEARCH_TIME, ["onerror"])
    assert "</script><img" in page.locator(".row").first.inner_text()
    page.locator(".row").first.click()
    assert "</script><img" in page.locator("#details-name").inner_text()
    page.keyboard.press("Escape")
    assert page.locator("img").count() == 0 and "Account audit" in page.title()
    page.locator("body").click(position={"x": 2, "y": 2})
    page.keyboard.press("/")
    page.keyboard.press("Control+A")
    page.keyboard.type("payments")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("\n")
    assert page.locator("dialog[open]").count() == 1
    page.keyboard.press("Escape")
    assert page.locator("dialog[open]").count() == 0
    assert not page.problems, page.problems
    # Even markup that gets into the page runs nothing and loads nothing.
    page.evaluate("name => document.body.insertAdjacentHTML('beforeend', name)", HOSTILE)
    page.wait_for_timeout(200)
    assert page.locator("img").count() == 1 and page.title() != "ran"
    assert all("Content Security Policy" in problem for problem in page.problems) and page.problems, page.problems


def pictures(browser, folder):
    for name, width, height, scheme in SHOTS:
        page = opened(browser, folder / "live.html", width, height, scheme)
        page.screenshot(path=folder / f"{name}.png", full_page=name == "narrow")
        if name != "narrow":
            page.locator("#accounts").scroll_into_view_if_needed()
            page.evaluate("() => document.getElementById('accounts').scrollIntoView()")
            page.screenshot(path=folder / f"{name}-table.png")
            page.locator("li", has_text="drift (").locator("[data-group]").first.click()
            page.keyboard.press("\n")
            page.screenshot(path=folder / f"{name}-details.png")
            page.evaluate("() => { const d = document.getElementById('details'); d.scrollTop = 900 }")
            page.screenshot(path=folder / f"{name}-roles.png")
    # The picture in docs/AUDIT.md: without the causes, so that the coverage and the table fit into it.
    page = opened(browser, folder / "live.html", 1280, 1330)
    page.locator("section", has_text="Needs attention").evaluate("section => section.remove()")
    page.screenshot(path=folder / "audit.png")
    page = opened(browser, folder / "live.html")
    page.locator("#status").select_option("blocked")
    page.pdf(path=folder / "print.pdf", format="A4")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("chromium")
    parser.add_argument("--time-limits", action="store_true")
    args = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=args.chromium, args=["--no-sandbox"])
        for name in ("records.html", "live.html"):
            check(measure(browser, args.folder / name, args.time_limits))
        check_table(*(opened(browser, args.folder / "few" / name) for name in ("live.html", "records.html")))
        pictures(browser, args.folder)
        browser.close()


if __name__ == "__main__":
    main()
