"""What the documents tell to type is typed, on one running service, and prints what they show."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path

import pytest

from stream_app.dev.process import wait_for
from stream_app.topics import REGISTRY
from tests.support import commands, programs, topics
from tests.support.documents import PAGES, Step, steps
from tests.support.service import until_kept
from tests.support.waiting import until

MATCHES = 40
"""Those of the first command of the quick start, which the other pages ask about."""

COMPETITIONS = 2
FIRST = ("feed", "virtual", "--leagues", "2", "--teams", "4", "--rounds", "10")


@pytest.mark.slow(20)
@pytest.mark.timeout(180)
def test_every_command_that_a_page_marks_as_runnable_prints_what_the_page_shows(
    clean_kafka: str, database: str, tmp_path: Path
) -> None:
    env = programs.environment(kafka=clean_kafka, database_url=database, app_id=tmp_path.name, data_dir="data")
    wait_for(topics.create_all(clean_kafka))
    with (
        programs.running("worker", cwd=tmp_path, env=env),
        programs.running("sink", cwd=tmp_path, env=env),
    ):
        assert commands.call(*FIRST, cwd=tmp_path, env=env).returncode == 0
        wait_for(until_kept(clean_kafka, database, MATCHES))
        wait_for(until_told_of(clean_kafka, COMPETITIONS))
        told = [step for page in PAGES for step in steps(page)]
        assert {step.page for step in told} >= {"quick-start.md", "runbook.md", "troubleshooting.md"}
        assert not [fault for step in told if (fault := _fault(step, tmp_path, env))]


async def until_told_of(bootstrap: str, competitions: int) -> None:
    """Wait until the registry has so many competitions, which is with the first checkpoint after their first match."""

    async def told_of() -> bool:
        return len({record.key for record in await topics.read_all(bootstrap, REGISTRY)}) == competitions

    await until(told_of, f"the registry has {competitions} competitions")


def _fault(step: Step, folder: Path, env: Mapping[str, str]) -> str | None:
    """What is wrong with a step, after running it."""
    program, *arguments = shlex.split(step.command)
    assert program == "stream-app", f"{step.page}:{step.line}: only stream-app can be run here"
    done = commands.call(*arguments, cwd=folder, env=env)
    if done.returncode == 0 and any(step.fits(printed) for printed in (done.stdout, done.stderr)):
        return None
    return f"{step.page}:{step.line}: {step.command} ended with {done.returncode}\n{done.stdout}{done.stderr}"
