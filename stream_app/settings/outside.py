"""Settings of what is outside the process: Kafka, its topics, the database, the data folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings

from stream_app.settings.values import Addresses, Count, File, Seconds, beginning_of_names


class OutsideSettings(BaseSettings):
    """Where Kafka and the database are, and how the topics are laid out."""

    # Where the outside world is
    kafka: Addresses | None = Field(
        None, description="Kafka's bootstrap servers, host:port[,host:port]. Empty: the local stack."
    )
    kafka_security: Literal["plaintext", "ssl", "sasl_ssl"] = Field(
        "plaintext",
        description="How Kafka is spoken to: plaintext, ssl (TLS, a client's certificate says who we are), or sasl_ssl"
        " (TLS, a user and a password say it).",
    )
    kafka_sasl_mechanism: Literal["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"] = Field(
        "SCRAM-SHA-512", description="How user and password are proven: SCRAM-SHA-512, SCRAM-SHA-256 or PLAIN."
    )
    kafka_user: str | None = Field(None, description="User of the brokers, with sasl_ssl.")
    kafka_password: SecretStr | None = Field(None, description="Password of that user.")
    kafka_ca: File = Field(
        None, description="File of certificates (PEM) to trust for the brokers. Not set: those of the system."
    )
    kafka_certificate: File = Field(
        None, description="File of our own certificate (PEM), with its chain, for brokers that ask for one."
    )
    kafka_certificate_key: File = Field(
        None, description="File of the key of our certificate (PEM, not encrypted), when it is not in the same file."
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
    topic_prefix: Annotated[str, AfterValidator(beginning_of_names)] = Field(
        "",
        description="What all our topics, consumer groups and members of groups begin with on a cluster that others use"
        " too, such as `football.`. Fixed once the topics exist.",
    )
    partitions: Count = Field(4, description="Partitions of every topic. Fixed once the topics exist.")
    replication: Count = Field(1, description="Replicas of every topic's partitions.")

    @model_validator(mode="after")
    def _access_is_whole(self) -> Self:
        """Raises ValueError if a part of the access to Kafka is missing, or could never be used."""
        sasl, tls = self.kafka_security == "sasl_ssl", self.kafka_security != "plaintext"
        for name in ("kafka_user", "kafka_password"):
            if sasl and not getattr(self, name):
                raise ValueError(f"STREAM_APP_KAFKA_SECURITY=sasl_ssl needs STREAM_APP_{name.upper()}")
            if not sasl and getattr(self, name):
                raise ValueError(f"STREAM_APP_{name.upper()} needs STREAM_APP_KAFKA_SECURITY=sasl_ssl")
        for name in ("kafka_ca", "kafka_certificate", "kafka_certificate_key"):
            file: Path | None = getattr(self, name)
            if file and not tls:
                raise ValueError(f"STREAM_APP_{name.upper()} needs STREAM_APP_KAFKA_SECURITY=ssl or sasl_ssl")
            if file and not file.is_file():
                raise ValueError(f"STREAM_APP_{name.upper()}={str(file)!r}: there is no such file")
        if self.kafka_certificate_key and not self.kafka_certificate:
            raise ValueError("STREAM_APP_KAFKA_CERTIFICATE_KEY needs STREAM_APP_KAFKA_CERTIFICATE")
        return self
