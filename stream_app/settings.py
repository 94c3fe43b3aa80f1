"""Every setting of the service, with its unit, its default and the name of its environment variable.

A setting `x_y` is read from `STREAM_APP_X_Y`, then from the file `.env` in the working directory.
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from stream_app.errors import InvalidInput
from stream_app.events import Approval, EvidenceScope, LeagueConfig, ReinforceOn

Seconds = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(gt=0)]
Days = Annotated[float, Field(gt=0, le=36_525)]
Port = Annotated[int, Field(ge=0, le=65535)]

_ADDRESS = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s,:\[\]]+):[0-9]{1,5}")


def _addresses(text: str) -> str:
    """`text` as it is. Raises ValueError if it is neither empty nor a list of addresses with ports."""
    if text and not all(_ADDRESS.fullmatch(address) for address in text.split(",")):
        raise ValueError("wanted host:port[,host:port]")
    return text


Addresses = Annotated[str, AfterValidator(_addresses)]


def _names(text: str) -> str:
    """`text` as it is. Raises ValueError if it is not a list of names, or names one twice."""
    names = _split(text)
    if not all(names) or len(set(names)) < len(names):
        raise ValueError("wanted name[,name], each name once")
    return text


def _split(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(","))


def _names_one(competition: str, words: str) -> bool:
    """Whether the name of `competition` contains one of `words`, comma-separated, in any case."""
    name = competition.casefold()
    return any(word and word in name for word in (word.strip().casefold() for word in words.split(",")))


def _odds(text: str) -> str:
    """`text` as it is. Raises ValueError if it is not a list of three names each."""
    if any(len(names) != 3 or not all(names) for names in _triples(text)):
        raise ValueError("wanted home,draw,away[;home,draw,away]")
    return text


def _triples(text: str) -> list[tuple[str, ...]]:
    return [tuple(name.strip() for name in group.split(",")) for group in text.split(";") if group.strip()]


class Settings(BaseSettings):
    """The settings of one process. Secrets are never shown by `repr`."""

    model_config = SettingsConfigDict(
        env_prefix="STREAM_APP_", env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True
    )

    # Where the outside world is
    kafka: Addresses | None = Field(
        None, description="Kafka's bootstrap servers, host:port[,host:port]. Empty: the local stack."
    )
    database_url: SecretStr | None = Field(
        None,
        description="PostgreSQL (or Supabase) address, postgresql://user:password@host:port/name."
        " Empty: the local stack.",
    )
    reconcile_interval_s: Seconds | None = Field(
        None, description="Seconds between two comparisons of the evaluation log's stores by the sink. Not set: none."
    )
    data_dir: Path = Field(Path(".dev"), description="Folder of the local stack and of the CSV evaluation log.")

    # Topics
    partitions: Count = Field(4, description="Partitions of every topic. Fixed once the topics exist.")
    replication: Count = Field(1, description="Replicas of every topic's partitions.")

    # Worker
    app_id: str = Field("stream-app", description="Faust application id and consumer group of the workers.")
    worker_id: str | None = Field(
        None, description="Name of this worker in its group, kept over restarts for a fast take-over. Empty: none."
    )
    max_message_bytes: Count = Field(256 * 1024, description="Largest input message that is admitted, in bytes.")
    ahead_days: Days = Field(
        1.0,
        description="Days by which the moment that an input message speaks of may lie ahead of its record's timestamp;"
        " beyond it is refused. Kickoffs may lie ahead as far as they like.",
    )
    merge_idle_s: Seconds = Field(
        60.0, description="Seconds for which an input that the brokers do not give is waited for by the other one."
    )
    live_patience_s: Seconds = Field(
        1.0, description="Seconds that a message sent as it happened waits at the most for older ones of another input."
    )
    checkpoint_interval_s: Seconds = Field(2.0, description="Seconds between two checkpoints.")
    checkpoint_entries: Count = Field(
        20_000, description="Applied log entries after which a checkpoint is due at once."
    )
    checkpoint_bytes_per_s: Count = Field(
        20_000_000, description="Bytes of snapshots written a second, on average; above it checkpoints come less often."
    )
    snapshot_piece_bytes: Annotated[int, Field(ge=1_000, le=900_000)] = Field(
        700_000,
        description="Largest record of a snapshot, in bytes; a larger snapshot is cut into pieces of this size.",
    )
    snapshot_key: SecretStr = Field(
        SecretStr("local-development-only"),
        description="Key that signs snapshots (HMAC-SHA256). Set your own in production.",
    )

    # Leagues
    models: Annotated[str, AfterValidator(_names)] = Field(
        ",".join(LeagueConfig().models),
        description="Names of the models that predict, comma-separated; the first is champion.",
    )
    national: str = Field(
        "international,world cup,nations league,nations cup,european championship,copa america",
        description="Competitions of national teams: those whose name contains one of these words, in any case,"
        " comma-separated. All others are leagues of clubs.",
    )
    virtual: str = Field(
        "virtual,esoccer,simulated",
        description="Competitions whose scores a program draws: those whose name contains one of these words, in any"
        " case, comma-separated. Their scores are tested for randomness too.",
    )
    window: Count = Field(100, description="Matches in the rolling figures of the scoreboard.")
    decay_drop: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.05, description="Relative fall of a rolling figure without which there is no alert."
    )
    alert_rate: Annotated[float, Field(ge=1e-6, lt=1000)] = Field(
        0.1,
        description="False alarms of decay and calibration in 1,000 matches, at the most, about one model. To have"
        " fewer takes longer to be sure (docs/alerts.md).",
    )
    check_hours: Annotated[float, Field(gt=0, le=876_600)] = Field(
        24.0, description="Hours of event time after which alerts are looked at even though no result has come."
    )
    uncertain_below: Annotated[float, Field(ge=0, le=1)] = Field(
        0.40, description="Confidence below which a forecast is marked uncertain."
    )
    cold_matches: Annotated[int, Field(ge=0)] = Field(
        30, description="Results that a model has to learn before its forecasts are no longer blocked."
    )
    conflict_within: Annotated[float, Field(ge=0, le=1)] = Field(
        0.10, description="Distance of the two largest probabilities up to which a forecast is in conflict."
    )
    expire_after_days: Days = Field(
        30.0, description="Days after kickoff at which a prediction without a result expires."
    )
    remember_days: Days = Field(
        60.0,
        description="Days of event time for which a match that is over is remembered for corrections and duplicates."
        " A virtual league with thousands of matches a day needs less.",
    )
    odds: Annotated[str, AfterValidator(_odds)] = Field(
        "odds_home,odds_draw,odds_away;AvgH,AvgD,AvgA;B365H,B365D,B365A",
        description="Names of the features that are decimal odds of home win, draw and away win, the preferred ones"
        " first.",
    )

    # Lifecycle of the models
    promote_matches: Count = Field(100, description="Scored matches before a challenger can be proposed as champion.")
    promote_days: Annotated[float, Field(ge=0, le=36_525)] = Field(
        7.0, description="Days of event time over which these matches have to stretch."
    )
    promote_gain: Annotated[float, Field(ge=0)] = Field(
        0.03, description="Least gain in skill of a challenger, relative to the champion's."
    )
    promote_alpha: Annotated[float, Field(gt=0, lt=1)] = Field(
        0.05, description="Probability with which a challenger that is no better may ever be proposed."
    )
    promote_scope: EvidenceScope = Field(
        "competition",
        description="Whose matches are the evidence for a promotion: those of its own competition, or of all that have"
        " the same pair of models (`stream-app watch-evidence` has to run then).",
    )
    approval: Approval = Field(
        "manual", description="manual: a proposed promotion waits for a person. auto: it is carried out at once."
    )
    rollback: Approval = Field(
        "manual", description="The same for the way back from a champion that has proven worse than the one before."
    )
    reinforce: ReinforceOn = Field(
        "both",
        description="What makes a model try to mend itself: rule (confident errors), promises (more errors than its"
        " confidences promise), both, off.",
    )
    reinforce_confidence: Annotated[float, Field(ge=0, le=1)] = Field(
        0.70, description="The rule: confidence from which a wrong forecast counts."
    )
    reinforce_errors: Count = Field(10, description="The rule: wrong forecasts that it takes.")
    reinforce_days: Days = Field(7.0, description="The rule: days of event time over which they are counted.")
    reinforce_rate: Annotated[float, Field(gt=0, le=1)] = Field(
        0.01, description="Step of the fine-tuning on wrong forecasts that is tried."
    )
    reinforce_matches: Annotated[int, Field(ge=0, le=2_000)] = Field(
        400, description="Recent matches that are kept for building and judging what is tried; 0 switches it off."
    )

    # Web
    web_host: str = Field("127.0.0.1", description="Address on which the live view listens.")
    web_port: Port = Field(8080, description="Port of the live view; 0 takes a free one.")
    web_tokens: SecretStr = Field(
        SecretStr(""),
        description="Who may sign in to the live view, name:role:hash[,name:role:hash] as `stream-app web-token` prints"
        " them. Empty: nobody, it is read-only.",
    )
    web_session_key: SecretStr | None = Field(
        None,
        description="Key that signs the sessions of the live view. Empty: a random one, with which a restart signs"
        " everybody out; several web processes need the same one.",
    )
    web_batch_ms: Count = Field(
        300, description="Milliseconds over which changes are gathered into one push to browsers."
    )

    # HTTP gateway
    gateway_host: str = Field("127.0.0.1", description="Address on which the HTTP gateway listens.")
    gateway_port: Port = Field(8090, description="Port of the HTTP gateway; 0 takes a free one.")
    gateway_tokens: SecretStr = Field(
        SecretStr(""),
        description="Who may send through the gateway: client:sha256[,client:sha256]; `stream-app gateway-token` makes"
        " them.",
    )
    gateway_messages_per_s: Annotated[float, Field(gt=0)] = Field(
        2_000.0, description="Messages a second that the gateway takes from one client in the long run."
    )
    gateway_burst: Count = Field(
        10_000, description="Messages that the gateway takes from one client at once; no batch can have more."
    )
    gateway_body_bytes: Count = Field(
        8 * 1024 * 1024, description="Largest body of a request to the gateway, in bytes."
    )
    gateway_answer_s: Seconds = Field(
        20.0, description="Seconds that a request to the gateway waits for the brokers before it is answered with 503."
    )

    # Monitoring
    metrics_host: str = Field("127.0.0.1", description="Address on which a process shows its metrics and its health.")
    metrics_port: Port | None = Field(
        None,
        description="Port of a process's metrics and health, another one for each process of a machine; 0 takes a free"
        " one. Not set: they are not served.",
    )

    # Notification
    notify_webhooks: SecretStr | None = Field(
        None, description="Addresses that are told by POST, comma-separated, each a receiver of its own. Not set: none."
    )
    notify_webhook_key: SecretStr | None = Field(None, description="Key that signs webhooks (HMAC-SHA256).")
    notify_smtp_host: str | None = Field(None, description="Mail server. Not set: no e-mail.")
    notify_smtp_port: Port = Field(587, description="Port of the mail server.")
    notify_smtp_security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="How the mail server is spoken to: starttls, tls, or none (only without a login)."
    )
    notify_smtp_ca: Path | None = Field(
        None, description="File of certificates to trust for the mail server besides the system's."
    )
    notify_smtp_user: str | None = Field(None, description="Name to log in to the mail server with. Not set: no login.")
    notify_smtp_password: SecretStr | None = Field(None, description="Password to log in to the mail server with.")
    notify_mail_from: str = Field("", description="Sender of e-mails.")
    notify_mail_to: str = Field("", description="Receivers of e-mails, comma-separated.")
    notify_severity: Literal["info", "warning", "critical"] = Field(
        "info", description="Least severity that is told. News of models are info."
    )
    notify_kinds: str = Field(
        "", description="Kinds of alerts and model events that are told, comma-separated. Empty: all."
    )
    notify_competitions: str = Field(
        "",
        description="Competitions that are told of: those whose name contains one of these words, in any case,"
        " comma-separated. Empty: all.",
    )
    notify_quiet: str = Field(
        "", description="Hours of the day, HH:MM-HH:MM, in which only what is critical is told. Empty: none."
    )
    notify_quiet_zone: str = Field("UTC", description="Time zone of the quiet hours, such as Europe/Berlin.")
    notify_digest_s: Annotated[float, Field(ge=0)] = Field(
        0.0, description="Seconds for which what is not critical is gathered into one message; 0 for not at all."
    )
    notify_give_up_s: Seconds = Field(
        86_400.0, description="Seconds for which a receiver that is away is tried before a message is a dead letter."
    )
    notify_timeout_s: Seconds = Field(10.0, description="Seconds that a receiver may take for an answer.")

    @property
    def model_names(self) -> tuple[str, ...]:
        """The models that predict, champion first."""
        return _split(self.models)

    def league_config(self, competition: str) -> LeagueConfig:
        """The configuration that these settings give to `competition`."""
        return LeagueConfig(
            kind="national" if _names_one(competition, self.national) else "league",
            models=self.model_names,
            window=self.window,
            decay_drop=self.decay_drop,
            alert_rate=self.alert_rate,
            check_hours=self.check_hours,
            cold_matches=self.cold_matches,
            uncertain_below=self.uncertain_below,
            conflict_within=self.conflict_within,
            expire_after_days=self.expire_after_days,
            remember_days=self.remember_days,
            odds=tuple((home, draw, away) for home, draw, away in _triples(self.odds)),
            virtual=_names_one(competition, self.virtual),
            promote_matches=self.promote_matches,
            promote_days=self.promote_days,
            promote_gain=self.promote_gain,
            promote_alpha=self.promote_alpha,
            promote_scope=self.promote_scope,
            approval=self.approval,
            rollback=self.rollback,
            reinforce=self.reinforce,
            reinforce_confidence=self.reinforce_confidence,
            reinforce_errors=self.reinforce_errors,
            reinforce_days=self.reinforce_days,
            reinforce_rate=self.reinforce_rate,
            reinforce_matches=self.reinforce_matches,
        )


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process.

    Raises
    ------
    InvalidInput
        A variable has a value that its setting does not take; the text names the variable, the value and the reason.
    """
    return load()


def load(**overrides: object) -> Settings:
    """Read the settings anew, with `overrides` on top of environment and file. Raises InvalidInput like `settings`."""
    try:
        return Settings(**overrides)  # type: ignore[arg-type]  # names and values are checked by pydantic
    except ValidationError as error:
        problems = [
            f"STREAM_APP_{'_'.join(str(part) for part in item['loc']).upper()}={item.get('input')!r}: "
            + item["msg"].removeprefix("Value error, ")
            for item in error.errors(include_url=False)
        ]
        raise InvalidInput("settings: " + "; ".join(problems)) from None
