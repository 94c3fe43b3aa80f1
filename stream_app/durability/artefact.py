"""Artefacts: the state of one version of a model as signed bytes, which go through the log.

The order agent looks at an artefact before it is admitted: the signature has to hold, and what is unpickled has to be a
model and nothing else. From then on it is a part of the log and taken at its word, as all of the log is: a key that is
changed later must not change what the log leads to, and neither should a newer River, as long as it can read the state.
The allow-list holds for every reader.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import pickle
from base64 import b64decode, b64encode
from collections.abc import Mapping

import orjson
import zstandard

from stream_app.durability.snapshot import VERSIONS, SnapshotRefused, sign, unpickle
from stream_app.events import ModelCommand, Refusal
from stream_app.lifecycle.handover import Handover
from stream_app.models.contract import MatchModel

FORMAT = 1
"""Number of the layout of a handed over state. A change of code that changes the state of a model raises it."""

LARGEST = 64 * 1024 * 1024
"""Bytes of a state, unpacked. The models of the zoo have less than one hundredth of that."""

_MAGIC = b"stream-app artefact\n"
_SIGNATURE_BYTES = hashlib.sha256().digest_size
_LENGTH_BYTES = 4


class ArtefactRefused(Exception):
    """An artefact cannot be used; the text says why."""


def seal(handover: Handover, key: bytes) -> bytes:
    """The artefact of `handover`, signed with `key`."""
    body = zstandard.ZstdCompressor().compress(pickle.dumps(handover, protocol=5))
    head = orjson.dumps({"format": FORMAT, "versions": VERSIONS, "sha256": hashlib.sha256(body).hexdigest()})
    message = _MAGIC + len(head).to_bytes(_LENGTH_BYTES, "big") + head + body
    return message + sign(message, key)


def as_text(artefact: bytes) -> str:
    """An artefact as a command carries it."""
    return b64encode(artefact).decode()


def open_sealed(artefact: bytes, key: bytes) -> Handover:
    """What an artefact holds, when its signature holds as well. Raises ArtefactRefused."""
    message, signature = artefact[:-_SIGNATURE_BYTES], artefact[-_SIGNATURE_BYTES:]
    if not hmac.compare_digest(signature, sign(message, key)):
        raise ArtefactRefused("it is damaged, or was signed with another key")
    return _open(message, VERSIONS)


def refusal_of(command: ModelCommand, key: bytes) -> Refusal | None:
    """Why a command must not be admitted as it is; None when it has no artefact, or a good one."""
    if command.artefact is None:
        return None
    try:
        open_sealed(_from_text(command.artefact), key)
    except ArtefactRefused as refused:
        return Refusal(
            command.command_id,
            command.competition,
            command.action,
            command.issued_at,
            command.who,
            command.why,
            command.model,
            command.version,
            reason=f"the artefact is refused: {refused}",
        )
    return None


def handover_of(command: ModelCommand) -> Handover | str | None:
    """What the artefact of an admitted command holds, or why it cannot be used; None without one."""
    if command.artefact is None:
        return None
    try:
        return _open(_from_text(command.artefact)[:-_SIGNATURE_BYTES], None)
    except ArtefactRefused as refused:
        return str(refused)


def _from_text(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except binascii.Error as error:
        raise ArtefactRefused(f"it is not Base64: {error}") from None


def _open(message: bytes, versions: Mapping[str, str] | None) -> Handover:
    """What an artefact holds, made by a program of these `versions` (None: of any)."""
    if not message.startswith(_MAGIC):
        raise ArtefactRefused("it does not begin like an artefact")
    start = len(_MAGIC) + _LENGTH_BYTES
    end = start + int.from_bytes(message[len(_MAGIC) : start], "big")
    body = message[end:]
    try:
        head = orjson.loads(message[start:end])
        fits = head["sha256"] == hashlib.sha256(body).hexdigest()
        made, by = head["format"], head["versions"]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise ArtefactRefused("its head is damaged") from error
    if not fits:
        raise ArtefactRefused("its checksum does not match: it is damaged")
    if made != FORMAT or (versions is not None and by != dict(versions)):
        raise ArtefactRefused(f"it has format {made} of {by}, this program has format {FORMAT} of {dict(VERSIONS)}")
    try:
        if zstandard.frame_content_size(body) > LARGEST:
            raise ArtefactRefused(f"its state is larger than {LARGEST} bytes")
        state = unpickle(zstandard.ZstdDecompressor().decompress(body, max_output_size=LARGEST))
    except (SnapshotRefused, zstandard.ZstdError) as error:
        raise ArtefactRefused(str(error)) from error
    if not isinstance(state, Handover) or not isinstance(state.model, MatchModel):
        raise ArtefactRefused(f"it holds a {type(state).__name__} and no model that was handed over")
    return state
