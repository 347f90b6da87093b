"""Runs a program on a terminal of its own: terminal.py '[["Name? ", "ann\\n"], ...]' CMD...

Each pair is what to wait for on the screen, and what to type then. Prints what the screen
showed as JSON with the exit code.
"""

import json
import os
import pty
import select
import sys
import time

LIMIT_SECONDS = 30

steps = json.loads(sys.argv[1])
pid, screen = pty.fork()
if pid == 0:
    os.execvp(sys.argv[2], sys.argv[2:])

shown = b""
searched = 0
deadline = time.monotonic() + LIMIT_SECONDS
while time.monotonic() < deadline:
    ready, _, _ = select.select([screen], [], [], 0.1)
    if ready:
        try:
            data = os.read(screen, 65536)
        except OSError:  # the program has ended
            break
        if not data:
            break
        shown += data
    if steps:
        place = shown.find(steps[0][0].encode(), searched)
        if place >= 0:
            searched = place + len(steps[0][0].encode())
            time.sleep(0.1)  # until the program reads
            os.write(screen, steps.pop(0)[1].encode())
else:
    os.kill(pid, 9)

_, status = os.waitpid(pid, 0)
print(json.dumps({"shown": shown.decode(), "code": os.waitstatus_to_exitcode(status)}))
