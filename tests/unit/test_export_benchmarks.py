import argparse
import ast
import importlib.util
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import jinja2
import pytest
import yaml

from stages.benchmarks import harness
from stages.errors import UserError
from stages.export_benchmarks import GROUP, OWN_GROUP, RUNNER, TEMPLATES, model_of, run, utils_source
from stages.generation.examples import Example
from stages.manifest import write_manifest
from stages.normalise import NORMALISERS
from stages.score import METRICS
from stages.tasks import TASKS, example_hash
from tests.conftest import ROOT


class Loader(yaml.SafeLoader):
    """YAML with the harness's tag for a function of ``utils.py``."""


Loader.add_constructor("!function", lambda _, node: ("function", node.value))

CHOICES = {"label": ["A", "B", "C"], "text": ["um", "dois", "três"]}
DOCUMENTS: dict[str, dict[str, Any]] = {
    "assin2_rte": {"premise": "Chove.", "hypothesis": "Há chuva.", "entailment_judgment": 1},
    "assin2_sts": {"premise": "Chove.", "hypothesis": "Há chuva.", "relatedness_score": 4.5},
    "faquad_nli": {"question": "Quem?", "answer": "Ana.", "label": 1},
    "hatebr": {"sentence": "Oi.", "label": 1},
    "hate_speech": {"sentence": "Oi.", "label": "1"},
    "tweetsentbr": {"sentence": "Oi.", "label": "Neutral"},
    **{name: {"question": "Quanto?", "choices": CHOICES, "answerKey": "B"} for name in ("bluex", "enem_challenge", "oab_exams")},
}
"""A made-up row of each benchmark, with the fields that public code reads."""


@pytest.fixture(scope="module")
def utils(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """``utils.py`` as the export writes it."""
    path = tmp_path_factory.mktemp("utils") / "utils.py"
    path.write_text(utils_source())
    spec = importlib.util.spec_from_file_location("exported_utils", path)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def templates() -> dict[str, dict[str, Any]]:
    """Task of each template but the group, by the file's name."""
    files = sorted((ROOT / TEMPLATES).glob("*.yaml"))
    return {file.stem: yaml.load(file.read_text(), Loader) for file in files if file.stem != "group"}  # noqa: S506


def functions(value: Any) -> Iterator[str]:
    """Functions that a task calls."""
    if isinstance(value, tuple) and value[0] == "function":
        yield value[1]
    elif isinstance(value, dict | list):
        for each in value.values() if isinstance(value, dict) else value:
            yield from functions(each)


def test_the_group_holds_every_benchmark() -> None:
    group = yaml.safe_load((ROOT / TEMPLATES / "group.yaml").read_text())
    assert group["group"] == GROUP
    assert group["task"] == [task["task"] for task in templates().values()] == [f"lastro_{name}" for name in templates()]
    assert set(templates()) == set(DOCUMENTS)


def test_tasks_call_what_is_exported_and_nothing_else() -> None:
    called = {name.removeprefix("utils.") for task in templates().values() for name in functions(task)} | {"scores"}
    assert called == set(harness.CALLED)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_task_asks_and_knows_the_right_answer(name: str, utils: ModuleType) -> None:
    task, document = templates()[name], DOCUMENTS[name]
    asks = task["doc_to_text"]
    text = utils.exam_question(document) if isinstance(asks, tuple) else jinja2.Template(asks).render(document)
    assert text.endswith("\nResposta:") and "{" not in text
    assert task["test_split"] in ("test", "train") and task["metric_list"] and task["dataset_path"].count("/") == 1
    if task["output_type"] == "multiple_choice":
        choices, target = task["doc_to_choice"], task["doc_to_target"]
        rendered = ast.literal_eval(jinja2.Template(choices).render(document)) if isinstance(choices, str) else choices
        index = document[target] if target in document else int(jinja2.Template(target).render(document))
        assert rendered[index] == {"tweetsentbr": "Neutro", "assin2_rte": "Sim"}.get(name, "B" if "choices" in document else "Sim")
        assert isinstance(asks, tuple) or all(choice in text for choice in rendered)


def test_the_exported_functions_need_nothing_of_the_project() -> None:
    nodes = list(ast.walk(ast.parse(utils_source())))
    modules = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    modules += [node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)]
    assert modules and not [name for name in modules if name.split(".")[0] in ("stages", "pydantic")]


def test_the_exported_metrics_are_the_projects(utils: ModuleType) -> None:
    texts = [
        "A casa é azul.",
        "casa azul",
        "",
        "Sim!\n\nPorque sim.",
        "\n  sim ",
        "Olá, mundo\\n um dois  um",
        "O rato roeu a roupa do rei",
    ]
    for metric, normaliser in itertools.product(METRICS, NORMALISERS):
        for output, reference in itertools.product(texts, texts):
            row = {"reference": reference, "metrics": [metric], "normaliser": normaliser}
            assert utils.scores(row, [f" {output}\n"])[metric] == METRICS[metric](output.strip(), reference, NORMALISERS[normaliser])


