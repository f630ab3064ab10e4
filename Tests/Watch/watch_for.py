"""Runs the terminal view under a pseudoterminal of 80 columns until it shows a text, then quits it by its key.

    watch_for.py TEXT SECONDS COMMAND [ARGUMENT…]

Prints the seconds it took; ends with 1 and the last screen's bytes where the text does not come or the view does not quit."""

import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time

text, limit, command = sys.argv[1], float(sys.argv[2]), sys.argv[3:]
pid, terminal = pty.fork()
if pid == 0:
    os.environ.update(TERM="xterm-256color", LC_ALL="C.UTF-8", NO_COLOR="1")
    os.execvp(command[0], command)
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
began = time.monotonic()
seen = b""


def read(until):
    """More of what the view writes; false at its end."""
    global seen
    ready, _, _ = select.select([terminal], [], [], max(0, until - time.monotonic()))
    if not ready:
        return True
    try:
        more = os.read(terminal, 65536)
    except OSError:
        return False
    seen += more
    return bool(more)


while text.encode() not in seen:
    if time.monotonic() > began + limit or not read(began + limit):
        os.kill(pid, 9)
        sys.exit(f"watch_for: {text!r} did not come; last: {seen[-4000:]!r}")
print(f"{time.monotonic() - began:.2f}")
os.write(terminal, b"q")
end = time.monotonic() + 20
while read(end):
    if time.monotonic() > end:
        os.kill(pid, 9)
        sys.exit("watch_for: the view does not quit")
_, status = os.waitpid(pid, 0)
sys.exit(os.waitstatus_to_exitcode(status))
