"""A released model: fetches it into the hub's cache and writes down which commit that was and what its files hash to.

    python -m stages.hub_model --name meta-llama/Llama-3.1-8B --revision COMMIT --folder data/CAMPAIGN/models/meta-llama--Llama-3.1-8B

Of a repository safetensors, configuration and tokenizer are fetched; pickled weights never are.
"""

import argparse
from functools import partial
from pathlib import Path

from stages.errors import UserError, report_errors
from stages.files import sha256_of_file
from stages.hub import snapshot
from stages.manifest import File, write_manifest

WEIGHTS = "model*.safetensors"
"""As ``transformers`` names them: some repositories hold the same weights under other names too."""
PATTERNS = (WEIGHTS, "*.json", "*.jinja", "tokenizer.model")


def files_of(folder: Path) -> dict[str, File]:
    """Size and SHA-256 of the files of a snapshot, by name; :class:`UserError` where they are not a model's."""
    paths = sorted({path for pattern in PATTERNS for path in folder.glob(pattern)})  # not those of folders below, in other formats
    for needed, expected in {"config.json": "the settings of a model", WEIGHTS: "weights in safetensors"}.items():
        if not any(path.match(needed) for path in paths):
            raise UserError(folder, needed, "no such file", expected, "Name a repository that transformers can read.")
    return {path.name: File(sha256=sha256_of_file(path), bytes=path.stat().st_size) for path in paths}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stages.hub_model", description="Fetch a released model.")
    parser.add_argument("--name", required=True, help="owner/name on the Hugging Face hub")
    parser.add_argument("--revision", help="commit, tag or branch; default: the newest")
    parser.add_argument("--folder", type=Path, required=True, help="folder of the manifest to write; the files stay in the hub's cache")
    report_errors(partial(run, parser.parse_args()))


def run(arguments: argparse.Namespace) -> None:
    """Fetch what is not there yet, write the manifest."""
    place = snapshot(arguments.name, arguments.revision, "model", PATTERNS, None)
    files = files_of(place)
    size = sum(file.bytes for file in files.values())
    write_manifest(
        arguments.folder,
        "model",
        "stages.hub_model",
        files=[],
        facts={"files": len(files), "bytes": size},
        parameters={
            "name": arguments.name,
            "revision": arguments.revision,
            "commit": place.name,
            "files": {name: file.model_dump() for name, file in files.items()},
        },
    )
    print(f"{arguments.name} at {place.name}: {len(files)} files of {size / 1e9:.2f} GB")


if __name__ == "__main__":
    main()
