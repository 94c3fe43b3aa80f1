"""The shared fixtures are what they promise to be."""

from __future__ import annotations

import asyncpg
from playwright.async_api import Page

from stream_app.topics import TOPICS
from tests.support import topics


async def test_what_is_produced_is_read_back_in_order(kafka: str) -> None:
    name = topics.fresh_name()
    await topics.create(kafka, name, partitions=2)
    messages: list[topics.Message] = [(name, b"key", str(number).encode()) for number in range(500)]
    await topics.produce(kafka, messages)

    assert [record.value for record in await topics.read_all(kafka, name)] == [value for _, _, value in messages]


async def test_a_clean_broker_takes_the_services_topics(clean_kafka: str) -> None:
    await topics.create_all(clean_kafka)
    await topics.produce(clean_kafka, [(TOPICS[0].name, b"key", b"value")])


async def test_a_clean_broker_has_forgotten_the_messages_of_the_test_before(clean_kafka: str) -> None:
    await topics.create_all(clean_kafka)

    assert await topics.read_all(clean_kafka, TOPICS[0].name) == []


async def test_a_database_is_empty_and_of_the_promised_version(database: str) -> None:
    connection = await asyncpg.connect(database)
    try:
        assert connection.get_server_version().major == 18
        assert await connection.fetchval("select count(*) from pg_tables where schemaname = 'public'") == 0
    finally:
        await connection.close()


async def test_a_page_is_a_real_browser(page: Page) -> None:
    await page.set_content("<h1 id=title>before</h1><script>title.textContent = 'after'</script>")

    assert await page.text_content("h1") == "after"
