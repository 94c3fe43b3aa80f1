from __future__ import annotations

import io
import os
import pickle
import uuid
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from stream_app.contracts import COMMAND_MAX_BYTES, decode, encode
from stream_app.durability import artefact
from stream_app.durability.artefact import ArtefactRefused, as_text, handover_of, open_sealed, refusal_of, seal
from stream_app.durability.book import Book
from stream_app.durability.log import Entry
from stream_app.durability.snapshot import sign
from stream_app.events import Configure, Features, LeagueConfig, ModelCommand, Refusal
from stream_app.feeds.schedule import schedule
from stream_app.league.digest import digest
from stream_app.lifecycle.handover import Handover
from stream_app.lifecycle.knowledge import Knowledge
from stream_app.lifecycle.promotion import Contender
from stream_app.models.zoo import MODELS, create
from stream_app.topics import FEATURES, MODEL_COMMANDS, RESULTS
from tests.support.matches import played

KEY, OTHER = b"ours", b"theirs"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def handover(algorithm: str = "naive_bayes_v1") -> Handover:
    return Handover("cup", Contender(algorithm, 1), algorithm, create(algorithm), Knowledge(), Knowledge())


def command(blob: bytes | str) -> ModelCommand:
    text = blob if isinstance(blob, str) else as_text(blob)
    return ModelCommand(
        str(uuid.uuid4()),
        "cup",
        "handover",
        NOW,
        "anna",
        "new",
        "naive_bayes_v1",
        1,
        artefact=text,
    )


@pytest.mark.parametrize("algorithm", MODELS)
def test_every_model_of_the_zoo_can_be_handed_over(algorithm: str) -> None:
    blob = seal(handover(algorithm), KEY)
    assert digest(open_sealed(blob, KEY)) == digest(handover(algorithm))
    assert refusal_of(command(blob), KEY) is None
    assert digest(handover_of(command(blob))) == digest(handover(algorithm))


def test_a_command_without_an_artefact_is_none_of_its_business() -> None:
    plain = ModelCommand("7d1c0f7e-51b6-4f6e-9a55-0e8f3c1f2b10", "cup", "freeze", NOW, "anna", "why not")
    assert refusal_of(plain, KEY) is None
    assert handover_of(plain) is None


class Bomb:
    """Acts when it is unpickled."""

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, ("touch exploded",)


def resealed(change: Callable[[bytes], bytes]) -> bytes:
    """An artefact that was changed and signed again, as by somebody who has the key."""
    message = change(seal(handover(), KEY)[: -artefact._SIGNATURE_BYTES])
    return message + sign(message, KEY)


