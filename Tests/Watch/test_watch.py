#!/usr/bin/env python3
"""The terminal view in a real pseudoterminal: taken over and given back, whichever way it ends.

    TELEMETRY_DEMO=PROGRAM Tests/Watch/test_watch.py        the program of `swift build --product telemetry-demo`"""

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import time
import unittest

PROGRAM = os.environ["TELEMETRY_DEMO"]
ENTERED, LEFT = b"\x1b[?1049h", b"\x1b[?1049l"
UPDATE_END = b"\x1b[?2026l"


class Terminal:
    def __init__(self, arguments, rows=24, columns=80, **environment):
        self.master, self.slave = pty.openpty()
        self.resize(rows, columns)
        self.before = termios.tcgetattr(self.slave)
        self.output = b""
        env = {"PATH": os.environ["PATH"], "HOME": "/", "TERM": "xterm-256color", "LC_ALL": "C.UTF-8", **environment}

        def own():
            os.setsid()
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(arguments, stdin=self.slave, stdout=self.slave, stderr=self.slave, env=env, preexec_fn=own)

    def resize(self, rows, columns):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def wait(self, wanted, since=0, seconds=60):
        """Until the output has these bytes behind `since`; where they end."""
        deadline = time.monotonic() + seconds
        while wanted not in self.output[since:]:
            ready, _, _ = select.select([self.master], [], [], max(0, deadline - time.monotonic()))
            if not ready:
                raise AssertionError(f"no {wanted!r} in {self.output[since:][-3000:]!r}")
            self.output += os.read(self.master, 65536)
        return self.output.index(wanted, since) + len(wanted)

    def send(self, data):
        os.write(self.master, data)

    def end(self):
        """The exit status, after all that it wrote was read: a terminal that nobody reads holds it up."""
        deadline = time.monotonic() + 60
        while self.process.poll() is None and time.monotonic() < deadline:
            if select.select([self.master], [], [], .05)[0]:
                self.output += os.read(self.master, 65536)
        while select.select([self.master], [], [], 0)[0]:
            self.output += os.read(self.master, 65536)
        return self.process.wait(1)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.master)
        os.close(self.slave)


def words(data):
    return re.sub(rb"\x1b\[[0-9;?]*[a-zA-Z]", b"", data)


