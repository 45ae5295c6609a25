"""What the code never does, read from its syntax: no pickle, no code of others, no shell, no YAML but the strict one, no archive."""

import ast
from collections.abc import Iterator

import pytest

from tests.conftest import ROOT

SOURCES = sorted(path for folder in ("stages", "bench", "workflow") for path in (ROOT / folder).rglob("*.py"))
PICKLES = {"pickle", "_pickle", "cPickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
ARCHIVES = {"tarfile", "zipfile", "zipimport"}
CALLS = {
    "torch.load": "weights are safetensors",
    "np.lib.format.read_array": "np.load with allow_pickle=False",
    "yaml.load": "stages.yaml_files",
    "yaml.unsafe_load": "stages.yaml_files",
    "yaml.full_load": "stages.yaml_files",
    "eval": "stages.expression",
    "exec": "nothing",
    "os.system": "subprocess.run with a list",
    "os.popen": "subprocess.run with a list",
    "subprocess.getoutput": "subprocess.run with a list",
    "shutil.unpack_archive": "no archive is read",
    "load_dataset": "stages.hub",
    "torch.hub.load": "stages.hub",
}
ALLOWED = {("stages/yaml_files.py", "yaml.load")}
"""With a loader of its own, a safe one made stricter."""


def name_of(node: ast.expr) -> str:
    """Dotted name of what is called; ``?`` for a part that has none."""
    if isinstance(node, ast.Attribute):
        return f"{name_of(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else "?"


def faults(tree: ast.AST, file: str = "") -> Iterator[str]:
    """What of ``tree`` could run what somebody else wrote."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
            yield from (module for module in modules if module.partition(".")[0] in PICKLES | ARCHIVES)
        elif isinstance(node, ast.Call):
            yield from (f"{name_of(node.func)}: {fault}" for fault in call_faults(node) if (file, name_of(node.func)) not in ALLOWED)


def call_faults(call: ast.Call) -> Iterator[str]:
    """The same of one call."""
    name, given = name_of(call.func), {word.arg: word.value for word in call.keywords}
    values = {word: value.value for word, value in given.items() if isinstance(value, ast.Constant)}
    if name in CALLS:
        yield CALLS[name]
    if "shell" in given and values.get("shell") is not False:
        yield "a shell"
    if name.endswith(("np.load", "numpy.load")) and values.get("allow_pickle") is not False:
        yield "allow_pickle=False is not given"
    if values.get("allow_pickle", False) is not False:
        yield "allow_pickle"
    if "trust_remote_code" in given and values.get("trust_remote_code") is not False:
        yield "somebody else's code"
    loader = name.split(".")
    automatic = loader[-1] == "from_pretrained" and loader[0].startswith("Auto")
    if (automatic or name == "LLM") and values.get("trust_remote_code") is not False:
        yield "trust_remote_code=False is not given: a terminal would be asked, or a default trusted"
    if automatic and loader[0].startswith("AutoModel") and values.get("use_safetensors") is not True:
        yield "use_safetensors=True is not given"


def test_no_source_runs_what_others_wrote() -> None:
    assert len(SOURCES) > 200
    told = [f"{path}: {fault}" for path in SOURCES for fault in faults(ast.parse(path.read_text()), path.relative_to(ROOT).as_posix())]
    assert told == []


@pytest.mark.parametrize(
    "line",
    [
        "import pickle",
        "from joblib import load",
        "import zipfile as z",
        "torch.load(path)",
        "np.load(path)",
        "np.load(path, allow_pickle=True)",
        "yaml.load(text, Loader=Loader)",
        "subprocess.run(text, shell=True)",
        "subprocess.run(text, shell=given)",
        "AutoModelForCausalLM.from_pretrained(place, trust_remote_code=False)",
        "AutoTokenizer.from_pretrained(place)",
        "AutoTokenizer.from_pretrained(place, trust_remote_code=True)",
        "LLM(model=place)",
        "LLM(model=place, trust_remote_code=True)",
        "eval(text)",
    ],
)
def test_the_check_sees_what_it_looks_for(line: str) -> None:
    assert list(faults(ast.parse(line)))


def test_what_is_fine_passes() -> None:
    fine = [
        "np.load(p, allow_pickle=False)",
        "model.eval()",
        "run(['a'], shell=False)",
        "AutoConfig.from_pretrained(p, trust_remote_code=False)",
    ]
    assert [fault for line in fine for fault in faults(ast.parse(line))] == []


def test_every_template_escapes() -> None:
    templates = sorted((ROOT / "stages").rglob("*.j2"))
    assert len(templates) >= 8
    assert [path.name for path in templates if "|safe" in path.read_text().replace(" ", "") or "autoescape" in path.read_text()] == []
    makers = [path for path in SOURCES if "stages" in path.parts and "jinja2" in path.read_text()]
    assert [path.name for path in makers if "Environment(" in path.read_text() and "autoescape=True" not in path.read_text()] == []
    trusted = {path.relative_to(ROOT).as_posix() for path in SOURCES if "stages" in path.parts and "Markup(" in path.read_text()}
    assert trusted == {"stages/report/page.py", "stages/report/image.py"}, "our own files, and an address whose every sign is encoded"