def test_a_bomb_is_not_unpickled_even_when_its_signature_holds(
    monkeypatch: pytest.MonkeyPatch, tmp_path: os.PathLike[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    real = pickle.dumps
    stream = io.BytesIO()
    pickle.Pickler(stream, protocol=5).dump(Bomb())
    monkeypatch.setattr(artefact.pickle, "dumps", lambda *_, **__: stream.getvalue())  # type: ignore[attr-defined]  # the module that artefact imports
    blob = seal(handover(), KEY)
    monkeypatch.setattr(artefact.pickle, "dumps", real)  # type: ignore[attr-defined]  # as above
    refusal = refusal_of(command(blob), KEY)
    assert refusal is not None
    assert "system is not on the list" in refusal.reason
    assert "system is not on the list" in str(handover_of(command(blob)))
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("blob", "reason"),
    [
        (lambda: seal(handover(), OTHER), "it is damaged, or was signed with another key"),
        (lambda: seal(handover(), KEY)[:-1] + b"\0", "it is damaged, or was signed with another key"),
        (lambda: seal(handover(), KEY)[:200], "it is damaged, or was signed with another key"),
        (lambda: b"", "it is damaged, or was signed with another key"),
        (lambda: resealed(lambda message: b"x" + message), "it does not begin like an artefact"),
        (lambda: resealed(lambda message: message[:-1]), "its checksum does not match"),
        (lambda: resealed(lambda message: message.replace(b'"format":1', b'"format":9')), "it has format 9 of"),
        (lambda: resealed(lambda message: message.replace(b'"format"', b'"former"')), "its head is damaged"),
    ],
)
def test_what_is_foreign_or_tampered_with_is_refused_with_the_reason(blob: Callable[[], bytes], reason: str) -> None:
    with pytest.raises(ArtefactRefused, match=reason):
        open_sealed(blob(), KEY)
    refusal = refusal_of(command(blob()), KEY)
    assert refusal is not None
    assert reason in refusal.reason
    assert (refusal.who, refusal.model, refusal.version) == ("anna", "naive_bayes_v1", 1)


def test_what_was_admitted_by_an_older_program_is_taken_from_the_log_as_long_as_it_can_be_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with monkeypatch.context() as older:
        older.setattr(artefact, "VERSIONS", {"python": "3.11", "numpy": "1.0", "river": "0.1"})
        blob = seal(handover(), KEY)
    assert isinstance(handover_of(command(blob)), Handover)
    refusal = refusal_of(command(blob), KEY)
    assert refusal is not None
    assert "it has format 1 of {'python': '3.11', 'numpy': '1.0', 'river': '0.1'}" in refusal.reason


def test_what_is_no_base64_is_refused() -> None:
    refusal = refusal_of(command("AAAAA"), KEY)
    assert refusal is not None
    assert "it is not Base64" in refusal.reason


def test_an_artefact_that_is_no_model_is_refused() -> None:
    state = Handover("cup", Contender("m", 1), "m", {"not": "a model"}, Knowledge(), Knowledge())  # type: ignore[arg-type]  # on purpose
    with pytest.raises(ArtefactRefused, match="no model that was handed over"):
        open_sealed(seal(state, KEY), KEY)


def test_a_state_that_unpacks_to_something_huge_is_refused_before_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(artefact, "LARGEST", 100)
    with pytest.raises(ArtefactRefused, match="larger than 100 bytes"):
        open_sealed(seal(handover(), KEY), KEY)


@pytest.mark.parametrize("algorithm", MODELS)
def test_a_model_that_has_learned_seasons_fits_into_a_command(algorithm: str) -> None:
    book = Book("cup")
    tell(book, LeagueConfig(models=("base_rate", algorithm) if algorithm != "base_rate" else ("base_rate",)), 150)
    member = book.league.squad.members[algorithm]
    state = Handover("cup", member.contender, algorithm, member.model, member.knowledge, book.league.squad.knowledge)
    assert len(encode(command(seal(state, KEY)))) * 5 < COMMAND_MAX_BYTES


def tell(book: Book, config: LeagueConfig, matches: int) -> None:
    book.apply(0, Entry("configure", "cup", "settings", -1, encode(Configure("cup", config))))
    for place, event in enumerate(schedule(played("cup", matches)), start=1):
        kind, source = ("features", FEATURES) if isinstance(event, Features) else ("result", RESULTS)
        book.apply(place, Entry(kind, "cup", source, place, encode(event)))  # type: ignore[arg-type]  # a literal


def test_the_log_tells_of_a_refusal_and_of_a_state_and_a_fold_takes_both_at_their_word() -> None:
    book = Book("cup")
    tell(book, LeagueConfig(models=("base_rate",)), 10)
    foreign = command(seal(handover(), OTHER))
    refusal = refusal_of(foreign, KEY)
    assert isinstance(refusal, Refusal)
    assert decode("refusal", encode(refusal)) == refusal
    [told] = book.apply(50, Entry("refusal", "cup", MODEL_COMMANDS, 0, encode(refusal)))
    assert b"another key" in told.value
    admitted = command(seal(handover(), KEY))
    [told] = book.apply(51, Entry("command", "cup", MODEL_COMMANDS, 1, encode(admitted)))
    assert told.topic == "model-events"
    assert book.apply(52, Entry("command", "cup", MODEL_COMMANDS, 1, encode(admitted))) == []