class WatchTest(unittest.TestCase):
    def start(self, *arguments, **environment):
        terminal = Terminal([PROGRAM, *(arguments or ("watch", "still"))], **environment)
        self.addCleanup(terminal.close)
        return terminal

    def assertRestored(self, terminal):
        self.assertEqual(terminal.output.count(ENTERED), terminal.output.count(LEFT))
        self.assertIn(b"\x1b[?25h", terminal.output[terminal.output.rindex(ENTERED):])
        self.assertEqual(termios.tcgetattr(terminal.slave), terminal.before)

    def test_q_quits(self):
        terminal = self.start()
        terminal.wait(b"train-01")
        self.assertNotEqual(termios.tcgetattr(terminal.slave), terminal.before)
        terminal.send(b"q")
        self.assertEqual(terminal.end(), 0)
        self.assertRestored(terminal)
        # What is said afterwards is on the screen that was there before.
        self.assertIn(b"bye", terminal.output[terminal.output.rindex(LEFT):])

    def test_signals_end_it(self):
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            terminal = self.start()
            terminal.wait(b"train-01")
            terminal.process.send_signal(number)
            self.assertEqual(terminal.end(), 0, number)
            self.assertRestored(terminal)

    def test_control_c_quits(self):
        terminal = self.start()
        terminal.wait(b"train-01")
        terminal.send(b"\x03")
        self.assertEqual(terminal.end(), 0)
        self.assertRestored(terminal)

    def test_a_crash_gives_the_terminal_back(self):
        terminal = self.start("watch", "crash", SWIFT_BACKTRACE="enable=no")
        terminal.wait(b"train-01")
        self.assertLess(terminal.end(), 0)
        self.assertRestored(terminal)

    def test_control_z_and_fg(self):
        terminal = Terminal(["bash", "--norc", "--noprofile", "-i"], PS1="$ ")
        self.addCleanup(terminal.close)
        terminal.wait(b"$ ")
        terminal.send(f"'{PROGRAM}' watch still\n".encode())
        terminal.wait(b"train-01")
        at = terminal.wait(UPDATE_END)
        terminal.send(b"\x1a")
        at = terminal.wait(LEFT, at)
        at = terminal.wait(b"Stopped", at)
        at = terminal.wait(b"$ ", at)
        terminal.send(b"fg\n")
        at = terminal.wait(ENTERED, at)
        # All of the frame, and not what differs from one that is gone.
        at = terminal.wait(b"train-01", at)
        terminal.send(b"q")
        at = terminal.wait(b"bye", at)
        terminal.send(b"exit\n")
        terminal.end()
        self.assertEqual(terminal.output.count(ENTERED), terminal.output.count(LEFT))

    def test_a_new_size_is_a_new_frame(self):
        terminal = self.start()
        terminal.wait(b"train-01")
        at = terminal.wait(UPDATE_END)
        terminal.resize(40, 140)
        at = terminal.wait(b"SM CLOCK", at)
        terminal.resize(10, 50)
        terminal.wait(b"[GPUs]", at)
        terminal.send(b"q")
        self.assertEqual(terminal.end(), 0)

    def test_keys(self):
        terminal = self.start()
        at = terminal.wait(b"train-01")
        for keys, shown in ((b"?", b"nvidia-smi says nothing; it is killed"), (b" ", b"train-01"), (b"\x1b[B\r", b"temperature"),
                            (b"\x1b", b"train-01"), (b"\t", b"COMMAND"), (b"\t", b"WHAT THE DRIVER SAID"), (b"/zzz", b"nothing has")):
            terminal.send(keys)
            try:
                at = terminal.wait(shown, at)
            except AssertionError:
                # Only what differs is sent: a word may come in pieces.
                self.fail(f"{keys!r} did not show {shown!r}: {words(terminal.output[at:])[-2000:]!r}")
        terminal.send(b"\x03")
        self.assertEqual(terminal.end(), 0)

    def test_colours_and_letters_as_the_environment_has_them(self):
        plain = self.start(NO_COLOR="1", LC_ALL="C")
        plain.wait(b"spare-01")
        plain.wait(UPDATE_END)
        plain.send(b"q")
        self.assertEqual(plain.end(), 0)
        self.assertIsNone(re.search(rb"\x1b\[[0-9;]*(3[0-9]|4[0-9]|38;5)[0-9;]*m", plain.output))
        self.assertTrue(all(byte < 0x80 for byte in plain.output))
        rich = self.start()
        rich.wait("█".encode())
        rich.wait(b"38;5;")

    def test_no_terminal_is_refused_in_words(self):
        dumb = self.start(TERM="dumb")
        dumb.wait(b"--once")
        self.assertEqual(dumb.end(), 64)
        self.assertNotIn(b"\x1b", dumb.output)
        piped = subprocess.run([PROGRAM, "watch", "still"], stdin=subprocess.DEVNULL, capture_output=True, timeout=60,
                               env={**os.environ, "TERM": "xterm"})
        self.assertEqual(piped.returncode, 64)
        self.assertIn(b"no terminal", piped.stderr)

    def test_a_live_view_goes_on(self):
        terminal = self.start("watch", "live")
        terminal.wait(b"train-01")
        at = terminal.wait(UPDATE_END)
        for _ in range(3):
            at = terminal.wait(UPDATE_END, at)
        with open(f"/proc/{terminal.process.pid}/stat") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        print(f"processor time so far: {(int(fields[11]) + int(fields[12])) * 10} ms", file=sys.stderr)
        terminal.send(b"q")
        self.assertEqual(terminal.end(), 0)
        self.assertRestored(terminal)


if __name__ == "__main__":
    unittest.main()