def test_macro_f1_and_correlation() -> None:
    assert harness.macro_f1([(0, 0), (0, 1), (1, 1), (1, 1)]) == pytest.approx((2 / 3 + 4 / 5) / 2)
    assert harness.macro_f1([(1, 1), (1, 0)]) == pytest.approx((2 / 3 + 0) / 2)
    assert harness.pearson([(1, 2), (2, 4), (3, 6)]) == pytest.approx(1)
    assert harness.pearson([(1, 3), (2, 3)]) == 0


@pytest.mark.parametrize(
    ("answer", "value", "answered"),
    [("4,5", 4.5, 1), ("A nota é 3.", 3, 1), ("2.75\n", 2.75, 1), ("10", 3, 0), ("não sei", 3, 0), ("5,9", 5, 1), ("0,5", 3, 0)],
)
def test_similarity_is_the_first_number_of_the_scale(answer: str, value: float, answered: float) -> None:
    assert harness.similarity({"relatedness_score": 4}, [answer]) == {"pearson": (4.0, value), "answered": answered}


def export(folder: Path, model: Path | str, *draws: Path) -> None:
    run(argparse.Namespace(model=str(model), adapter=None, folder=folder, draws=list(draws), campaign="published"))


@pytest.fixture
def draw(tmp_path: Path) -> Path:
    folder = tmp_path / "draw"
    folder.mkdir()
    rows = [
        Example(task=task, instruction="Diga.", input="Ação", reference=f"É {task}", hash=example_hash("Diga.", "Ação", task))
        for task in TASKS
        for _ in range(2)
    ]
    (folder / "examples.jsonl").write_text("".join(row.model_dump_json() + "\n" for row in rows))
    write_manifest(folder, "examples", "stages.draw", files=["examples.jsonl"], facts={}, parameters={"seed": 123})
    return folder


def test_own_examples_are_asked_as_the_evaluation_asks_them(
    tmp_path: Path, draw: Path, utils: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    export(tmp_path / "out", "owner/name", draw)
    group = yaml.safe_load((tmp_path / "out" / f"{OWN_GROUP}.yaml").read_text())
    assert group == {"group": OWN_GROUP, "task": [f"{OWN_GROUP}_{task}_123" for task in TASKS]}
    tokens = {}
    for name in group["task"]:
        task = yaml.load((tmp_path / "out" / f"{name}.yaml").read_text(), Loader)  # noqa: S506
        rows = [json.loads(line) for line in (tmp_path / "out" / task["dataset_kwargs"]["data_files"]["test"]).read_text().splitlines()]
        assert len(rows) == 2 and rows[0]["message"] == "Diga.\n\nEntrada:\nAção"
        assert jinja2.Template(task["doc_to_text"]).render(rows[0]) == rows[0]["message"]
        assert utils.scores(rows[0], [rows[0]["reference"]]) == {each["metric"]: 1.0 for each in task["metric_list"]}
        tokens[name.split("_")[2]] = task["generation_kwargs"]["max_gen_toks"]
    assert tokens == {"qa": 32, "summarization": 160, "rewriting": 160}
    assert (tmp_path / "out/run.py").read_bytes() == RUNNER.read_bytes()
    assert json.loads((tmp_path / "out/model.json").read_text()) == {"pretrained": "owner/name", "revision": None, "adapter": None}


def test_without_draws_there_are_the_benchmarks_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    export(tmp_path, "owner/name")
    written = {path.stem for path in tmp_path.glob("*.yaml")}
    assert written == {*templates(), "group"}
    assert not list(tmp_path.glob("*.jsonl"))


def test_a_model_is_a_folder_a_hubs_or_a_name(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no config.json"):
        model_of(str(tmp_path), None)
    (tmp_path / "config.json").write_text("{}")
    assert model_of(str(tmp_path), None) == {"pretrained": str(tmp_path), "revision": None, "adapter": None}
    parameters = {"name": "owner/name", "commit": "abc", "files": {}}
    write_manifest(tmp_path, "model", "stages.draw", files=[], facts={}, parameters=parameters)
    assert model_of(str(tmp_path), None) == {"pretrained": "owner/name", "revision": "abc", "adapter": None}
    for name in ("nowhere", "./no/where", "a/b/c"):
        with pytest.raises(UserError, match="owner/name on the hub, or a folder"):
            model_of(name, None)
    with pytest.raises(UserError, match="'model'"):
        model_of("owner/name", tmp_path)
