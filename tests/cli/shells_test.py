#!/usr/bin/env python3
"""Types into real shells and lets them complete, and renders the manual pages.

Usage: shells_test.py SEPLFLOW bash|zsh|fish|man|dialog|speed
Exit status: 0 passed, 1 failed, 77 skipped.
"""
import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time

PIPELINE = """
[stages.scenes]
use = "dataset.scenes"
[stages.select]
use = "sepl.select"
"""

# What is typed, with Tab as ">", and the words after "seplflow" that the shell then has.
TYPED = [
    ("ru>", ["run"]),
    ("run p.t>", ["run", "p.toml"]),
    ("run p.toml --ke>be>", ["run", "p.toml", "--keep", "best"]),
    ("run p.toml --keep=be>", ["run", "p.toml", "--keep=best"]),
    ("run p.toml --set sel>t1>0.4", ["run", "p.toml", "--set", "select.t1=0.4"]),
    ("check p.toml --set select.overlap=su>",
     ["check", "p.toml", "--set", "select.overlap=support"]),
    ("run p.toml --sweep select.overlap=last,su>",
     ["run", "p.toml", "--sweep", "select.overlap=last,support"]),
    ("run p.toml --out on>", ["run", "p.toml", "--out", "only folder"]),
    ("run p.toml --out=on>", ["run", "p.toml", "--out=only folder"]),
    ("stages sepl.as>", ["stages", "sepl.assign"]),
    ("compare runs/on>runs/sweep/v>sel>",
     ["compare", "runs/one run", "runs/sweep/variants/select.t1=0.3"]),
    ("compare runs/sweep/variants/select.t1=0.3 runs/on>",
     ["compare", "runs/sweep/variants/select.t1=0.3", "runs/one run"]),
    ("new pi>new.toml --data sc>", ["new", "pipeline", "new.toml", "--data", "scenes"]),
    ("nonsense x>", ["nonsense", "x"]),
    ("run nowhere.toml --set sel>", ["run", "nowhere.toml", "--set", "sel"]),
]

START = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], "source <(seplflow completion bash)"),
    "zsh": (["zsh", "-f", "-i"],
            "autoload -U compinit; compinit -D; source <(seplflow completion zsh)"),
}


def make_place(folder):
    (folder / "p.toml").write_text(PIPELINE)
    for run in ("one run", "sweep"):
        (folder / "runs" / run).mkdir(parents=True)
        (folder / "runs" / run / "run.json").write_text("{}")
    (folder / "runs/sweep/variants/select.t1=0.3").mkdir(parents=True)
    (folder / "only folder").mkdir()


