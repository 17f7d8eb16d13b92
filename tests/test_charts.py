"""Charts are arithmetic: what a picture shows sums up, nothing is negative, nothing is not shown as nought."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from metrics.charts.bars import Bar, lying, standing
from metrics.charts.geometry import bounds, broken_path, g, step_of
from metrics.charts.heat import IN_TIME, level, triangle
from metrics.charts.lines import Series, interval, line_chart, spark
from metrics.charts.recovery import HEIGHT, Column, Flow, picture
from metrics.charts.shares import STACK_FLOOR, STACK_TOP, Month, share_chart

NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|nan|inf")


def word(value: float) -> str:
    return f"{value:g}"


def numbers(text: str) -> list[float]:
    return [float(found) for found in NUMBER.findall(text)]


# --- ground -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("value", "text"), [(0, "0"), (-0.01, "0"), (12.34, "12.3"), (1e6, "1000000"), (3.0, "3")])
def test_a_coordinate_is_short_and_never_an_exponent(value: float, text: str) -> None:
    assert g(value) == text


@given(st.lists(st.none() | st.floats(-1e6, 1e6), max_size=30))
def test_an_axis_holds_all_its_values(values: list[float | None]) -> None:
    low, high, ticks = bounds(values)
    known = [v for v in values if v is not None]
    assert low < high
    slack = 1e-6 * max(1.0, high - low)  # far less than a pixel
    assert all(low - slack <= v <= high + slack for v in known)
    assert 2 <= len(ticks) <= 7
    assert all(before < after for before, after in pairwise(ticks))


def test_percentages_never_leave_their_scale() -> None:
    assert bounds([99.5, 100.0], floor_at=0, ceil_at=100)[1] == 100
    assert bounds([0.0, 0.0], floor_at=0, ceil_at=100)[0] == 0


@given(st.floats(1e-6, 1e9))
def test_steps_are_round(span: float) -> None:
    step = step_of(span)
    assert span / step <= 4 + 1e-6
    assert f"{step:e}"[:3] in {"1.0", "2.0", "2.5", "5.0"}


def test_a_line_breaks_where_a_value_is_missing() -> None:
    assert broken_path([(0, 0), (1, 1), None, (3, 3), None, (5, 5), (6, 6)]) == "M0 0L1 1M2 3h2M5 5L6 6"
    assert broken_path([]) == broken_path([None]) == ""


# --- lines ------------------------------------------------------------------------------------------------------------


def test_the_unripe_part_is_dotted_and_hatched() -> None:
    chart = line_chart(
        [Series([80.0, 85.0, 90.0, 60.0], "as decided")],
        ["w1", "w2", "w3", "w4"],
        titles=["a", "b", "c", "d"],
        word=word,
        target=90.0,
        ripe=3,
        floor_at=0,
        ceil_at=100,
    )
    line = chart.lines[0]
    assert line.path.count("L") == 2
    assert line.dotted.count("L") == 1
    assert line.path.split("L")[-1] == line.dotted.split("L")[0].removeprefix("M"), "the dotted part starts at the end"
    assert chart.hatch is not None
    assert chart.target is not None
    assert [hit.title for hit in chart.hits] == ["a", "b", "c", "d"]


def test_nothing_at_all_is_no_line_at_nought() -> None:
    chart = line_chart([Series([None, None], "x")], ["a", "b"], word=word)
    assert chart.empty
    assert chart.lines[0].path == chart.lines[0].dotted == ""
    assert not chart.hits
    assert line_chart([Series([], "x")], [], word=word).empty


def test_names_of_lines_that_end_together_stand_apart() -> None:
    chart = line_chart([Series([50.0, 50.0], "one"), Series([50.0, 50.0], "two")], ["a", "b"], word=word)
    ys = [float(line.label_y) for line in chart.lines]
    assert abs(ys[0] - ys[1]) >= 14


def test_a_series_of_another_length_is_refused() -> None:
    with pytest.raises(ValueError, match="one value per label"):
        line_chart([Series([1.0])], ["a", "b"], word=word)


@given(st.lists(st.none() | st.floats(-100, 100), max_size=60))
def test_a_spark_stays_in_its_box(values: list[float | None]) -> None:
    drawn = spark(values, [v if v is None else v - 40 for v in values], [v if v is None else v + 40 for v in values])
    assert all(-1 <= n <= 221 for n in numbers(drawn.path.replace("h2", "") + drawn.band))


@given(st.floats(-100, 100), st.floats(0, 50), st.none() | st.floats(-100, 100))
def test_an_interval_lies_around_its_value(value: float, half: float, previous: float | None) -> None:
    drawn = interval(value, value - half, value + half, previous)
    start, _seven, end = numbers(drawn.bar.replace("H", " "))
    assert 4 <= start <= float(drawn.dot) <= end <= 216


# --- bars and stacks --------------------------------------------------------------------------------------------------


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), max_size=12))
def test_bars_are_in_proportion_and_never_negative(values: list[tuple[int, int]]) -> None:
    bars = [Bar("x", value, part=min(part, value)) for value, part in values]
    assert all(0 <= float(one.length) <= 204 for one in lying(bars).bars)
    for one in standing(bars).bars:
        assert 0 <= float(one.part_height or 0) <= float(one.height) + 0.1
        assert float(one.y) >= 0


def test_no_bars_is_no_division() -> None:
    assert lying([]).bars == standing([]).bars == []
    assert lying([Bar("none", 0)]).bars[0].length == "0"


def test_a_phone_is_drawn_for_apart_with_more_of_each_name() -> None:
    long = Bar("Service › " + "a name that is longer than any bar is wide " * 2, 7)
    wide = lying([Bar("Fees", 3), long])
    narrow = wide.narrow
    assert narrow is not None
    assert int(narrow.width) < int(wide.width)
    assert [one.length for one in narrow.bars] == [one.length for one in wide.bars]
    assert wide.bars[0].name == narrow.bars[0].name == "Fees"
    assert "Service" not in wide.bars[1].name
    assert len(wide.bars[1].name) < len(narrow.bars[1].name)
    assert narrow.bars[1].name.endswith("…")
    for one in narrow.bars:
        assert float(one.name_y) < float(one.bar_y), "the name stands over its bar"


@given(st.integers(0, 50), st.integers(0, 50), st.integers(1, 50))
def test_the_shares_of_a_month_fill_its_stack(promoters: int, passives: int, detractors: int) -> None:
    n = promoters + passives + detractors
    shares = (100 * promoters / n, 100 * passives / n, 100 * detractors / n)
    chart = share_chart([Month("May", 10, 5, 15, shares)], word=word)
    assert len(chart.blocks) == sum(share > 0 for share in shares)
    assert all(float(block.height) > 0 for block in chart.blocks)
    last = chart.blocks[-1]
    assert float(last.y) + float(last.height) == pytest.approx(STACK_FLOOR - 1.5, abs=1.2)
    assert float(chart.blocks[0].y) == STACK_TOP
    ys = [float(name.y) for name in chart.names]
    assert all(after - before >= 13 for before, after in pairwise(ys))


def test_a_month_without_answers_has_no_stack() -> None:
    chart = share_chart([Month("May"), Month("June")], word=word)
    assert chart.empty
    assert not chart.blocks
    assert chart.line == chart.band == ""
    assert share_chart([], word=word).empty


# --- cells ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "n", "ground"),
    [(None, 50, 0), (100.0, 19, 0), (71.9, 20, 1), (72.0, 20, 2), (87.9, 99, 3), (93.9, 99, 4), (94.0, 20, 5)],
)
def test_few_cases_get_no_colour(value: float | None, n: int, ground: int) -> None:
    assert level(value, n, IN_TIME) == ground


def test_what_is_not_reached_stays_blank() -> None:
    assert triangle([[100.0, 90.0], [100.0]], 3) == [[100.0, 90.0, None], [100.0, None, None]]


# --- the recovery picture ---------------------------------------------------------------------------------------------

KINDS = Column("Complaint", {"a": "Billing", "b": "Delivery", "c": "Product"})
SCORES = Column("Score", {"p": "Promoter", "d": "Detractor", "-": "No answer"})
REMEDIES = Column("Remedy", {"r": "Refund", "n": "None"})


@given(
    st.lists(
        st.builds(
            lambda kind, remedy, score, stayed, left: Flow((kind, remedy, score), stayed, left),
            st.sampled_from("abc"),
            st.sampled_from("rn"),
            st.sampled_from("pd-"),
            st.integers(0, 400),
            st.integers(0, 400),
        ),
        max_size=20,
    )
)
def test_ribbons_sum_to_their_boxes(flows: list[Flow]) -> None:
    drawn = picture([KINDS, REMEDIES, SCORES], flows, "Still a customer")
    people = sum(flow.stayed + flow.left for flow in flows)
    if not people:
        assert drawn is None
        return
    assert drawn is not None
    assert drawn.people == drawn.stayed + drawn.left == people
    for column in (0, 1, 2):
        boxes = [box for box in drawn.boxes if box.column == column]
        assert sum(box.people for box in boxes) == people
        for box in boxes:
            for gone, expected in ((False, box.stayed), (True, box.left)):
                out = [one for one in drawn.ribbons if one.source == box.name and one.gone is gone]
                assert sum(one.people for one in out) == expected
                into = [one for one in drawn.ribbons if one.target == box.name and one.gone is gone]
                assert sum(one.people for one in into) == (expected if column else 0)
            assert float(box.stayed_height) + float(box.left_height) == pytest.approx(float(box.height), abs=0.15)
            assert float(box.y) >= 0
            assert float(box.y) + float(box.height) <= HEIGHT + 0.5
    assert all(one.thickness > 0 for one in drawn.ribbons)
    for kind, expected in (("stayed", drawn.stayed), ("left", drawn.left)):
        ends = [one for one in drawn.finishes if one.kind == kind]
        assert sum(one.people for one in ends) == expected
        assert sum(one.people for one in drawn.ribbons if not one.target and one.gone is (kind == "left")) == expected


def test_boxes_of_a_column_do_not_overlap() -> None:
    flows = [Flow((kind, score), 10, 2) for kind in "abc" for score in "pd-"]
    drawn = picture([KINDS, SCORES], flows, "Still a customer")
    assert drawn is not None
    for column in (0, 1):
        boxes = [box for box in drawn.boxes if box.column == column]
        assert all(float(before.y) + float(before.height) < float(after.y) + 0.2 for before, after in pairwise(boxes))


def test_nobody_is_no_picture() -> None:
    assert picture([KINDS, SCORES], [], "Still a customer") is None
    assert picture([], [], "Still a customer") is None


def test_a_flow_must_fit_its_columns() -> None:
    for wrong in (Flow(("a",), 1, 1), Flow(("a", "x"), 1, 1), Flow(("a", "p"), -1, 1)):
        with pytest.raises(ValueError, match=r"."):
            picture([KINDS, SCORES], [wrong], "Still a customer")
