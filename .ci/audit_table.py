"""The table of accounts on a page of `onboard audit`: which accounts each filter shows, in which order, and what is printed.

The pages are those of `cargo run --example audit-page -- FOLDER 40`. An account is its number there, from 0 to 39. Of `Trelica`, 4 and 24
are blocked, 8 and 28 have drifted, and 12 and 32 have no role. 20 has no access role, and 29 was never processed.
"""

FIRST_ID, NEXT_ID = 100_000_000_000, 7_919_011
COUNT = 40
TRELICA = "Trelica (1Password SaaS Manager)"
BLOCKED, DRIFT = [4, 20, 24], [8, 12, 28, 29, 32]
CONVERGED = [number for number in range(COUNT) if number not in BLOCKED + DRIFT]
ALL = BLOCKED + DRIFT + CONVERGED
PLATFORM, SANDBOX, SECURITY = range(21, 28), range(35, 40), range(7, 14)
DEVELOPMENT, PRODUCTION, STAGING = range(14, 21), range(0, 7), range(28, 35)
# By name: first the one that looks like markup, then analytics-15-development, analytics-23-platform and so on.
BY_NAME = [
    17,
    *(15, 23, 31, 39, 7),
    *(13, 21, 29, 37, 5),
    *(10, 18, 2, 26, 34),
    *(12, 20, 28, 36, 4),
    *(14, 22, 30, 38, 6),
    *(11, 19, 27, 3, 35),
    *(0, 16, 24, 32, 8),
    *(1, 25, 33, 9),
]
BY_UNIT = [*PLATFORM, *SANDBOX, *SECURITY, *DEVELOPMENT, *PRODUCTION, *STAGING]
FAILING = [4, 8, 12, 24, 28, 29, 32]
BY_FAILING = [29, *(number for number in FAILING if number != 29), *(number for number in range(COUNT) if number not in FAILING)]
# When the status of 20 began is not known.
BY_SINCE = [20, *CONVERGED, *FAILING]
ORDERS = {"Account": BY_NAME, "ID": list(range(COUNT)), "Unit": BY_UNIT, "Requirements": BY_FAILING, "Since": BY_SINCE}

RENDERED = """() => [...document.querySelectorAll(".row")].map(row =>
  [Number(row.getAttribute("aria-rowindex")), row.children[1].textContent, row.classList.contains("active")])"""
# The table that is printed is there only while the page is printed.
KEEP_PRINTED = """() => addEventListener("beforeprint", () => {
  window.printedRows = [...document.querySelectorAll("#printed tr")].map(row => [...row.cells].map(cell => cell.textContent));
})"""


def number_of(account_id):
    number, rest = divmod(int(account_id) - FIRST_ID, NEXT_ID)
    assert rest == 0, account_id
    return number


def id_of(number):
    return str(FIRST_ID + number * NEXT_ID)


