"""Receivers that are away while alerts keep coming: what they are told once they are back.

Run it from the root of the project: python -m tests.studies.outage [--minutes 10] [--alerts 100]

A broker of its own, `stream-app notify` as a process, a web server and a mail server that do not listen for so long.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from pathlib import Path

from stream_app.dev.kafka import Kafka
from stream_app.topics import DECAY_ALERTS
from tests.notify.made import KEY, Mailbox, Receiver, alert, ids
from tests.support import programs, topics
from tests.support.waiting import until

PATIENCE_S = 180.0


async def trial(bootstrap: str, folder: Path, minutes: float, alerts: int) -> None:
    """Send alerts while nobody listens, then listen, and print what came."""
    await topics.create_all(bootstrap)
    receiver, box = Receiver(), Mailbox()
    async with receiver.listening(), box.listening():
        pass  # Both have a port now.
    env = programs.environment(
        kafka=bootstrap,
        notify_webhooks=receiver.url,
        notify_webhook_key=KEY.decode(),
        notify_smtp_host="localhost",
        notify_smtp_port=box.port,
        notify_smtp_security="none",
        notify_mail_from="us@example.org",
        notify_mail_to="anna@example.org",
    )
    values = [alert(number) for number in range(alerts)]
    with programs.running("notify", "--from-beginning", cwd=folder, env=env):
        for value in values:
            await topics.produce(bootstrap, [(DECAY_ALERTS, b"bundesliga", value)])
            await asyncio.sleep(60.0 * minutes / alerts)
        back = time.monotonic()
        async with receiver.listening(), box.listening():
            await until(
                lambda: min(len(receiver.ids), len(box.mails)) >= alerts, "everybody was told of all", PATIENCE_S
            )
            took = time.monotonic() - back
    mails = [mail["Message-ID"].split("@")[0].strip("<") for mail in box.mails]
    print(f"{alerts} alerts in {minutes:g} minutes in which nobody listened; told within {took:.0f} s of listening")
    for name, told in (("webhook", receiver.ids), ("mail", mails)):
        print(f"  {name:8} {len(told)} told, {len(set(told))} different, in order: {told == ids(values)}")


def main() -> None:
    """Make a broker, and try."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="how long nobody listens")
    parser.add_argument("--alerts", type=int, default=100, help="alerts that come in that time")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="stream-app-outage-") as folder:
        broker = Kafka(Path(folder) / "kafka")
        broker.start()
        try:
            asyncio.run(trial(broker.bootstrap, Path(folder), chosen.minutes, chosen.alerts))
        finally:
            broker.stop()


if __name__ == "__main__":
    main()
