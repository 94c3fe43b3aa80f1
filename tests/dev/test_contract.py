from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from stream_app import schemas
from stream_app.dev import contract
from stream_app.dev.contract_run import examples
from stream_app.topics import TOPICS

DOCUMENT = contract.DOCUMENT.read_text(encoding="utf-8")
PAGE = contract.PAGE.read_text(encoding="utf-8")
MESSAGES = yaml.safe_load(DOCUMENT)["components"]["messages"]
HOW = "run `make contract`"


def test_the_page_is_what_the_document_says() -> None:
    assert contract.rendered(DOCUMENT) == PAGE, HOW


@pytest.mark.parametrize("topic", [topic.name for topic in TOPICS])
def test_the_page_tells_of_every_topic(topic: str) -> None:
    assert f"\n## {topic}\n" in PAGE


def test_it_lists_the_fields_within_fields() -> None:
    assert "| `models[].probabilities.H` | yes | a number above 0 and below 1 |" in PAGE


def ids_of(example: dict[str, Any]) -> dict[str, Any]:
    """What names the message of an example; what models have computed may differ in its last digits."""
    payload = example["payload"]
    return {key: value for key, value in payload.items() if key.endswith("_id")} if isinstance(payload, dict) else {}


def test_the_examples_are_messages_of_a_run() -> None:
    run = examples()
    assert set(run) == set(MESSAGES)
    for name in MESSAGES:
        written = MESSAGES[name]["examples"]
        assert [example.get("name") for example in written] == [example.get("name") for example in run[name]], HOW
        for example, fresh in zip(written, run[name], strict=True):
            assert ids_of(example) == ids_of(fresh), f"{name}: {HOW}"
    for name, found in run.items():
        if "schema" not in MESSAGES[name]["payload"]:
            continue
        payload = MESSAGES[name]["payload"]["schema"]["$ref"].removeprefix("./").removesuffix(schemas.SUFFIX)
        for example in found:
            schemas.validator(payload).validate(example["payload"])


def test_a_release_keeps_the_schemas_that_others_read_or_write(tmp_path: Path) -> None:
    folder = tmp_path / "released"
    folder.mkdir()
    (folder / f"gone{schemas.SUFFIX}").write_text("{}", encoding="utf-8")
    contract.release(folder)
    kept = {file.name.removesuffix(schemas.SUFFIX): file.read_bytes() for file in folder.iterdir()}
    assert set(kept) == set(schemas.names()) - set(contract.INTERNAL)
    assert kept["predictions"] == (contract.DOCUMENT.parent / f"predictions{schemas.SUFFIX}").read_bytes()


def test_new_examples_change_nothing_else() -> None:
    new: dict[str, list[dict[str, Any]]] = {
        "prediction": [{"payload": {"prediction_id": "new"}}],
        "matchResult": [{"name": "final", "payload": {"x": 1}}],
    }
    changed = contract.with_examples(DOCUMENT, new)
    before, after = yaml.safe_load(DOCUMENT), yaml.safe_load(changed)
    assert after["components"]["messages"]["prediction"].pop("examples") == new["prediction"]
    results = after["components"]["messages"]["matchResult"].pop("examples")
    assert [example["name"] for example in results][-1] == "final"
    assert {"name": "final", "payload": {"x": 1}} in results
    assert len(results) == len(before["components"]["messages"]["matchResult"]["examples"])
    for name in ("prediction", "matchResult"):
        del before["components"]["messages"][name]["examples"]
    assert before == after
    comments = [line for line in DOCUMENT.splitlines() if line.startswith("#")]
    assert [line for line in changed.splitlines() if line.startswith("#")] == comments
    assert comments
