"""Runs a command with its output thrown away and prints what it took, as one JSON object.

  measure.py <seconds allowed> <command> [<argument> ...]

status: exit code, or minus the signal; cpu_s: user and system seconds of it and the children it waited for;
wall_s: seconds; peak_mb: largest resident size in MB.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time


def main() -> None:
    allowed, command = float(sys.argv[1]), sys.argv[2:]
    started = time.monotonic()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    timer = threading.Timer(allowed, child.kill)
    timer.start()
    _, status, usage = os.wait4(child.pid, 0)
    timer.cancel()
    unit = 1 if sys.platform == "darwin" else 1024  # bytes a unit of ru_maxrss
    result = {
        "status": os.waitstatus_to_exitcode(status),
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "wall_s": time.monotonic() - started,
        "peak_mb": usage.ru_maxrss * unit / 2**20,
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
