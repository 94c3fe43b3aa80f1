from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson
import pytest
import yaml

from stream_app import schemas
from stream_app.contracts import KIND_OF_TOPIC, Kind
from stream_app.settings import Settings
from stream_app.topics import INPUTS, LOG, TOPICS, Topic
from tests.support import asyncapi_schema, browser

DOCUMENT: dict[str, Any] = yaml.safe_load((Path(str(schemas.folder())) / "asyncapi.yaml").read_text(encoding="utf-8"))
CHANNELS: dict[str, dict[str, Any]] = {channel["address"]: channel for channel in DOCUMENT["channels"].values()}
MESSAGES: dict[str, dict[str, Any]] = DOCUMENT["components"]["messages"]
KIND_OF_SCHEMA: dict[str, Kind] = {
    **KIND_OF_TOPIC,
    "configure": "configure",
    "refused-commands": "refusal",
}


def at(reference: str) -> Any:
    """The part of the document that `reference` (`#/a/b`) names."""
    node: Any = DOCUMENT
    for step in reference.removeprefix("#/").split("/"):
        node = node[step]
    return node


def schema_of(part: dict[str, Any]) -> str:
    """The name of the schema file that a message's headers or payload refer to."""
    assert part["schemaFormat"] == "application/schema+json;version=draft-2020-12"
    reference: str = part["schema"]["$ref"]
    return reference.removeprefix("./").removesuffix(schemas.SUFFIX)


def messages_of(topic: str) -> dict[str, dict[str, Any]]:
    return {name: at(message["$ref"]) for name, message in CHANNELS[topic]["messages"].items()}


def key_of(message: dict[str, Any]) -> dict[str, Any]:
    bindings = [at(trait["$ref"])["bindings"] for trait in message.get("traits", ())] + [message.get("bindings", {})]
    (key,) = [binding["kafka"]["key"] for binding in bindings if binding]
    assert isinstance(key, dict)
    return key


def test_it_is_an_asyncapi_document() -> None:
    assert DOCUMENT["asyncapi"] == "3.0.0"
    assert list(DOCUMENT) == [
        "asyncapi",
        "info",
        "defaultContentType",
        "servers",
        "channels",
        "operations",
        "components",
    ]


@pytest.fixture(scope="module")
def official() -> jsonschema_rs.Validator:
    """What the authors of AsyncAPI hold for a document of theirs."""
    schema = asyncapi_schema.load()
    if schema is None:
        if browser.is_required():
            pytest.fail("no npm, and CI is set: AsyncAPI's schema cannot be fetched")
        pytest.skip("no npm: AsyncAPI's schema cannot be fetched")
    return jsonschema_rs.validator_for(schema)


def test_it_is_what_asyncapi_itself_takes_for_a_document(official: jsonschema_rs.Validator) -> None:
    assert [f"{error.instance_path}: {error.message}" for error in official.iter_errors(DOCUMENT)] == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("info", "version"), None),
        (("channels", "predictions", "bindings", "kafka", "partitions"), "four"),
        (("operations", "predict", "action"), "shout"),
        (("components", "messages", "prediction", "payload", "schemaFormat"), 3),
    ],
)
def test_asyncapi_itself_finds_a_mistake(
    path: tuple[str, ...], value: object, official: jsonschema_rs.Validator
) -> None:
    broken = copy.deepcopy(DOCUMENT)
    node = broken
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = value
    assert not official.is_valid(broken)


def test_its_channels_are_the_topics_in_their_order() -> None:
    assert list(CHANNELS) == [topic.name for topic in TOPICS]


SETTINGS_OF_INTEREST = {"cleanup.policy", "retention.ms", "max.message.bytes"}
"""Those that whoever reads or writes a topic has to know."""


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_a_channel_is_as_the_topic_is_made(topic: Topic) -> None:
    channel = CHANNELS[topic.name]
    assert channel["summary"] == topic.meaning
    kafka = channel["bindings"]["kafka"]
    written = {
        name: ",".join(value) if isinstance(value, list) else str(value)
        for name, value in kafka["topicConfiguration"].items()
    }
    assert written == {name: value for name, value in topic.config().items() if name in SETTINGS_OF_INTEREST}
    defaults = Settings.model_fields
    assert (kafka["partitions"], kafka["replicas"]) == (defaults["partitions"].default, defaults["replication"].default)


@pytest.mark.parametrize("topic", [topic.name for topic in TOPICS])
def test_every_topic_has_an_operation_and_only_the_inputs_are_taken_from_others(topic: str) -> None:
    actions = [
        operation["action"]
        for operation in DOCUMENT["operations"].values()
        if at(operation["channel"]["$ref"])["address"] == topic
    ]
    assert actions == ["receive" if topic in INPUTS else "send"]


def test_every_message_is_in_a_topic_and_goes_by_its_name() -> None:
    assert {name for topic in CHANNELS for name in messages_of(topic)} == set(MESSAGES)
    assert all(message["name"] == name for name, message in MESSAGES.items())


def test_every_schema_is_referred_to_and_every_reference_is_a_schema() -> None:
    referred = {
        schema_of(message[part])
        for message in MESSAGES.values()
        for part in ("headers", "payload")
        if "schema" in message.get(part, {})
    }
    assert referred == set(schemas.names())


@pytest.mark.parametrize("topic", [topic.name for topic in TOPICS if topic.name in schemas.names()])
def test_a_topic_carries_the_message_of_its_schema(topic: str) -> None:
    part = "headers" if topic in (LOG, "dead-letters") else "payload"
    assert {schema_of(message[part]) for message in messages_of(topic).values()} == {topic}


@pytest.mark.parametrize("name", MESSAGES)
def test_every_message_has_examples_that_are_right(name: str) -> None:
    message = MESSAGES[name]
    assert message["examples"]
    for example in message["examples"]:
        assert "payload" in example
        for part in ("headers", "payload"):
            assert (part in example) == (part in message)
            if "schema" in message.get(part, {}):
                schemas.validator(schema_of(message[part])).validate(example[part])


@pytest.mark.parametrize("name", [name for name in MESSAGES if "schema" in MESSAGES[name]["payload"]])
def test_the_key_of_an_example_is_its_competition_or_what_it_is_about(name: str) -> None:
    keys = key_of(MESSAGES[name])["examples"]
    field = "letter_id" if name == "deadLetterDecision" else "competition"
    assert {example["payload"][field] for example in MESSAGES[name]["examples"]} == set(keys)


@pytest.mark.parametrize("name", MESSAGES)
def test_every_message_says_what_its_key_is(name: str) -> None:
    assert key_of(MESSAGES[name])["description"]


def test_the_examples_of_the_log_are_of_the_kind_that_their_headers_say() -> None:
    for message in messages_of(LOG).values():
        for example in message["examples"]:
            assert example["headers"]["kind"] == KIND_OF_SCHEMA[schema_of(message["payload"])]


def test_the_example_of_a_dead_letter_would_be_refused() -> None:
    (example,) = MESSAGES["deadLetter"]["examples"]
    validator = schemas.validator(example["headers"]["topic"])
    assert not validator.is_valid(orjson.loads(example["payload"]))
