from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from stream_app.durability.precedence import OVERTAKEN, Precedence


def line(*entries: str) -> Precedence[str]:
    """Entries such as "alpha features 1": a competition, what it is, and a number that tells it from others."""
    made: Precedence[str] = Precedence()
    for entry in entries:
        competition, kind, _ = entry.split()
        made.add(competition, entry, urgent=kind == "features")
    return made


def all_of(precedence: Precedence[str]) -> list[str]:
    taken: list[str] = []
    while (entry := precedence.take()) is not None:
        taken.append(entry)
    return taken


def test_features_overtake_what_other_competitions_have_to_learn() -> None:
    waiting = line("alpha result 1", "beta result 2", "gamma features 3", "delta features 4")
    assert all_of(waiting) == ["gamma features 3", "delta features 4", "alpha result 1", "beta result 2"]


def test_what_stands_before_features_in_their_own_competition_goes_before_them_and_with_them() -> None:
    waiting = line("alpha result 1", "beta result 2", "beta result 3", "beta features 4", "beta result 5")
    assert all_of(waiting) == ["beta result 2", "beta result 3", "beta features 4", "alpha result 1", "beta result 5"]


def test_competitions_in_which_nothing_is_urgent_take_turns() -> None:
    waiting = line("alpha result 1", "alpha result 2", "beta result 3", "beta result 4")
    assert all_of(waiting) == ["alpha result 1", "beta result 3", "alpha result 2", "beta result 4"]


def test_nothing_waits_for_ever_however_many_features_come() -> None:
    waiting = line("alpha result 0")
    taken: list[str] = []
    for number in range(OVERTAKEN + 2):
        waiting.add(f"c{number}", f"c{number} features {number}", urgent=True)
        taken.append(waiting.take() or "")
    assert taken.index("alpha result 0") == OVERTAKEN


def test_it_tells_how_many_entries_wait_and_after_clear_nothing_of_before_comes_out() -> None:
    waiting = line("alpha result 1", "alpha features 2", "beta result 3")
    waiting.take()
    assert len(waiting) == 2
    waiting.clear()
    assert (len(waiting), waiting.take()) == (0, None)
    waiting.add("alpha", "alpha result 4", urgent=False)
    assert waiting.take() == "alpha result 4"


@given(added=st.lists(st.tuples(st.sampled_from("abcd"), st.booleans()), max_size=200), taking=st.lists(st.booleans()))
def test_each_competition_keeps_its_order_and_nothing_is_lost_whatever_comes_when(
    added: list[tuple[str, bool]], taking: list[bool]
) -> None:
    waiting: Precedence[tuple[str, int]] = Precedence()
    taken: list[tuple[str, int]] = []
    for number, (competition, urgent) in enumerate(added):
        waiting.add(competition, (competition, number), urgent=urgent)
        if number < len(taking) and taking[number] and (entry := waiting.take()) is not None:
            taken.append(entry)
        assert len(waiting) == number + 1 - len(taken)
    while (entry := waiting.take()) is not None:
        taken.append(entry)
    for name in "abcd":
        assert [number for competition, number in taken if competition == name] == [
            number for number, (competition, _) in enumerate(added) if competition == name
        ]
