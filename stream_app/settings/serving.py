"""Settings of what speaks to people and to other programs: live view, HTTP gateway, monitoring, notification."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from stream_app.settings.values import Count, File, Port, Seconds


class ServingSettings(BaseSettings):
    """How the live view, the gateway, the metrics and the notifier serve people and programs."""

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

    # Logs
    log_format: Literal["auto", "text", "json"] = Field(
        "auto",
        description="How a process logs: text for people, json with one object a line for programs; auto: text on a"
        " terminal, json elsewhere.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged.")

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
    notify_smtp_ca: File = Field(
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
