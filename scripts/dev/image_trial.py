"""Builds the image with Podman, and runs the whole service from it on a real Kafka and PostgreSQL.

Every process of the Compose file starts in a container of its own, with that file's restrictions, until the image's own
health check passes. Then a feed plays virtual matches, `stream-app verify` proves that all of them counted once, and
everything is asked to end. The containers share the network of this machine, so that Kafka and PostgreSQL are its own
and each process has a port of its own for its metrics.

    python -m scripts.dev.image_trial                        wants podman, catatonit and the base image
    python -m scripts.dev.image_trial --stand-in             makes the base of Debian and this Python, with debootstrap
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import orjson
import yaml

from scripts.dev.image_rehearsal import BASE_MB, MOST_MB, ROOT
from stream_app.dev.process import free_ports
from stream_app.dev.stack import Stack
from stream_app.topic_reader import read_to_end
from stream_app.topics import EVALUATIONS

IMAGE = "localhost/stream-app:trial"
MB = 1_000_000
CHECKED_PORT = 9400
"""Where the image's health check looks."""

START_S, END_S, STOP_S = 60.0, 300.0, 30
LEAGUES, TEAMS, ROUNDS = 4, 8, 10
MATCHES = LEAGUES * TEAMS // 2 * ROUNDS

HOW_TO_BUILD = ("--format=docker", "--network=host", "--isolation=chroot")
LIMITS = ("--ulimit=nofile=1024:4096", "--ulimit=nproc=4096:4096")
"""Podman would raise them, which not every root may."""

CERTIFICATES = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
DEBIAN = "ca-certificates,libssl3,libsqlite3-0,libffi8,zlib1g,libbz2-1.0,liblzma5,libreadline8,libexpat1,libuuid1"


