from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from stream_app.web.recent import Newest, RecentIds, slug


def test_an_id_is_new_once() -> None:
    ids = RecentIds(10)
    assert ids.add("a")
    assert not ids.add("a")
    assert "a" in ids


@given(st.lists(st.text(max_size=3)), st.integers(1, 5))
def test_exactly_the_last_ids_are_remembered(names: list[str], capacity: int) -> None:
    ids = RecentIds(capacity)
    order: list[str] = []
    for name in names:
        assert ids.add(name) == (name not in order[-capacity:])
        if name not in order[-capacity:]:
            order.append(name)
    assert [name for name in set(names) if name in ids] == [name for name in set(names) if name in order[-capacity:]]


def test_putting_a_value_again_makes_it_the_newest() -> None:
    held: Newest[int] = Newest(2)
    held.put("a", 1)
    held.put("b", 2)
    held.put("a", 3)
    assert held.newest_first() == [3, 2]
    held.put("c", 4)
    assert held.get("b") is None
    assert held.pop("a") == 3
    assert held.newest_first() == [4]


@given(st.text())
def test_a_slug_is_safe_in_an_address_and_stays_what_it_is(text: str) -> None:
    made = slug(text)
    assert re.fullmatch(r"[a-z0-9._:-]*", made)
    assert slug(made) == made


@given(st.text(), st.text())
def test_two_texts_never_share_a_slug(one: str, other: str) -> None:
    assert (slug(one) == slug(other)) == (one == other)


def test_a_slug_can_be_recognised() -> None:
    assert slug("bundesliga:1995:1-fc-koeln") == "bundesliga:1995:1-fc-koeln"
    assert slug("Ligue 1 Été").startswith("ligue-1-ete-")
    assert slug("..") != ".."