class Shell:
    """An interactive shell on a terminal of its own."""

    def __init__(self, command, folder, environment):
        self.child, self.terminal = pty.fork()
        if self.child == 0:
            os.chdir(folder)
            os.execvpe(command[0], command, environment)
        self.output = ""

    def send(self, text):
        os.write(self.terminal, text.encode())

    def wait_for(self, pattern, seconds=20):
        """The first match in what the shell prints from now on."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = re.search(pattern, self.output, re.S)
            if found:
                self.output = self.output[found.end():]
                return found
            if select.select([self.terminal], [], [], 0.2)[0]:
                self.output += os.read(self.terminal, 65536).decode(errors="replace")
        raise AssertionError(f"the shell did not print {pattern!r}, but {self.output!r}")

    def words_of(self, typed):
        """The words of the line when it is run as it stands after completion."""
        self.send(f"seplflow {typed}".replace(">", "\t"))
        self.send("\x01printf '<%s>' \x05; echo E''ND\n")  # Ctrl-A, Ctrl-E
        found = self.wait_for(r"((?:<[^<>\n]*>)+)END")
        # zsh removes the slash of a folder again when the word ends.
        return [word.rstrip("/") for word in re.findall(r"<([^<>]*)>", found.group(1))[1:]]


def in_terminal(shell, program, folder):
    command, setup = START[shell]
    environment = {"PATH": f"{program.parent}:/usr/bin:/bin", "HOME": str(folder), "PS1": "$ ",
                   "TERM": "xterm", "LC_ALL": "C.UTF-8", "SEPLFLOW_PLUGIN_PATH": ""}
    terminal = Shell(command, folder, environment)
    terminal.send(setup + "; echo RE''ADY\n")
    terminal.wait_for("READY")
    return [f"{typed}: expected {words}, got {got}" for typed, words in TYPED
            if (got := terminal.words_of(typed)) != words]


def in_fish(program, folder):
    """fish completes without a terminal: complete -C prints what it offers for a line."""
    environment = {"PATH": f"{program.parent}:/usr/bin:/bin", "HOME": str(folder),
                   "LC_ALL": "C.UTF-8", "SEPLFLOW_PLUGIN_PATH": ""}
    failures = []
    for typed, words in TYPED:
        if typed.count(">") > 1:
            continue
        line = "seplflow " + typed.replace(">", "")
        script = f"seplflow completion fish | source; complete -C '{line}'"
        result = subprocess.run(["fish", "--no-config", "-c", script], cwd=folder, env=environment,
                                capture_output=True, text=True)
        offered = [line.split("\t")[0].replace("\\ ", " ").rstrip("/")
                   for line in result.stdout.splitlines()]
        # What leads nowhere offers nothing; a setting goes on after what is offered.
        last = words[-1] if words[0] != "nonsense" and "nowhere.toml" not in words else None
        if result.stderr or (last not in offered if last else offered):
            failures.append(f"{line}: expected {last}, got {offered} {result.stderr}")
    for line, part in (("seplflow run p.toml --set sel", "select."),
                       ("seplflow run p.toml --set select.t", "select.t1=")):
        script = f"seplflow completion fish | source; complete -C '{line}'"
        result = subprocess.run(["fish", "--no-config", "-c", script], cwd=folder, env=environment,
                                capture_output=True, text=True)
        if part not in [each.split("\t")[0] for each in result.stdout.splitlines()]:
            failures.append(f"{line}: expected {part}, got {result.stdout!r} {result.stderr}")
    return failures


def dialog(program, folder):
    """Answers seplflow new pipeline on a terminal, first so that check finds an error."""
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "TERM": "xterm",
                   "SEPLFLOW_PLUGIN_PATH": ""}
    for name in ("images", "labels", "masks"):
        (folder / name).mkdir()
    command = [str(program), "new", "pipeline", "new.toml", "--data", "folder", "--images"]
    answers = [("classes: ", "cell,background"), ("truth: ", "none"), ("pseudo: ", "labels"),
               ("method: ", "epss"), ("did you mean \"eps\".*method: ", "eps"),
               ("pseudo-path: ", "labels"), ("masks: ", "npy"), ("masks-path: ", "masks"),
               # There is no image: whatever is answered, check refuses it.
               (r"has no pictures.*Answer again\? \(yes or no\): ", "perhaps"),
               ("expected yes or no.*: ", "yes"), (r"data \[folder\]: ", "scenes"),
               ("Wrote new.toml, in which check finds no errors", "")]
    terminal = Shell(command + ["images"], folder, environment)
    for question, reply in answers:
        terminal.wait_for(question)
        terminal.send(reply + "\n")
    ended = Shell(command + ["nowhere"], folder, environment)
    ended.wait_for("exists and is not overwritten")
    stopped = Shell([str(program), "new", "pipeline", "other.toml"], folder, environment)
    stopped.wait_for("data: ")
    stopped.send("\x04")  # the end of the input
    stopped.wait_for("the input ended before all questions were answered; nothing was written")
    stage = subprocess.run([program, "stages", "masks.sam"], capture_output=True, text=True).stdout
    masks, question = ("json", "masks-path: ") if "not built" in stage else ("sam", "checkpoint: ")
    later = Shell([str(program), "new", "pipeline", "later.toml", "--unchecked", "--data", "folder",
                   "--images", "later", "--classes", "voc12", "--truth", "none", "--pseudo", "labels",
                   "--method", "own", "--pseudo-path", "later", "--masks", masks], folder, environment)
    later.wait_for(question)
    later.send("later\n")
    later.wait_for("Wrote later.toml. Next:.*seplflow check later.toml")
    return ["other.toml was written"] if (folder / "other.toml").exists() else []


def pages(program, folder):
    """Every manual page renders without a warning, and man finds its name."""
    subprocess.run([program, "__write-share", folder], check=True)
    files = sorted((folder / "man/man1").glob("*.1"))
    failures = [] if len(files) > 5 else [f"there are only {len(files)} manual pages"]
    environment = dict(os.environ, MANROFFOPT="-ww", MANWIDTH="80", LC_ALL="C.UTF-8")
    for file in files:
        shown = subprocess.run(["man", "--warnings", "-l", file], env=environment,
                               capture_output=True, text=True)
        if shown.returncode != 0 or shown.stderr or "SYNOPSIS" not in shown.stdout:
            failures.append(f"{file.name}: {shown.stderr or shown.stdout[:200]}")
        named = subprocess.run(["lexgrog", file], capture_output=True, text=True)
        if named.returncode != 0 or not named.stdout.split(": \"")[-1].startswith(file.stem + " "):
            failures.append(f"{file.name}: {named.stdout}{named.stderr}")
    return failures


def speed(program, folder):
    """Completing takes less than 0.1 s."""
    command = [program, "__complete", "--", "run", "p.toml", "--set", "select."]
    best = 1.0
    for _ in range(10):
        begin = time.monotonic()
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
        best = min(best, time.monotonic() - begin)
    return [] if best < 0.1 else [f"completing took {best:.3f} s"]


def main(program, what):
    program = pathlib.Path(program).resolve()
    if what not in ("dialog", "speed") and not shutil.which(what):
        print(f"SKIPPED: {what} is not installed (scripts/install-deps.sh --with-tests)")
        return 77
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        make_place(folder)
        checks = {"fish": in_fish, "man": pages, "dialog": dialog, "speed": speed}
        failures = (checks[what](program, folder) if what in checks
                    else in_terminal(what, program, folder))
    print("\n".join(failures) or "passed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
