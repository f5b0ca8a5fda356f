"""Opens the HTML report in headless Chromium, as a reader would, and uses it.

    python .ci/html_check.py HOBBS LAKE [PICTURES]
    python .ci/html_check.py PAGE.html [PICTURES]

Fails on anything in the console, on a request to anywhere, on a violation of the page's own content security policy,
on a table that does not sort or filter, on a page wider than a telephone. The same page with a script, a style, a
picture and a form of somebody else's smuggled in shows that the checks would see them, and that none of them runs.

Chromium and its driver are Debian's (chromium, chromium-driver) or whatever stands in the path. With PICTURES, the
folder gets what was seen: light and dark, wide and narrow, and the page as it is printed.
"""

import base64
import json
import os
import shutil
import sys
import tempfile
from urllib.parse import urlsplit

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from readers import Checks, hobbs

WIDE, NARROW = 1280, 400
# Seen before anything of the page runs; what CDP adds is not held back by the page's policy.
WATCH = """
window.violations = [];
document.addEventListener('securitypolicyviolation', (e) => window.violations.push(e.violatedDirective + ' ' + e.blockedURI));
"""
# What a text of a tenant would like to be. Port 9 discards; nothing may be sent to it.
SMUGGLED = """
<script>window.ran = 'a script'</script>
<img src="http://127.0.0.1:9/picture.png" onerror="window.ran = 'a handler'">
<style>body { background: rgb(1, 2, 3) !important }</style>
<link rel="stylesheet" href="http://127.0.0.1:9/style.css">
<iframe src="http://127.0.0.1:9/frame.html"></iframe>
<a id="trap" href="javascript:window.ran = 'an address'">x</a>
<script src="http://127.0.0.1:9/script.js"></script>
"""


def program(*names):
    for name in names:
        found = shutil.which(name)
        if found:
            return found
    sys.exit(f"none of {', '.join(names)} is installed: apt-get install chromium chromium-driver")


def browser(profile):
    options = webdriver.ChromeOptions()
    options.binary_location = program("chromium", "chromium-browser", "google-chrome")
    for flag in (
        "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--disable-default-apps", "--disable-dev-shm-usage",
        "--hide-scrollbars", f"--window-size={WIDE},900", f"--user-data-dir={profile}",
    ):  # fmt: skip
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(program("chromedriver")))
    driver.set_page_load_timeout(120)
    driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": WATCH})
    driver.execute_cdp_cmd("Network.enable", {})
    return driver


def opened(driver, path):
    """Opens a page; returns what the console says, what was asked for beside the page, and what the policy held back."""
    for kind in ("browser", "performance"):
        driver.get_log(kind)
    address = "file://" + os.path.abspath(path)
    driver.get(address)
    return seen(driver, address)


def seen(driver, address):
    console = [entry["message"] for entry in driver.get_log("browser")]
    messages = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    sent = [m["params"]["request"]["url"] for m in messages if m["method"] == "Network.requestWillBeSent"]
    requests = [url for url in sent if url.split("#")[0] != address and not url.startswith("data:")]
    return console, requests, driver.execute_script("return window.violations")


def resize(driver, width, height=900, dark=False):
    driver.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600},
    )
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})


def picture(driver, folder, name):
    """The whole page as PNG; returns its bytes."""
    shot = driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png", "captureBeyondViewport": True})
    png = base64.b64decode(shot["data"])
    if folder:
        with open(os.path.join(folder, name), "wb") as file:
            file.write(png)
    return png


def column(driver, table, head):
    """The texts of the rows that are shown, under a head."""
    return driver.execute_script(
        """const table = document.getElementById(arguments[0]);
        const heads = [...table.tHead.rows[0].cells].map((cell) => cell.textContent);
        const at = heads.indexOf(arguments[1]);
        return [...table.tBodies[0].rows].filter((row) => !row.hidden).map((row) => row.cells[at].textContent);""",
        table, head,
    )  # fmt: skip


def press(driver, table, head):
    for button in driver.find_elements(By.CSS_SELECTOR, f"#{table} th [role=button]"):
        if button.get_attribute("textContent") == head:
            button.send_keys(Keys.ENTER)
            return button.find_element(By.XPATH, "..").get_attribute("aria-sort")
    return f"no column {head}"


