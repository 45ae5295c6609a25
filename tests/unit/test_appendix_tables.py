"""The appendix tables: their cells against values worked by hand, and every number traced to an input with a source."""

import json
import shutil
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from stages.appendix_inputs import MODELS, Quantity
from stages.errors import UserError
from stages.table import Built, as_json, build_table, load_spec, parameter_names
from stages.table_inputs import TABLE_INPUTS, load_table_input
from stages.table_spec import InputName
from stages.validation import validate
from stages.yaml_files import read_yaml
from tests.conftest import ROOT

TABLES = [f"tab{number}" for number in range(14, 22)]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The inputs of the tables in a folder of their own."""
    shutil.copytree(ROOT / "params", tmp_path / "params")
    (tmp_path / "bench/results").mkdir(parents=True)
    shutil.copy(ROOT / "bench/results/attention.json", tmp_path / "bench/results")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def built(table: str) -> Built:
    spec = load_spec(Path(f"params/tables/{table}.yaml"))
    return build_table(spec, {}, parameter_names(spec, {}), "en")


def values(table: str, column: str) -> dict[str, Any]:
    """Exact values of a column by row."""
    return {row: cells[column][0].exact.value for row, cells in built(table).rows.items()}


def printed(table: str, column: str) -> list[str]:
    return [cells[column][0].printed for cells in built(table).rows.values()]


def test_memory_of_an_a100(project: Path) -> None:
    """108 x 256 KiB of registers; 108 x 128 bytes and 5,120 bytes at 1.41 GHz; 312 TFLOPS over 1.555 TB/s; 100/64 pJ a bit."""
    assert values("tab15", "size")["registers"] == pytest.approx(28.311552)
    bandwidth = values("tab15", "bandwidth")
    assert (bandwidth["shared"], bandwidth["l2"], bandwidth["h100"]) == (pytest.approx(19.49184), pytest.approx(7.2192), 3.35)
    assert printed("tab15", "ridge") == ["2", "16", "43", "201", "153", "295"]
    assert values("tab15", "nanoseconds")["l2"] == pytest.approx(141.84, abs=0.01)
    assert values("tab15", "power")["l2"] == pytest.approx(1.5625e-12 * 8 * 7.2192e12)
    assert printed("tab15", "energy") == ["not measured", "0.31", "1.56", "3.92", "not measured", "not measured"]


def test_what_a_watt_and_a_dollar_buy(project: Path) -> None:
    """The thesis's own quotients (B.36, B.37, B.42 to B.44), and its TPU's, whose 1.15 TFLOPS/W are of no power that Google gives."""
    assert printed("tab16", "by_watt") == ["0.78", "0.78", "1.41", "1.43"]
    assert printed("tab16", "by_dollar") == ["102", "76", "124", "115"]
    assert values("tab16", "ridge")["h100"] == pytest.approx(989.4 / 3.35)


def test_number_formats_follow_from_their_bits(project: Path) -> None:
    assert values("tab17", "bits") == {"fp32": 32, "tf32": 19, "fp16": 16, "bf16": 16, "int8": 8}
    assert printed("tab17", "largest") == ["3.40×10³⁸", "3.40×10³⁸", "6.55×10⁴", "3.39×10³⁸", "127"]
    assert printed("tab17", "normal") == ["1.18×10⁻³⁸", "1.18×10⁻³⁸", "6.10×10⁻⁵", "1.18×10⁻³⁸", "–"]
    assert printed("tab17", "subnormal") == ["1.40×10⁻⁴⁵", "1.15×10⁻⁴¹", "5.96×10⁻⁸", "9.18×10⁻⁴¹", "–"]
    assert printed("tab17", "epsilon") == ["1.19×10⁻⁷", "9.77×10⁻⁴", "9.77×10⁻⁴", "7.81×10⁻³", "1"]
    assert printed("tab17", "by_fp32") == ["1×", "8×", "16×", "16×", "32×"]


def test_links_in_one_unit(project: Path) -> None:
    """14 GB among 8 workers: 14 steps of 1.75 GB, at 450, 25 and 50 GB/s one way."""
    assert values("tab18", "bandwidth") == {"nvlink4": 450, "infiniband": 25, "ethernet": 50}
    assert values("tab18", "cost") == pytest.approx({"nvlink4": 360, "infiniband": 1000, "ethernet": 800})
    steps = {"nvlink4": 1.75e9 / 450e9 + 1e-6, "infiniband": 1.75e9 / 25e9 + 0.6e-6, "ethernet": 1.75e9 / 50e9 + 2e-6}
    assert values("tab18", "all_reduce") == pytest.approx({name: 1000 * 14 * step for name, step in steps.items()})


def test_ways_to_share_a_training(project: Path) -> None:
    """6.7e9 parameters of 16 bytes; 524,288 tokens at 6 x 6.7e9 operations each, on 8 x 312e12 x 0.4 a second: 21.11 s."""
    assert values("tab19", "memory") == pytest.approx({"data": 107.2, "zero3": 13.4, "tensor": 13.4, "pipeline": 13.4})
    activations = 524_288 * 4096 * 2 / 1e9
    sent = {"data": 2 * 13.4 * 7 / 8, "zero3": 3 * 13.4 * 7 / 8, "tensor": 4 * 32 * activations * 7 / 4, "pipeline": 2 * activations}
    assert values("tab19", "sent") == pytest.approx(sent)
    computing = 6 * 6.7e9 * 524_288 / (8 * 312e12 * 0.4)
    waits = {"data": 14, "zero3": 21, "tensor": 4 * 32 * 32 * 14, "pipeline": 2 * 32}  # messages one after the other, 1 µs each
    busy = {name: computing * (39 / 32 if name == "pipeline" else 1) for name in sent}
    shares = {name: 100 * computing / (busy[name] + sent[name] / 300 + waits[name] / 1e6) for name in sent}
    assert values("tab19", "efficiency") == pytest.approx(shares)


def test_cost_of_known_models(project: Path) -> None:
    """GPT-3: 3.15e23 operations at 124.8 TFLOPS are 29,213 GPU days, 80 years, and 2.15 million dollars at 3.06 an hour."""
    assert printed("tab20", "flops") == ["3.60×10²⁰", "3.15×10²³", "2.53×10²⁴", "5.88×10²³", "5.48×10²³"]
    assert printed("tab20", "device_days") == ["33", "29213", "234375", "54532", "50792"]
    hours = 3.15e23 / 124.8e12 / 3600
    assert values("tab20", "device_years")["gpt3"] == pytest.approx(hours / 8760)
    assert values("tab20", "dollars")["gpt3"] == pytest.approx(hours * 3.06 / 1e6) == pytest.approx(2.145, abs=1e-3)
    assert values("tab20", "energy")["gpt3"] == pytest.approx(hours * 0.4 / 1000)
    assert printed("tab20", "dollars")[0] == "0.0025"


def test_utilities_and_ranks(project: Path) -> None:
    """By hand: 0.4 - 0.3 - 0.2 - 0.08; 0.34 - 0.015 - 0.02 - 0.02; 0.32 - 0.009 - 0.016 - 0.05; 0.3 - 0.045 - 0.06 - 0.05."""
    assert values("tab21", "utility") == pytest.approx({"full": -0.18, "lora": 0.285, "quantised": 0.245, "distilled": 0.145})
    assert printed("tab21", "rank") == ["4", "1", "2", "3"]


def test_attention_is_as_measured(project: Path) -> None:
    measured = json.loads((project / "bench/results/attention.json").read_text())["methods"]
    assert values("tab14", "ms8192") == pytest.approx({name: 1000 * calls["8192"]["seconds"] for name, calls in measured.items()})
    assert values("tab14", "mib2048") == pytest.approx({name: calls["2048"]["peak_bytes"] / 1048576 for name, calls in measured.items()})
    assert printed("tab14", "pairs")[:2] == ["100%", "100%"]
    [cell] = built("tab14").rows["sdpa"]["ms512"]
    assert [(ref.path, ref.origin) for ref in cell.exact.refs] == [("$.methods.sdpa['512'].seconds", "project")]


@pytest.mark.parametrize("table", TABLES)
def test_every_number_is_traced_to_an_input(project: Path, table: str) -> None:
    one = built(table)
    for row, cells in one.rows.items():
        for column, parts in cells.items():
            for part in parts:
                assert isinstance(part.exact.value, str | None) or part.exact.refs, f"{column}.{row} comes from nowhere"
    data = as_json(load_spec(Path(f"params/tables/{table}.yaml")), "published", {"pt": one, "en": one})
    assert {place["file"] for row in data["rows"] for cell in row["cells"].values() for place in cell["parts"][0]["lineage"]} <= {
        TABLE_INPUTS[name].file for name in load_spec(Path(f"params/tables/{table}.yaml")).inputs
    }


def test_a_changed_input_changes_what_follows_from_it_and_nothing_else(project: Path) -> None:
    before = {table: built(table).rows for table in ("tab16", "tab20")}
    path = project / "params/appendix/accelerators.yaml"
    path.write_text(path.read_text().replace("value: 8.00", "value: 4.00"))
    after = {table: built(table).rows for table in before}
    changed = {
        (table, row, column)
        for table, rows in after.items()
        for row, cells in rows.items()
        for column, parts in cells.items()
        if parts[0].exact.value != before[table][row][column][0].exact.value
    }
    assert changed == {("tab16", "h100", "price"), ("tab16", "h100", "by_dollar")}
    [cell] = after["tab16"]["h100"]["by_dollar"]
    assert cell.exact.value == pytest.approx(247.35)
    assert [ref.path for ref in cell.exact.refs] == ["$.devices.h100.peak.value", "$.devices.h100.price.value"]


def test_a_rank_follows_its_utility(project: Path) -> None:
    path = project / "params/appendix/strategies.yaml"
    path.write_text(path.read_text().replace("performance: {value: 0.80", "performance: {value: 0.95"))
    assert printed("tab21", "rank") == ["4", "2", "1", "3"]


def test_an_input_without_a_source_is_refused(project: Path) -> None:
    path = project / "params/appendix/models.yaml"
    path.write_text(path.read_text().replace('source: "thesis, equation C.35"', 'source: ""'))
    with pytest.raises(UserError, match=r"params/appendix/models.yaml: costing.utilisation.source: found ''"):
        load_table_input("models")


def test_every_input_is_used_by_a_table(project: Path) -> None:
    """No figure is kept that nothing rests on."""
    used = {
        (ref.file, ref.path.removesuffix(".value"))
        for table in TABLES
        for cells in [*built(table).rows.values(), built(table).caption_parts]
        for parts in cells.values()
        for part in parts
        for ref in part.exact.refs
    }
    missing = []
    for name, given in TABLE_INPUTS.items():
        if given.file.startswith("params/appendix/"):
            content = validate(given.model, read_yaml(project / given.file), given.file)
            missing += [f"{name}{path}" for path in quantities(content) if (given.file, f"${path}") not in used]
    assert missing == []


def quantities(node: Any, path: str = "") -> list[str]:
    """Paths of the quantities below ``node`` that have a value."""
    if isinstance(node, Quantity):
        return [path] if node.value is not None else []
    inner = {name: getattr(node, name) for name in type(node).model_fields} if isinstance(node, BaseModel) else node
    return [found for name, value in inner.items() for found in quantities(value, f"{path}.{name}")] if isinstance(inner, dict) else []


def test_specs_may_name_every_input_and_no_other() -> None:
    assert set(get_args(InputName)) == set(TABLE_INPUTS)


def test_the_tables_are_of_campaigns_with_evidence_alone(project: Path) -> None:
    for table in TABLES:
        spec = load_spec(Path(f"params/tables/{table}.yaml"))
        assert spec.restricted_to([], "evidence") and spec.restricted_to([], "training") is None


def test_an_input_in_another_unit_than_the_formulas_take_is_refused() -> None:
    path = Path("params/appendix/accelerators.yaml")
    given = read_yaml(ROOT / path)
    given["devices"]["h100"]["peak"]["unit"] = "GFLOPS"
    with pytest.raises(UserError, match=r"devices\.h100\.peak\.unit: found 'GFLOPS' \(str\), expected input should be 'TFLOPS'"):
        validate(MODELS["accelerators"], given, path)
