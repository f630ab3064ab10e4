#!/usr/bin/env python3
"""The web page in headless Chromium, against a small host of our own that tells it what each test wants."""

import copy
import sys
import time
import unittest
import urllib.parse

sys.dont_write_bytecode = True

from browser import Browser  # noqa: E402
from stub import SNAPSHOT, Host, fleet  # noqa: E402

CARD = "document.querySelector('.card[data-name=\"%s\"]')"


class PageTest(unittest.TestCase):
    def setUp(self):
        self.host = Host()
        self.browser = Browser()
        self.addCleanup(self.host.close)
        self.addCleanup(self.browser.close)

    def open(self, fragment=""):
        self.browser.open(self.host.address + fragment)
        self.browser.wait("document.querySelector('#link').textContent === 'live'")

    def text(self, selector):
        return self.browser.run(f"document.querySelector({selector!r}).innerText")

    def assertQuiet(self):
        self.assertEqual(self.browser.complaints(), [])

    def test_shows_what_the_host_says(self):
        self.open()
        self.browser.wait("document.querySelectorAll('.card').length === 6 && document.querySelectorAll('.gpu').length === 10")
        self.browser.wait("document.querySelector('.spark path:last-child').getAttribute('d').startsWith('M')")
        first = self.browser.run(f"{CARD % 'train-01'}.innerText")
        facts = SNAPSHOT["machines"][0]["gpus"][0]["facts"]
        for part in ("live", "A100-SXM4-80GB", "driver 550.54.14", f"{facts['utilizationGPUPercent']} %", f"{facts['temperatureCelsius']} °C"):
            self.assertIn(part, first)
        self.assertIn("6 machines", self.text(".totals"))
        self.assertQuiet()

    def test_states_are_shown_as_such(self):
        self.open()
        self.browser.wait("document.querySelectorAll('.card').length === 6")
        for name, parts, isOld in (
            ("batch-01", ("hung", "nvidia-smi has said nothing for 37 s", "38 s old"), True),
            ("lab-01", ("silent", "nothing heard for 94 s"), True),
            ("spare-01", ("stopped", "does not run"), False),
            ("render-01", ("3 Xid", "lost: nvidia-smi cannot reach it"), False),
        ):
            self.browser.wait(f"{CARD % name}.innerText.includes({parts[0]!r})")
            shown = self.browser.run(f"{CARD % name}.innerText")
            for part in parts:
                self.assertIn(part, shown)
            opacity = self.browser.run(f"(e => e ? getComputedStyle(e).opacity : '1')({CARD % name}.querySelector('.gpu'))")
            self.assertEqual(float(opacity) < 1, isOld, name)
        # A stopped machine's GPUs are gone, and not shown as they last were.
        self.assertEqual(self.browser.run(f"{CARD % 'spare-01'}.querySelectorAll('.gpu').length"), 0)
        told = copy.deepcopy(SNAPSHOT)
        told["machines"][0] |= {"condition": "stale", "fresh": False, "sampleAgeSeconds": 12, "detail": "the newest sample is 12 s old"}
        self.host.tell(told)
        self.browser.wait(f"{CARD % 'train-01'}.innerText.includes('stale') && {CARD % 'train-01'}.innerText.includes('12 s old')")
        self.assertQuiet()

    def test_a_change_is_there_within_two_seconds(self):
        self.open()
        self.browser.wait(f"{CARD % 'train-01'}.innerText.includes('°C')")
        took = []
        for value in (81, 23, 67):
            told = copy.deepcopy(SNAPSHOT)
            told["machines"][0]["gpus"][0]["facts"]["temperatureCelsius"] = value
            began = time.monotonic()
            self.host.tell(told)
            self.browser.wait(f"{CARD % 'train-01'}.innerText.includes('{value} °C')")
            took.append(time.monotonic() - began)
        print(f"a change was shown after {', '.join(f'{1000 * t:.0f} ms' for t in took)}", file=sys.stderr)
        # The best of three: one may meet a busy machine.
        self.assertLess(min(took), 2)

    def test_hostile_texts_are_only_texts(self):
        markup = "<img src=x onerror=\"window.hurt=1\"><script>window.hurt=1</script>"
        told = copy.deepcopy(SNAPSHOT)
        told["machines"][0] |= {"name": "__proto__", "hostname": markup, "driverVersion": markup}
        told["machines"][1]["name"] = "a/b#c?d=1&e \" ' > [x]"
        machine = told["machines"][2]
        machine["name"] = markup
        machine["detail"] = markup
        machine["condition"] = "failing"
        for gpu in machine["gpus"]:
            gpu["name"] = gpu["uuid"] = markup
            gpu["facts"]["performanceState"] = markup
            gpu["processes"] = [{"pid": 1, "name": "javascript:window.hurt=1 " + markup, "type": markup}]
        machine["events"] = [{"time": SNAPSHOT["time"], "code": 13, "text": markup}]
        self.host.snapshot = told
        self.open()
        self.browser.wait("document.querySelectorAll('.card').length === 6")
        for fragment in ("#/processes", "#/events", "#" + urllib.parse.quote(markup, safe=""), "#" + urllib.parse.quote(markup, safe="") + "/1"):
            self.browser.run(f"location.hash = {fragment!r}")
            self.browser.wait("document.querySelector('#main').innerText.includes('<img src=x')")
        self.browser.run("location.hash = '#'")
        self.browser.wait("document.querySelectorAll('.card').length === 6")
        self.browser.run("[...document.querySelectorAll('.card h2 a')].find(a => a.textContent.startsWith('a/b')).click()")
        self.browser.wait("document.querySelector('h1').textContent === told".replace("told", repr(told["machines"][1]["name"]).replace("\\'", "\\'")))
        self.assertIsNone(self.browser.run("window.hurt ?? null"))
        self.assertEqual(self.browser.run("document.querySelectorAll('img, iframe, main script').length"), 0)
        self.assertQuiet()

    def test_the_policy_is_in_force(self):
        self.open()
        self.browser.run("document.addEventListener('securitypolicyviolation', e => { window.refused = e.violatedDirective; })")
        self.browser.run("{ const s = document.createElement('script'); s.textContent = 'window.ran = 1'; document.head.append(s); }")
        self.browser.wait("window.refused && window.refused.startsWith('script-src')")
        self.assertIsNone(self.browser.run("window.ran ?? null"))

    def test_a_gpu_has_its_charts_and_ranges(self):
        self.open("#train-01/0")
        self.browser.wait("document.querySelectorAll('.chart .curve').length === 4")
        label = self.browser.run("document.querySelector('.chart svg').getAttribute('aria-label')")
        self.assertRegex(label, r"^Utilisation: from \d+ % to \d+ %, last \d+ %")
        self.browser.run("document.querySelector('.chart svg').focus()")
        self.browser.key("ArrowLeft")
        self.browser.wait("/^\\d+ % at \\d\\d:\\d\\d:\\d\\d$/.test(document.querySelector('.chart .at').textContent)")
        self.browser.run("[...document.querySelectorAll('.ranges button')].find(b => b.textContent === '24 h').click()")
        # An hour without samples is a gap: two curves; steps have their range.
        self.browser.wait("document.querySelector('.chart').querySelectorAll('.curve').length === 2 && document.querySelector('.chart .band')")
        self.assertTrue(any(q["step"] == "300" and q["vm"] == "train-01" and q["gpu"] == "0" for q in self.host.histories))
        box = self.browser.run("(b => [b.x + b.width / 2, b.y + b.height / 2])(document.querySelector('.chart svg').getBoundingClientRect())")
        self.browser.call("Input.dispatchMouseEvent", type="mouseMoved", x=box[0], y=box[1])
        self.browser.wait("/% \\(\\d+ % to \\d+ %\\) at /.test(document.querySelector('.chart .at').textContent)")
        self.assertIn("python3 train.py", self.text("table"))
        self.browser.run("location.hash = '#render-01/0'")
        self.browser.wait("document.querySelector('#main').innerText.includes('GPU has fallen off the bus')")
        self.browser.run("location.hash = '#nobody'")
        self.browser.wait("document.querySelector('#main').innerText.includes('no machine of this name')")
        self.assertQuiet()

    def test_light_and_dark(self):
        ground = "getComputedStyle(document.documentElement).backgroundColor"
        self.browser.prefer("dark")
        self.open()
        dark = self.browser.run(ground)
        self.browser.prefer("light")
        self.browser.wait(f"{ground} !== {dark!r}")
        light = self.browser.run(ground)
        press = "document.querySelector('#theme').click()"
        self.browser.run(press)
        self.assertEqual(self.browser.run(ground), light)
        self.browser.run(press)
        self.assertEqual(self.browser.run(ground), dark)
        self.open()
        self.assertEqual(self.browser.run(ground), dark, "the choice is kept")
        self.assertQuiet()

    def test_a_fleet_is_small_tiles(self):
        self.host.snapshot = fleet(80, 8)
        self.open()
        self.browser.wait("document.querySelectorAll('.card').length === 80 && document.querySelectorAll('.tile').length > 40")
        # What is not in sight is not drawn yet.
        self.assertLess(self.browser.run("document.querySelectorAll('.tile').length"), 80 * 8)
        self.browser.run("document.querySelector('.card:last-child').scrollIntoView()")
        self.browser.wait("document.querySelector('[data-name=node-078] .tile')")
        self.browser.key("/")
        self.browser.wait("document.activeElement.id === 'filter'")
        self.browser.write("node-07")
        self.browser.wait("document.querySelectorAll('.card').length === 10")
        self.browser.key("Escape")
        self.browser.wait("document.querySelectorAll('.card').length === 80")
        self.browser.run("(s => { s.value = 'trouble'; s.dispatchEvent(new Event('change')); })(document.querySelector('#sort'))")
        self.browser.wait("['hung', 'silent'].includes(document.querySelector('.card .state').textContent) || document.querySelector('.card .xids').textContent")
        self.assertQuiet()

    def test_two_hundred_machines_keep_up(self):
        self.host.snapshot = fleet(200, 8)
        self.open()
        self.browser.wait("document.querySelectorAll('.card').length === 200 && document.querySelectorAll('.tile').length > 40")
        told = fleet(200, 8)
        told["machines"][0]["gpus"][0]["facts"]["temperatureCelsius"] = 44
        self.host.tell(told)
        self.browser.wait(f"{CARD % 'node-000'}.innerText.includes('44°')")
        self.assertQuiet()

    def test_a_host_that_went_away_is_said_and_found_again(self):
        self.open()
        port = self.host.port
        self.host.close()
        self.browser.wait("!document.querySelector('#banner').hidden && document.querySelector('#banner').innerText.includes('does not answer')")
        self.assertEqual(self.text("#link"), "lost")
        self.host = Host(port)
        self.addCleanup(self.host.close)
        told = copy.deepcopy(SNAPSHOT)
        told["machines"][0]["gpus"][0]["facts"]["temperatureCelsius"] = 99
        self.host.tell(told)
        self.browser.wait(f"document.querySelector('#banner').hidden && {CARD % 'train-01'}.innerText.includes('99 °C')", 60)

    def test_a_telephone_has_room(self):
        self.browser.size(390, 844, 2)
        for fragment in ("", "#train-01/0", "#/processes", "#/events"):
            self.open(fragment)
            self.browser.wait("document.querySelector('#main').innerText.length > 20")
            self.assertLessEqual(self.browser.run("document.documentElement.scrollWidth"), 390, fragment)
        self.assertQuiet()


if __name__ == "__main__":
    unittest.main()
