"""The corpus of a campaign: documents of whatever source, as they are, in one text store.

python -m stages.corpus --parameters JSON --folder data/CAMPAIGN/corpus [--cache DIR]
"""

import argparse
from functools import partial
from pathlib import Path

from pydantic import RootModel

from stages.corpora import Source, brwac, demo, files
from stages.corpora.parameters import CorpusParameters, DemoCorpus, LocalCorpus
from stages.errors import report_errors
from stages.files import parse_json
from stages.manifest import write_manifest
from stages.text_store import DOCUMENTS, OFFSETS, write_texts
from stages.validation import validate

Parameters = RootModel[CorpusParameters]


def open_source(corpus: CorpusParameters, cache: Path | None = None) -> Source:
    """The source that ``corpus`` names; ``cache`` is where downloads are kept."""
    if isinstance(corpus, DemoCorpus):
        return demo.source(corpus)
    if isinstance(corpus, LocalCorpus):
        return files.source(corpus)
    return brwac.source(corpus, cache)


def store(source: Source, folder: Path) -> dict[str, int | str]:
    """Write the documents, then the manifest; what it says of them."""
    facts = write_texts(folder, source.documents, f"the corpus ({source.parameters['source']})") | {
        "licence": source.licence,
        "source": source.parameters["source"],
    }
    write_manifest(folder, "corpus", "stages.corpus", files=[DOCUMENTS, OFFSETS], facts=facts, parameters=source.parameters)
    return facts


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m stages.corpus", description="Gather the documents of a campaign's corpus.")
    parser.add_argument("--parameters", required=True, help="the campaign's corpus parameters, as JSON")
    parser.add_argument("--folder", type=Path, required=True, help="text store to write")
    parser.add_argument("--cache", type=Path, help="where downloads are kept; the Hugging Face hub's own cache by default")
    report_errors(partial(run, parser.parse_args()))


def run(arguments: argparse.Namespace) -> None:
    """Open the source, store what it holds."""
    parameters = validate(Parameters, parse_json(arguments.parameters, "--parameters"), "--parameters").root
    facts = store(open_source(parameters, arguments.cache), arguments.folder)
    print(f"{facts['documents']} documents of {facts['characters']} characters, fingerprint {str(facts['fingerprint'])[:12]}")


if __name__ == "__main__":
    main()
