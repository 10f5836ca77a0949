"""Makes docs/page.png: the local server's page with an example. Needs playwright and Debian's chromium.

python docs/screenshot.py --url=http://127.0.0.1:8501 --output=docs/page.png
"""

from __future__ import annotations

import argparse
import shutil

from playwright.sync_api import sync_playwright


def main() -> None:
    """Opens, extracts, saves."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--url", default="http://127.0.0.1:8501")
    parser.add_argument("--output", default="docs/page.png")
    parser.add_argument("--text", help="in place of the first example")
    parser.add_argument("--width", type=int, default=1100)
    parser.add_argument("--dark", action="store_true")
    arguments = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = browser.new_page(
            viewport={"width": arguments.width, "height": 700},
            color_scheme="dark" if arguments.dark else "light",
        )
        page.goto(arguments.url)
        if arguments.text:
            page.get_by_label("Text", exact=True).fill(arguments.text)
            page.get_by_role("button", name="Extract").click()
        else:
            page.locator("#examples button").first.click()
        page.locator("#result").wait_for()
        page.screenshot(path=arguments.output, full_page=True)
        browser.close()


if __name__ == "__main__":
    main()