def numbers(texts):
    return [int(text.replace(",", "")) for text in texts]


def check_page(checks, driver, path, folder):
    console, requests, violations = opened(driver, path)
    checks.same("console", console, [])
    checks.same("requests beside the page", requests, [])
    checks.same("violations of the policy", violations, [])
    checks.same("one policy, before anything else", driver.execute_script(
        "const all = document.querySelectorAll('meta[http-equiv]'); return [all.length, all[0].content.startsWith(\"default-src 'none'\"), document.head.children[1] === all[0]]"),
        [1, True, True])  # fmt: skip
    checks.same("nothing in the page leads elsewhere", driver.execute_script(
        "return [...document.querySelectorAll('[src],[href],[style],iframe,object,embed,form')].map((e) => e.outerHTML.slice(0, 200))"),
        [])  # fmt: skip
    handlers = "return [...document.querySelectorAll('*')].filter((e) => [...e.attributes].some((a) => /^on/i.test(a.name))).length"
    checks.same("no handler in an attribute", driver.execute_script(handlers), 0)
    ids = "const ids = [...document.querySelectorAll('[id]')].map((e) => e.id); return ids.filter((id, at) => ids.indexOf(id) !== at)"
    checks.same("no name stands for two things", driver.execute_script(ids), [])
    check_charts(checks, driver)
    check_tables(checks, driver)
    check_looks(checks, driver, folder)
    console, requests, violations = seen(driver, "file://" + os.path.abspath(path))
    checks.same("console, requests and violations after use", (console, requests, violations), ([], [], []))


def check_charts(checks, driver):
    charts = driver.find_elements(By.CSS_SELECTOR, "svg.chart")
    for chart in charts:
        name = chart.get_attribute("aria-label")
        titles = driver.execute_script("return [...arguments[0].querySelectorAll('g > title')].map((t) => t.textContent)", chart)
        checks.same(f"{name}: values on hover", len(titles) > 0 and all(titles), True)
        box = driver.execute_script("const b = arguments[0].getBBox(), v = arguments[0].viewBox.baseVal; return b.x >= -1 && b.y >= -1 && b.x + b.width <= v.width + 1 && b.y + b.height <= v.height + 1", chart)
        checks.same(f"{name}: nothing is cut off", box, True)
    if driver.find_elements(By.CSS_SELECTOR, ".tile"):
        checks.same("charts", len(charts) >= 4, True)


def check_tables(checks, driver):
    heads = driver.execute_script("return [...document.querySelectorAll('#people th')].map((h) => h.textContent)")
    by = "Typed" if "Typed" in heads else "Interactions"
    checks.same("sorted by a number: said", press(driver, "people", by), "descending")
    values = numbers(column(driver, "people", by))
    checks.same("sorted by a number: the largest first", values, sorted(values, reverse=True))
    checks.same("pressed again", press(driver, "people", by), "ascending")
    checks.same("the smallest first", numbers(column(driver, "people", by)), sorted(values))
    checks.same("sorted by a text: said", press(driver, "people", "User"), "ascending")
    names = column(driver, "people", "User")
    # The browser sorts as people of the reader's language do, so only what every language agrees on is compared.
    plain = [name for name in names if name.isascii() and name.replace("@", "").replace(".", "").isalnum()]
    checks.same("sorted by a text", plain, sorted(plain, key=lambda name: [part.lower() for part in name.split("@")]))

    field = driver.find_element(By.CSS_SELECTOR, ".people input")
    wanted = names[len(names) // 2]
    field.send_keys(wanted)
    found = column(driver, "people", "User")
    checks.same("filtered: the user is there", wanted in found, True)
    checks.same("filtered: others are not", len(found) < len(names) or len(names) == 1, True)
    said = driver.find_element(By.CSS_SELECTOR, ".people [role=status]").text
    checks.same("filtered: said how many", said, f"{len(found)} of {len(names)} rows")
    field.clear()
    field.send_keys("\b")
    driver.execute_script("arguments[0].dispatchEvent(new Event('input'))", field)
    checks.same("all are back", len(column(driver, "people", "User")), len(names))


def check_looks(checks, driver, folder):
    looks = {}
    for dark in (False, True):
        for width in (WIDE, NARROW):
            resize(driver, width, dark=dark)
            over = driver.execute_script("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
            checks.same(f"{width} px: nothing sticks out", over, 0)
            name = f"{'dark' if dark else 'light'}-{width}.png"
            looks[name] = picture(driver, folder, name)
        looks[dark] = driver.execute_script("return getComputedStyle(document.body).backgroundColor")
    checks.same("light is light, dark is dark", looks[False] == "rgb(255, 255, 255)" and looks[True] != looks[False], True)
    checks.same("pictures differ", looks["light-1280.png"] != looks["dark-1280.png"], True)
    resize(driver, WIDE)
    # The page gives its own size of paper.
    printed = driver.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True, "printBackground": False})
    pdf = base64.b64decode(printed["data"])
    checks.same("printed", pdf[:5], b"%PDF-")
    if folder:
        with open(os.path.join(folder, "printed.pdf"), "wb") as file:
            file.write(pdf)


