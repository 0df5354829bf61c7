"""A real Chromium for tests, headless, driven by selenium; skips where it is not installed."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
FLAGS = (
    "--headless --no-sandbox --disable-quic --no-first-run --disable-background-networking --disable-component-update "
    "--disable-sync --autoplay-policy=no-user-gesture-required --use-fake-ui-for-media-stream "
    "--use-fake-device-for-media-stream --disable-dev-shm-usage --lang=en-US"
).split()
SOFTWARE_GL = ("--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
NO_GL = ("--disable-gpu",)


def need_browser() -> Any:
    """Selenium's webdriver module; skips the test where browser or library are missing."""
    if CHROMIUM is None or DRIVER is None:
        pytest.skip("chromium and chromedriver are not installed (apt install chromium chromium-driver)")
    return pytest.importorskip("selenium.webdriver", reason="selenium is not installed")


class Browser:
    """One window. `js` runs a script with `return`; `until` waits for one to be true."""

    def __init__(self, driver: Any) -> None:
        self.driver = driver

    def open(self, url: str) -> None:
        self.driver.get(url)

    def js(self, script: str, *arguments: Any) -> Any:
        return self.driver.execute_script(script, *arguments)

    def promise(self, script: str, *arguments: Any) -> Any:
        """The result of an async function's body."""
        text = f"const done = arguments[arguments.length - 1]; (async (...args) => {{ {script} }})(...arguments)"
        text += ".then(done, (error) => done({thrown: String(error)}));"
        result = self.driver.execute_async_script(text, *arguments)
        assert not (isinstance(result, dict) and "thrown" in result), result
        return result

    def until(self, script: str, *arguments: Any, within_s: float = 60.0) -> Any:
        end_s = time.monotonic() + within_s
        while time.monotonic() < end_s:
            if result := self.js(script, *arguments):
                return result
            time.sleep(0.1)
        raise AssertionError(f"not within {within_s} s: {script}\n{self.log()}\n{self.words()}")

    def click(self, selector: str) -> None:
        self.driver.find_element("css selector", selector).click()

    def write(self, selector: str, text: str) -> None:
        self.driver.find_element("css selector", selector).send_keys(text)

    def words(self) -> str:
        """What is written on the page."""
        return str(self.js("return document.body ? document.body.innerText : ''"))

    def log(self) -> list[str]:
        """The console's lines."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def picture(self, path: Path) -> None:
        self.driver.save_screenshot(str(path))

    def resize(self, width: int, height: int, density: float = 1.0, *, mobile: bool = False) -> None:
        """The size of the page, CSS px."""
        size = {"width": width, "height": height, "deviceScaleFactor": density, "mobile": mobile}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)

    def wait(self, done: Callable[[], Any], within_s: float = 60.0) -> Any:
        end_s = time.monotonic() + within_s
        while time.monotonic() < end_s:
            if result := done():
                return result
            time.sleep(0.05)
        raise AssertionError(f"not within {within_s} s\n{self.log()}\n{self.words()}")


@contextmanager
def chromium(*flags: str, microphone: Path | None = None, repeat: bool = False) -> Iterator[Browser]:
    """A browser with a profile of its own. microphone: a WAV file that it hears, again and again where `repeat`."""
    webdriver = need_browser()
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, *(flags or NO_GL)):
        options.add_argument(flag)
    if microphone is not None:
        options.add_argument(f"--use-file-for-fake-audio-capture={microphone}{'' if repeat else '%noloop'}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(DRIVER))
    driver.set_script_timeout(300)
    try:
        yield Browser(driver)
    finally:
        driver.quit()
