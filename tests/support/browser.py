"""A headless Chromium, driven through the pipe of its DevTools protocol. Needs only the standard library."""
import base64
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time


def installed():
    """Chromium's program; None without one. Ubuntu has a script of that name which only asks for it."""
    for name in ("chromium", "chromium-browser"):
        program = shutil.which(name)
        if program and subprocess.run([program, "--version"], capture_output=True).returncode == 0:
            return program
    return None


class Browser:
    """One page. Errors on its console and requests for other than local files are collected."""

    def __init__(self, width=1200, height=900, dark=False, seconds=60):
        program = installed()
        if program is None:
            raise FileNotFoundError("chromium is not installed (Debian: chromium)")
        self.errors, self.requests, self.seconds = [], [], seconds
        self.profile = tempfile.mkdtemp(prefix="seplflow-browser-")
        commands, self.commands = os.pipe()
        self.replies, replies = os.pipe()
        # Chromium reads commands from descriptor 3 and writes replies to 4.
        kept = [os.dup2(fd, fd + 100) for fd in (commands, replies)]

        def place_descriptors():
            for number, fd in zip((3, 4), kept):
                os.dup2(fd, number)

        self.process = subprocess.Popen(
            [program, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars",
             "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
             "--user-data-dir=" + self.profile, "--remote-debugging-pipe", "about:blank"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            pass_fds=(3, 4), preexec_fn=place_descriptors, start_new_session=True)
        for fd in (commands, replies, *kept):
            os.close(fd)
        self.number, self.session, self.buffer = 0, None, b""
        targets = self.call("Target.getTargets")["targetInfos"]
        page = next(each for each in targets if each["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")
        self.size(width, height)
        self.dark(dark)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.commands)
        os.close(self.replies)
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)

    def next_message(self, until):
        while b"\0" not in self.buffer:
            ready, _, _ = select.select([self.replies], [], [], max(0, until - time.monotonic()))
            if not ready:
                raise TimeoutError(f"the browser did not answer within {self.seconds} seconds")
            read = os.read(self.replies, 1 << 20)
            if not read:
                raise EOFError("the browser ended")
            self.buffer += read
        message, self.buffer = self.buffer.split(b"\0", 1)
        message = json.loads(message)
        self.note(message)
        return message

    def note(self, message):
        method, params = message.get("method"), message.get("params", {})
        if method == "Runtime.exceptionThrown":
            details = params["exceptionDetails"]
            self.errors.append(details.get("exception", {}).get("description", details["text"]))
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "warning", "assert"):
            texts = [str(each.get("value", each.get("description"))) for each in params["args"]]
            self.errors.append(" ".join(texts))
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.errors.append(params["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])

    def send(self, method, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session:
            message["sessionId"] = self.session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.commands, data):]
        return self.number

    def call(self, method, **params):
        number, until = self.send(method, **params), time.monotonic() + self.seconds
        while True:
            message = self.next_message(until)
            if message.get("id") == number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message["result"]

    def open(self, file):
        """Opens the file, and returns the milliseconds until it is laid out."""
        begin = time.monotonic()
        self.call("Page.navigate", url="file://" + os.path.abspath(file))
        self.run("new Promise((done) => document.readyState === 'complete' ? done()"
                 " : addEventListener('load', done))")
        self.run("document.body.offsetHeight")
        return 1000 * (time.monotonic() - begin)

    def run(self, script):
        """The value of a script; a promise is awaited."""
        result = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            details = result["exceptionDetails"]
            raise RuntimeError(details.get("exception", {}).get("description", details["text"]))
        return result["result"].get("value")

    def size(self, width, height, phone=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=phone)

    def dark(self, dark):
        value = "dark" if dark else "light"
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": value}])

    def on_paper(self, on):
        self.call("Emulation.setEmulatedMedia", media="print" if on else "")

    def key(self, name):
        """Presses a key where the focus is: "Tab", "Enter", "ArrowRight", "Escape"."""
        codes = {"Tab": 9, "Enter": 13, "Escape": 27, "ArrowLeft": 37, "ArrowRight": 39}
        event = {"key": name, "code": name, "windowsVirtualKeyCode": codes[name]}
        if name == "Enter":
            event["text"] = "\r"
        self.call("Input.dispatchKeyEvent", type="keyDown", **event)
        event.pop("text", None)
        self.call("Input.dispatchKeyEvent", type="keyUp", **event)

    def screenshot(self, file, whole=True):
        shot = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        with open(file, "wb") as out:
            out.write(base64.b64decode(shot["data"]))

    def pdf(self):
        return base64.b64decode(self.call("Page.printToPDF", printBackground=True, preferCSSPageSize=True)["data"])