def check_figures(checks, driver, report):
    """The page says what the JSON says."""
    verdicts = report.get("verdicts")
    shown = {
        tile.find_element(By.TAG_NAME, "dt").text.lower(): tile.find_element(By.CLASS_NAME, "count").text
        for tile in driver.find_elements(By.CLASS_NAME, "tile")
    }
    if not verdicts:
        checks.same("no verdicts: no tiles", shown, {})
        return
    checks.same("the tiles", {name: int(count.replace(",", "")) for name, count in shown.items()}, {name: verdicts["headline"][name] for name in shown})
    lead = driver.find_element(By.CLASS_NAME, "lead").text
    checks.same("all six tiles", len(shown), 6)
    checks.same("the sentence", f"{verdicts['headline']['users_any']:,} user" in lead or "one user" in lead, True)
    users = len(report["users"])
    rows = len(column(driver, "people", "User"))
    checks.same("people", rows == users or f"{rows:,} of {users:,} users" in driver.find_element(By.CSS_SELECTOR, ".people").text, True)


def check_hostile(checks, driver, path):
    """The same page with what must not run: held back, and noticed."""
    with open(path, encoding="utf-8") as file:
        page = file.read()
    smuggled = path.removesuffix(".html") + "-smuggled.html"
    with open(smuggled, "w", encoding="utf-8") as file:
        file.write(page.replace("<main>", "<main>" + SMUGGLED, 1))
    console, requests, violations = opened(driver, smuggled)
    driver.execute_script("document.getElementById('trap').click()")
    violations = driver.execute_script("return window.violations")
    kinds = {violation.split()[0] for violation in violations}
    checks.same("smuggled in: noticed", {"img-src", "frame-src", "script-src-elem", "style-src-elem"} <= kinds, True)
    checks.same("smuggled in: the console says so", len(console) >= 5, True)
    checks.same("smuggled in: nothing ran", driver.execute_script("return window.ran || null"), None)
    checks.same("smuggled in: no style of its own", driver.execute_script(
        "return getComputedStyle(document.body).backgroundColor === 'rgb(1, 2, 3)'"), False)  # fmt: skip
    reached = [url for url in requests if urlsplit(url).hostname and ":9/" in url and url not in " ".join(violations)]
    checks.same("smuggled in: nothing was asked for", reached, [])


def main():
    arguments = sys.argv[1:]
    checks = Checks()
    with tempfile.TemporaryDirectory() as scratch:
        path = os.path.join(scratch, "report.html")
        report = None
        if arguments and arguments[0].endswith(".html"):
            shutil.copy(arguments.pop(0), path)
        elif len(arguments) >= 2:
            binary, lake = arguments.pop(0), os.path.abspath(arguments.pop(0))
            hobbs(binary, lake, "report", "--format", "html", "-o", path, may_be_partial=True)
            report = json.loads(hobbs(binary, lake, "report", "--format", "json", may_be_partial=True))
        else:
            sys.exit(__doc__)
        folder = arguments[0] if arguments else None
        if folder:
            os.makedirs(folder, exist_ok=True)
        driver = browser(os.path.join(scratch, "profile"))
        try:
            check_page(checks, driver, path, folder)
            if report:
                check_figures(checks, driver, report)
            check_hostile(checks, driver, path)
        finally:
            driver.quit()
        size = os.path.getsize(path)
    checks.end(f"the page ({size / 1000:,.0f} kB)")


if __name__ == "__main__":
    main()
