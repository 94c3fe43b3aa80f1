from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stream_app.errors import InvalidInput
from stream_app.workbench.table import Table, read_table, table_of


def csv(text: str) -> Table:
    return table_of("data.csv", text.encode())


def test_a_csv_file_and_json_lines_are_the_same_table() -> None:
    lines = csv("a,b,outcome\n1,2.5,H\n3,,D\n")
    objects = table_of("data.jsonl", b'{"a":1,"b":2.5,"outcome":"H"}\n\n{"a":3,"b":null,"outcome":"D"}\n')
    for table in (lines, objects):
        assert table.columns == ("a", "b", "outcome")
        assert [line.values(("a", "b")) for line in table.lines] == [{"a": 1.0, "b": 2.5}, {"a": 3.0}]
        assert [line.outcome("outcome") for line in table.lines] == ["H", "D"]


def test_match_features_as_kafka_has_them_are_a_table_too() -> None:
    table = table_of("data.ndjson", b'{"match_id":"m1","neutral":false,"features":{"home_form":7.5,"rest":3}}\n')
    assert table.lines[0].values(("home_form", "rest")) == {"home_form": 7.5, "rest": 3.0}
    assert table.lines[0].text("match_id") == "m1"


def test_what_excel_writes_is_read() -> None:
    table = csv("\ufeffa, b ,,\r\n 1 ,2,,\r\n\r\n,,,\r\n")
    assert table.columns == ("a", "b")
    assert [line.values(("a", "b")) for line in table.lines] == [{"a": 1.0, "b": 2.0}]


@pytest.mark.parametrize("number", ["x", "nan", "inf", "1e300", "-1e12", "1,5", "0x10"])
def test_what_is_no_number_is_named_with_its_place(number: str) -> None:
    table = csv(f'a,b\n1,2\n3,"{number}"\n')
    with pytest.raises(InvalidInput, match=rf"^data\.csv:3: b '{number}': wanted a number between"):
        table.lines[1].values(("a", "b"))


def test_a_row_without_any_number_is_no_row() -> None:
    with pytest.raises(InvalidInput, match=r"data\.csv:2: no number in it; wanted a, b"):
        csv("a,b,c\n,,x\n").lines[0].values(("a", "b"))


def test_missing_columns_are_named_beside_those_that_are_there() -> None:
    with pytest.raises(InvalidInput, match=r"data\.csv: no column c, d; wanted a, c, d \(there are a, b\)"):
        csv("a,b\n1,2\n").require(("a", "c", "d"))


def test_an_outcome_follows_from_the_goals_where_no_column_has_it() -> None:
    table = csv("a,home_goals,away_goals\n1,2,1\n1,0,0\n1,0,3\n")
    assert [line.outcome("outcome") for line in table.lines] == ["H", "D", "A"]
    with pytest.raises(InvalidInput, match=r"home_goals '1\.5': wanted a number of goals"):
        csv("a,home_goals,away_goals\n1,1.5,1\n").lines[0].outcome("outcome")


def test_another_outcome_than_the_three_is_refused() -> None:
    with pytest.raises(InvalidInput, match=r"data\.csv:2: outcome 'X': wanted H \(home win\), D \(draw\) or A"):
        csv("a,outcome\n1,X\n").lines[0].outcome("outcome")


def test_all_columns_but_names_goals_and_outcome_are_numbers_to_learn_from() -> None:
    table = csv("match_id,home,form,rest,home_goals,away_goals,outcome\nm,A,1,2,0,1,A\n")
    assert table.features("outcome") == ("form", "rest")
    with pytest.raises(InvalidInput, match=r"data\.csv:2: referee 'Smith': .*--features if this is not one"):
        csv("form,referee,outcome\n1,Smith,H\n").features("outcome")
    with pytest.raises(InvalidInput, match="no column of numbers; wanted some beside outcome"):
        csv("home,outcome\nA,H\n").features("outcome")


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("data.csv", b"", "no line in it"),
        ("data.csv", b"a,b\n", "no line in it; wanted a header and lines"),
        ("data.csv", b"a,b\n1,2,3\n", "data.csv:2: 3 fields; wanted 2, as many as the header names"),
        ("data.csv", b"a,a\n1,2\n", "data.csv:1: column 'a' twice; wanted each once"),
        ("data.csv", b"a,b\n\xff,2\n", "byte 4 is not UTF-8"),
        ("data.csv", b'a,b\n"1,2\n', "wanted a CSV file"),
        ("data.jsonl", b"", "no line in it; wanted an object a line"),
        ("data.jsonl", b"[1]\n", r"data.jsonl:1: '\[1\]': wanted an object on each line"),
        ("data.jsonl", b'{"a":\n', "data.jsonl:1: not JSON"),
    ],
)
def test_a_file_that_is_no_table_is_refused_with_the_place_and_the_reason(
    name: str, content: bytes, reason: str
) -> None:
    with pytest.raises(InvalidInput, match=reason):
        table_of(name, content)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("data.csv", b"a,b\n1,2\n1,2,3\n4,5\n", "data.csv:3: 3 fields; wanted 2"),
        ("data.jsonl", b'{"a":1}\n[1]\n{"a":2}\n', r"data.jsonl:2: '\[1\]': wanted an object"),
        ("data.jsonl", b'{"a":1}\n{\n{"a":2}\n', "data.jsonl:2: not JSON"),
    ],
)
def test_a_line_that_cannot_be_read_says_so_when_it_is_asked_and_spoils_no_other_one(
    name: str, content: bytes, reason: str
) -> None:
    table = table_of(name, content)
    good, bad, also_good = table.lines
    assert (good.values(("a",)), len(also_good.values(("a",)))) == ({"a": 1.0}, 1)
    with pytest.raises(InvalidInput, match=reason):
        bad.values(("a",))
    with pytest.raises(InvalidInput, match=f"{reason}[^-]*$"):
        table.features("outcome")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"file .*none\.csv: No such file or directory; wanted a CSV file"):
        read_table(tmp_path / "none.csv")


def test_a_truth_of_json_is_no_number() -> None:
    table = table_of("data.jsonl", b'{"a":true,"b":[1]}\n')
    for name in ("a", "b"):
        with pytest.raises(InvalidInput, match=rf"data\.jsonl:1: {name} .*: wanted a number"):
            table.lines[0].values((name,))


CELLS = st.text('ab,"\n\r\x00H1.5-e{}[]:\ufeff ', max_size=60)


def refusal(call: Callable[[], object]) -> str | None:
    """Why `call` is refused; None when it is not."""
    try:
        call()
    except InvalidInput as refused:
        return str(refused)
    return None


@given(st.sampled_from(["d.csv", "d.jsonl"]), CELLS.map(str.encode) | st.binary(max_size=60))
def test_whatever_a_file_holds_it_is_a_table_or_refused(name: str, content: bytes) -> None:
    reason = refusal(lambda: table_of(name, content))
    if reason is not None:
        assert reason.startswith(name)
        return
    table = table_of(name, content)
    assert table.lines
    for line in table.lines:
        assert set(line.fields) <= set(table.columns)
        reason = refusal(partial(line.values, table.columns))
        if reason is None:
            assert all(abs(value) < 1e12 for value in line.values(table.columns).values())
        else:
            assert reason.startswith(f"{name}:{line.number}: ")
