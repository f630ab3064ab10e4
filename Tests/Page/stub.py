"""A host for the page: its files as the tool serves them, and whatever telemetry a test wants to tell."""

import copy
import http.server
import json
import math
import pathlib
import re
import threading
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "Sources/HostAgent/Monitoring/Page"
SNAPSHOT = json.loads((ROOT / "Fixtures/golden/telemetry/snapshot.json").read_text())

# The page is tested under the very policy that the tool sends.
POLICY = re.search(r'contentSecurityPolicy =\s+"([^"]+)"', (PAGE / "Page.swift").read_text()).group(1)
TYPES = {".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
         ".svg": "image/svg+xml"}


def fleet(machines, gpus):
    """The simulated snapshot, many times over."""
    told = {"schema": 1, "time": SNAPSHOT["time"], "machines": []}
    for number in range(machines):
        machine = copy.deepcopy(SNAPSHOT["machines"][number % len(SNAPSHOT["machines"])])
        machine["name"] = f"node-{number:03}"
        if machine.get("gpus"):
            first = machine["gpus"]
            machine["gpus"] = []
            for index in range(gpus):
                gpu = copy.deepcopy(first[index % len(first)])
                gpu["index"] = index
                if "utilizationGPUPercent" in gpu["facts"]:
                    gpu["facts"]["utilizationGPUPercent"] = (number * 37 + index * 23) % 101
                machine["gpus"].append(gpu)
        told["machines"].append(machine)
    return told


def history(snapshot, vm, fact, gpu, begin, end, step):
    """Waves that end at what the GPU says now, and where its samples end; a step has its range, and each day an hour without any."""
    machine = next((m for m in snapshot["machines"] if m["name"] == vm), {})
    facts = next((g["facts"] for g in machine.get("gpus", []) if g["index"] == gpu), {})
    now = facts.get(fact)
    if now is None:
        return []
    last = machine["sampledAt"]
    swing = 0 if facts.get("utilizationGPUPercent", 0) == 0 else {"memoryUsedBytes": now * .06}.get(fact, now * .35)

    def wave(time):
        return math.sin(time / 97 + gpu) * .6 + math.sin(time / 1511) * .3 + math.sin(time / 23) * .1

    every = step or max(1, (end - begin) / 600)
    points, time = [], math.ceil(begin / every) * every
    while time <= min(end, last):
        if not (step >= 60 and time % 86400 < 3600):
            value = round(max(0, now + swing * (wave(time) - wave(last))), 2)
            if fact.endswith("Percent"):
                value = min(100, value)
            points.append([round(time, 3), value, round(value * .8, 2), round(min(value * 1.15, 100 if fact.endswith("Percent") else 1e18), 2)]
                          if step else [round(time, 3), value])
        time += every
    return points


class Host:
    """A server on a free port of 127.0.0.1. `tell` sends a snapshot to every open page."""

    def __init__(self, port=0):
        self.condition = threading.Condition()
        self.snapshot = copy.deepcopy(SNAPSHOT)
        self.version = 0
        self.isOpen = True
        self.histories = []
        host = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_GET(self):
                address = urllib.parse.urlsplit(self.path)
                if address.path == "/api/v1/stream":
                    self.stream()
                elif address.path == "/api/v1/machines":
                    self.answer("application/json", json.dumps(host.snapshot).encode())
                elif address.path == "/api/v1/history":
                    query = dict(urllib.parse.parse_qsl(address.query))
                    host.histories.append(query)
                    begin, end, step = float(query["from"]), float(query["to"]), float(query["step"])
                    points = history(host.snapshot, query["vm"], query["fact"], int(query["gpu"]), begin, end, step)
                    told = {"schema": 1, "vm": query["vm"], "gpu": int(query["gpu"]), "fact": query["fact"], "from": begin,
                            "to": end, "stepSeconds": step, "points": points}
                    self.answer("application/json", json.dumps(told).encode())
                else:
                    file = PAGE / (address.path.lstrip("/") or "index.html")
                    if file.parent == PAGE and file.suffix in TYPES and file.exists():
                        self.answer(TYPES[file.suffix], file.read_bytes())
                    else:
                        self.send_error(404)

            def answer(self, kind, data):
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(data)))
                self.send_header("Content-Security-Policy", POLICY)
                self.send_header("X-Content-Type-Options", "nosniff")
                self.send_header("Cache-Control", "no-store")
                self.end_headers()
                self.wfile.write(data)

            def stream(self):
                self.send_response(200)
                self.send_header("Content-Type", "text/event-stream")
                self.send_header("Cache-Control", "no-store")
                self.send_header("Connection", "close")
                self.end_headers()
                self.close_connection = True
                sent = -1
                while host.isOpen:
                    with host.condition:
                        # Said again each second as the tool does: the page takes silence for a lost host.
                        host.condition.wait_for(lambda: host.version != sent or not host.isOpen, timeout=1)
                        sent, data = host.version, json.dumps(host.snapshot)
                    if not host.isOpen:
                        return
                    try:
                        self.wfile.write(f"event: snapshot\ndata: {data}\n\n".encode())
                        self.wfile.flush()
                    except OSError:
                        return

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True
            allow_reuse_address = True
            block_on_close = False

        self.server = Server(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        self.address = f"http://127.0.0.1:{self.port}/"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": .05}, daemon=True).start()

    def tell(self, snapshot=None):
        with self.condition:
            if snapshot is not None:
                self.snapshot = snapshot
            self.version += 1
            self.condition.notify_all()

    def close(self):
        with self.condition:
            self.isOpen = False
            self.condition.notify_all()
        self.server.shutdown()
        self.server.server_close()
