from typing import Any

from stages.compare import compare, report, same_print, summarise


def part(printed: str, value: float = 1.0, **more: Any) -> dict[str, Any]:
    return {"name": "", "value": value, "printed": printed, "formula": "", "lineage": []} | more


def table(**cells: list[dict[str, Any]]) -> dict[str, Any]:
    made = {column: {"printed": {"pt": "".join(p["printed"] for p in parts)}, "parts": parts} for column, parts in cells.items()}
    return {"rows": [{"id": "r", "cells": made}], "caption_values": {"n": {"printed": {"pt": "3"}, "parts": [part("3", 3)]}}}


def fact(column: str, printed: str, row: str = "r") -> dict[str, str]:
    return {"table": "t", "row": row, "column": column, "printed": printed}


HABIT = {"habit": "rounded-hours", "value": 0.42, "printed": "0,42"}


def test_decimal_sign_and_kind_of_dash_do_not_matter() -> None:
    assert same_print("0,090±0,017", "0.090±0.017")
    assert same_print("\u221219,2% (PPL)", "–19.2% (PPL)")
    assert not same_print("0,90", "0.9")
    assert not same_print("1, 2", "1. 2"), "a comma that is no decimal sign stays one"


def test_verdicts() -> None:
    ours = table(a=[part("0,41", thesis=HABIT)], b=[part("1,10"), part(" (3,01)")])
    facts = [fact("a", "0.41"), fact("a", "0.42"), fact("a", "0.43"), fact("b", "1.10 (3.01)"), fact("n", "3", "caption"), fact("c", "1")]
    verdicts = compare({"t": ours}, facts)
    assert [v["verdict"] for v in verdicts] == ["equal", "equal under habit", "different", "equal", "equal", "no such cell"]
    assert verdicts[1]["habit"] == "rounded-hours"
    assert "different: t a.r: thesis 0.43, ours 0,41 (rounded-hours: 0,42)" in report(verdicts)


def test_tables_that_a_campaign_lacks_are_left_out() -> None:
    assert compare({}, [fact("a", "1")]) == []


def test_second_source() -> None:
    near, far = {"value": 1 + 1e-12}, {"value": 1 + 1e-6}
    verdicts = compare({"t": table(a=[part("1", also=near)], b=[part("1", also=far)])}, [fact("a", "1"), fact("b", "1")])
    assert [v["second_source"] for v in verdicts] == ["agrees", "disagrees"]
    assert summarise(verdicts)["second_source"] == {"agrees": 1, "disagrees": 1}