def main() -> int:
    """Build, run, and say by the exit code whether everything held."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stand-in", action="store_true", help="make the base image instead of fetching it")
    parser.add_argument("--runtime", help="what starts containers (default: podman's own choice)")
    arguments = parser.parse_args()
    podman = Podman(arguments.runtime)
    with tempfile.TemporaryDirectory(prefix="stream-app-trial-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        if arguments.stand_in:
            stand_in(podman, folder / "base")
        print(f"building {IMAGE}", flush=True)
        podman.run("build", *HOW_TO_BUILD, "--tag", IMAGE, str(ROOT))
        size = _size(podman, arguments.stand_in)
        told = _service(podman, folder)
    return 0 if told and size < MOST_MB else 1


class Podman:
    """Podman, with what every call of it needs."""

    def __init__(self, runtime: str | None) -> None:
        program = shutil.which("podman")
        if program is None:
            raise SystemExit("podman is not installed; this trial wants it")
        self.command = [program, "--cgroup-manager", "cgroupfs", *(["--runtime", runtime] if runtime else [])]

    def succeeds(self, *words: str) -> bool:
        """Whether `podman WORDS` does."""
        return subprocess.run([*self.command, *words], capture_output=True, check=False).returncode == 0  # noqa: S603

    def run(self, *words: str) -> str:
        """What `podman WORDS` prints. SystemExit with its last lines when it fails."""
        done = subprocess.run([*self.command, *words], capture_output=True, text=True, check=False)  # noqa: S603  podman
        if done.returncode:
            raise SystemExit(f"podman {words[0]} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
        return done.stdout


def _size(podman: Podman, is_stand_in: bool) -> float:
    """Megabytes of the image; with a stand-in, those that it adds, on a base as large as the real one is said to be."""
    size, base = (float(podman.run("image", "inspect", "--format={{.Size}}", it)) / MB for it in (IMAGE, _base()))
    if is_stand_in:
        print(f"{size - base:.0f} MB on a base of {base:.0f} MB, the real one has about {BASE_MB} MB", flush=True)
        size += BASE_MB - base
    print(f"the image has {size:.0f} MB, at the most {MOST_MB} MB are allowed", flush=True)
    return size


def _base() -> str:
    """The image that the Dockerfile begins with."""
    name = (ROOT / "Dockerfile").read_text(encoding="utf-8").partition("\nFROM ")[2].split()[0]
    return f"docker.io/library/{name}"


def _call(*command: str) -> None:
    """Run a program to its end. SystemExit when it is missing or fails."""
    if shutil.which(command[0]) is None:
        raise SystemExit(f"{command[0]} is not installed; a stand-in wants it")
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  fixed words
    if done.returncode:
        raise SystemExit(f"{' '.join(command)} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


def stand_in(podman: Podman, base: Path) -> None:
    """A base image under the name that the Dockerfile has: Debian, and the Python that runs this."""
    name = _base()
    print(f"making a stand-in for {name}", flush=True)
    python, local = Path(sys.base_prefix), base / "usr/local"
    _call("debootstrap", "--variant=minbase", f"--include={DEBIAN}", name.rpartition("-")[2], str(base))
    shutil.copytree(python / "lib", local / "lib", symlinks=True, dirs_exist_ok=True, ignore=_without)
    number = f"python{sys.version_info.major}.{sys.version_info.minor}"
    shutil.copy2(python / "bin" / number, local / "bin")
    for other in ("python3", "python"):
        (local / "bin" / other).symlink_to(number)
    packages = local / "lib" / number / "site-packages"
    _call(sys.executable, "-m", "pip", "install", "--quiet", "--target", str(packages), "pip")
    pip = local / "bin/pip"
    pip.write_text(f'#!/bin/sh\nexec /usr/local/bin/{number} -m pip "$@"\n', encoding="utf-8")
    pip.chmod(0o755)
    _call("chroot", str(base), "ldconfig")
    for folder in ("var/cache/apt", "var/lib/apt/lists"):
        shutil.rmtree(base / folder)
    changes = ["UV_SYSTEM_CERTS=1"]
    for variable in CERTIFICATES:
        if (bundle := os.environ.get(variable)) is not None:
            shutil.copy(bundle, base / "etc/ssl/certs/ca-certificates.crt")
            changes.append(f"{variable}=/etc/ssl/certs/ca-certificates.crt")
    archive = base.with_suffix(".tar")
    _call("tar", "--directory", str(base), "--create", "--file", str(archive), ".")
    told = [word for change in changes for word in ("--change", f"ENV {change}")]
    podman.run("import", *told, str(archive), name)


def _without(folder: str, names: list[str]) -> set[str]:
    """What an image does without: the packages of this Python, its tests and its static library."""
    dropped = {"__pycache__", "test", "site-packages"}
    return {name for name in names if name in dropped or name.startswith("config-") or name.endswith(".a")}


def _service(podman: Podman, folder: Path) -> bool:
    """Run every process that the Compose file starts without a profile, and a feed; whether everything held."""
    compose: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
    processes = {
        f"{name}-{number}": it
        for name, it in compose.items()
        if it.get("build") == "." and name != "topics" and "profiles" not in it
        for number in range(it.get("deploy", {}).get("replicas", 1))
    }
    check: list[str] = json.loads(podman.run("image", "inspect", IMAGE))[0]["Healthcheck"]["Test"][1:]
    with _surroundings(folder) as env, ExitStack() as stack:
        service = Service(podman, folder, env)
        stack.callback(service.end)
        service.to_its_end("topics", compose["topics"])
        for number, (name, it) in enumerate(processes.items()):
            port = free_ports(None)[0] if number else CHECKED_PORT
            began = monotonic()
            service.start(name, it, STREAM_APP_METRICS_PORT=str(port))
            service.wait_for(name, [word.replace(str(CHECKED_PORT), str(port)) for word in check])
            print(f"{name}: healthy after {monotonic() - began:.1f} s", flush=True)
        played = ["--leagues", str(LEAGUES), "--teams", str(TEAMS), "--rounds", str(ROUNDS), "--seed", "1"]
        service.to_its_end("feed", compose["feed"] | {"command": ["feed", "virtual", *played]})
        evaluated = _evaluated(env["STREAM_APP_KAFKA"])
        print(f"{evaluated} matches evaluated of {MATCHES} that were played", flush=True)
        service.to_its_end("verify", compose["topics"] | {"command": ["verify"]})
        print("verified: every match counted once", flush=True)
        codes = {name: service.stop(name) for name in processes}
        print("asked to end, with codes " + ", ".join(f"{name} {code}" for name, code in codes.items()), flush=True)
        return evaluated == MATCHES and not any(codes.values())


class Service:
    """The containers of the service, by name, each with its log in a file."""

    def __init__(self, podman: Podman, folder: Path, env: Mapping[str, str]) -> None:
        self._podman, self._folder, self._env = podman, folder, env
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str, process: Mapping[str, Any], **env: str) -> None:
        """Start a process of the Compose file, with its restrictions."""
        words = ["run", "--rm", "--init", "--no-healthcheck", "--network", "host", "--name", f"trial-{name}", *LIMITS]
        words += ["--read-only"] if process["read_only"] else []
        words += [f"--cap-drop={capability}" for capability in process["cap_drop"]]
        words += [f"--security-opt={option.removesuffix(':true')}" for option in process["security_opt"]]
        # Podman gives a tmpfs to root alone. Here /data is a volume, as the image says, and goes with its container.
        words += [f"--tmpfs={place}" for place in process["tmpfs"] if not place.startswith("/data")]
        # By name alone, as others may read the command lines of this machine.
        told = {**self._env, **env}
        words += [f"--env={variable}" for variable in told]
        command = [*self._podman.command, *words, IMAGE, *process["command"]]
        with self._log(name).open("wb") as log:
            self._running[name] = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | told)  # noqa: S603

    def to_its_end(self, name: str, process: Mapping[str, Any]) -> None:
        """Run a process that ends by itself. SystemExit when it fails, or takes too long."""
        self.start(name, process, STREAM_APP_METRICS_PORT="0")
        try:
            code = self._running[name].wait(END_S)
        except subprocess.TimeoutExpired:
            raise SystemExit(f"{name} has not ended after {END_S:.0f} s:\n{self._tail(name)}") from None
        del self._running[name]
        if code:
            raise SystemExit(f"{name} ended with code {code}:\n{self._tail(name)}")

    def wait_for(self, name: str, check: Sequence[str]) -> None:
        """Wait until `check` passes within the container. SystemExit when it does not, or the process ends."""
        until = monotonic() + START_S
        while not self._podman.succeeds("exec", f"trial-{name}", *check):
            if self._running[name].poll() is not None or monotonic() > until:
                raise SystemExit(f"{name} does not become healthy:\n{self._tail(name)}")
            sleep(0.5)

    def stop(self, name: str) -> int:
        """Ask a process to end; its exit code. What it said last is told when that is not 0."""
        self._podman.run("stop", "--time", str(STOP_S), f"trial-{name}")
        if code := self._running.pop(name).wait(STOP_S):
            print(f"{name} ended with code {code}:\n{self._tail(name)}", flush=True)
        return code

    def end(self) -> None:
        """Let nothing run on."""
        for name in list(self._running):
            self._podman.run("rm", "--force", f"trial-{name}")

    def _log(self, name: str) -> Path:
        return self._folder / f"{name}.log"

    def _tail(self, name: str) -> str:
        return self._log(name).read_text(encoding="utf-8", errors="replace")[-2000:]


@contextmanager
def _surroundings(folder: Path) -> Iterator[dict[str, str]]:
    """A broker and a database, and the settings with which they are found."""
    web, gateway = free_ports(None, None)
    stack = Stack(folder / "stack")
    try:
        with stack.up() as servers:
            yield {
                "STREAM_APP_KAFKA": servers.bootstrap,
                "STREAM_APP_DATABASE_URL": servers.database_url,
                "STREAM_APP_WEB_PORT": str(web),
                "STREAM_APP_GATEWAY_PORT": str(gateway),
            }
    finally:
        stack.delete()


def _evaluated(bootstrap: str) -> int:
    """How many matches have an evaluation, once all have, or after a while."""

    async def count() -> int:
        records = read_to_end(bootstrap, [EVALUATIONS])
        return len({orjson.loads(record.value or b"")["match_id"] async for record in records})

    until = monotonic() + END_S
    while (evaluated := asyncio.run(count())) < MATCHES and monotonic() < until:
        sleep(1.0)
    return evaluated


if __name__ == "__main__":
    sys.exit(main())