def rows(page):
    """All accounts of the table, from top to bottom. Only those that are visible are rendered, so that it is scrolled."""
    found, height = {}, page.evaluate("() => document.getElementById('view').scrollHeight")
    for top in (0, height // 2, height):
        page.evaluate("top => { document.getElementById('view').scrollTop = top }", top)
        page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        found |= {index: number_of(account_id) for index, account_id, _ in page.evaluate(RENDERED)}
    assert list(sorted(found)) == list(range(2, len(found) + 2)), "the first row is that of the names of the columns"
    assert page.get_attribute("#grid", "aria-rowcount") == str(len(found) + 1)
    page.evaluate("() => { document.getElementById('view').scrollTop = 0 }")
    return [found[index] for index in sorted(found)]


def by_status(numbers):
    """As the table is sorted at first: by urgency, and then by ID."""
    return [number for number in ALL if number in numbers]


def assert_shown(page, expected, group=False):
    """These accounts in this order, and how many of how many they are."""
    assert rows(page) == list(expected), (rows(page), list(expected))
    suffix = " (one group of those that need attention)" if group else ""
    assert page.inner_text("#count") == f"{len(expected)} of {COUNT} accounts{suffix}"


def reset(page):
    page.get_by_role("button", name="Reset").click()
    assert_shown(page, ALL)


def check_filters(page):
    assert_shown(page, ALL)
    for status, expected in (("blocked", BLOCKED), ("drift", DRIFT), ("converged", CONVERGED), ("waiting", []), ("", ALL)):
        page.locator("#status").select_option(status)
        assert_shown(page, expected)
    units = {"Workloads": [*DEVELOPMENT, *PRODUCTION, *STAGING], "Workloads/Staging": STAGING, "Platform": PLATFORM}
    for unit, numbers in units.items():
        page.locator("#unit").select_option(unit)
        assert_shown(page, by_status(numbers))
    reset(page)
    assert page.locator("#result").is_disabled(), "a status of which vendor or role?"
    results = {"fails": FAILING, "blocked": [4, 24], "drift": [8, 28], "missing": [12, 29, 32], "holds": CONVERGED, "not_known": [20]}
    page.locator("#requirement").select_option(label=TRELICA)
    for result, numbers in results.items():
        page.locator("#result").select_option(result)
        assert_shown(page, by_status(numbers))
    page.locator("#requirement").select_option(label="Access role")
    page.locator("#result").select_option("fails")
    assert_shown(page, [29])
    # All filters together.
    page.locator("#requirement").select_option(label=TRELICA)
    page.locator("#status").select_option("drift")
    page.locator("#unit").select_option("Workloads")
    assert_shown(page, [28, 29, 32])
    page.locator("#result").select_option("missing")
    assert_shown(page, [29, 32])
    page.locator("#search").fill("PAYMENTS")
    assert_shown(page, [32])
    reset(page)
    searches = {"payments": [24, 8, 32, 0, 16], "payments staging": [32], id_of(4): [4], "workloads/dev": by_status(DEVELOPMENT), "payments sandbox": []}
    for words, expected in searches.items():
        page.locator("#search").fill(words)
        assert_shown(page, expected)
    reset(page)
    page.locator("li", has_text="foreign_role").locator("[data-group]").first.click()
    assert_shown(page, [4, 24], group=True)
    reset(page)


def header(page, column):
    return page.locator("#head").get_by_role("button", name=column)


def orders(page):
    """The sorted column and its direction, as a screen reader says it."""
    columns = page.locator("#head [role=columnheader]").all()
    return {one.inner_text().split(" ")[0]: one.get_attribute("aria-sort") for one in columns if one.get_attribute("aria-sort") != "none"}


def check_sorting(page, records):
    for column, expected in ORDERS.items():
        header(page, column).click()
        assert_shown(page, expected)
        assert orders(page) == {column: "ascending"}
        header(page, column).click()
        assert_shown(page, expected[::-1])
        assert orders(page) == {column: "descending"}
    header(page, "Status").click()
    assert_shown(page, ALL)
    header(page, "Status").click()
    assert_shown(page, ALL[::-1])
    header(page, "Status").click()
    # In the records, the account that was never processed has no last run.
    header(records, "Last run").click()
    assert_shown(records, [29, *(number for number in range(COUNT) if number != 29)])
    records.locator("#status").select_option("never_seen")
    assert_shown(records, [29])


def active(page):
    """The row that the keyboard is at: its index and its account."""
    ((index, account_id, _),) = [row for row in page.evaluate(RENDERED) if row[2]]
    assert page.get_attribute("#view", "aria-activedescendant") == f"row{index - 2}"
    return index - 2, number_of(account_id)


def check_keyboard(page):
    """From the search to the details of an account, with nothing but the keyboard."""
    page.keyboard.press("/")
    page.keyboard.type("workloads")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert_shown(page, [28, 29, 32])
    page.keyboard.press("ArrowUp")
    assert_shown(page, [4, 20])
    page.keyboard.press("ArrowUp")
    workloads = by_status([*DEVELOPMENT, *PRODUCTION, *STAGING])
    assert_shown(page, workloads)
    for _ in ("unit", "vendor or role", "reset", "account"):
        page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("\n")
    assert_shown(page, sorted(workloads))
    page.keyboard.press("\n")
    assert_shown(page, sorted(workloads, reverse=True))
    assert orders(page) == {"ID": "descending"}
    page.keyboard.press("\n")
    page.keyboard.press("/")
    page.keyboard.press("ArrowDown")
    ordered, last = sorted(workloads), len(workloads) - 1
    moves = (("ArrowDown", 1), ("ArrowDown", 2), ("ArrowUp", 1), ("End", last), ("ArrowDown", last), ("Home", 0), ("ArrowUp", 0))
    for key, index in moves:
        page.keyboard.press(key)
        assert active(page) == (index, ordered[index]), key
    page.keyboard.press("PageDown")
    index, _ = active(page)
    assert 5 < index < last
    page.keyboard.press("PageUp")
    assert active(page) == (0, 0)
    page.keyboard.press("End")
    page.keyboard.press("\n")
    assert id_of(ordered[last]) in page.locator("dialog[open]").inner_text()
    page.keyboard.press("Escape")
    assert page.locator("dialog[open]").count() == 0
    assert active(page) == (last, ordered[last])
    page.locator("#status").select_option("drift")
    assert active(page) == (0, 28), "the first account of the new rows"
    header(page, "Status").click()
    reset(page)


def printed(page):
    """The names of the columns and the rows that are printed."""
    page.evaluate(KEEP_PRINTED)
    page.pdf(format="A4")
    head, *body = page.evaluate("() => window.printedRows")
    assert page.locator("#printed tr").count() == 0, "after printing, the page is as before"
    return head, body


def check_printing(page):
    head, body = printed(page)
    assert head == ["Account", "ID", "Unit", "Status", "Requirements", "Since", "Last run"]
    assert [number_of(row[1]) for row in body] == ALL
    days = ["2026-11-19", "2026-11-19"]
    assert body[0] == ["identity-4-production", id_of(4), "Workloads/Production", "blocked", f"{TRELICA}: blocked", *days]
    assert [row[4] for row in body if number_of(row[1]) in CONVERGED] == ["all hold"] * len(CONVERGED)
    page.locator("#status").select_option("blocked")
    header(page, "ID").click()
    header(page, "ID").click()
    assert [number_of(row[1]) for row in printed(page)[1]] == BLOCKED[::-1]
    # A filter is not printed, but that accounts are left out is.
    display = "() => getComputedStyle(document.getElementById('printed')).display"
    assert page.evaluate(display) == "none"
    page.emulate_media(media="print")
    assert page.evaluate(display) == "block"
    assert page.locator("#count").is_visible() and page.inner_text("#count") == f"3 of {COUNT} accounts"
    assert not page.locator("#filters").is_visible() and not page.locator("#grid").is_visible()
    page.emulate_media(media="screen")


def check_table(live, records):
    check_filters(live)
    check_sorting(live, records)
    check_keyboard(live)
    check_printing(live)
    assert not live.problems + records.problems, live.problems + records.problems
