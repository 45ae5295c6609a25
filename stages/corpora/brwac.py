"""BrWaC (Wagner Filho et al., LREC 2018) as the thesis read it: the gzipped text shards on the Hugging Face hub.

Each line is a document whose own lines are parted by the literal marker ``<END>``, which stays (cleaning takes it). Shards are
read in the order of their names (1, 10, 11, 12, 2, …), on which the numbers of the rows depend.
"""

from pathlib import Path

from stages.corpora import Source, files
from stages.corpora.parameters import BrwacCorpus
from stages.errors import UserError
from stages.files import sha256_of_file
from stages.hub import snapshot

SHARDS = "data/*.txt.gz"
LICENCE = "academic research only, no commercial use (terms of BrWaC, https://www.inf.ufrgs.br/pln/wiki/index.php?title=BrWaC)"


def source(corpus: BrwacCorpus, cache: Path | None = None) -> Source:
    """The documents at the pinned revision, fetched into ``cache`` (the hub's own one where None) unless they are there."""
    shards = shards_in(snapshot(corpus.repository, corpus.revision, "dataset", [SHARDS], cache), corpus)
    hashes = {name: sha256_of_file(path) for name, path in shards.items()}
    return Source(files.documents(shards.values(), ["text"]), LICENCE, corpus.model_dump() | {"files": hashes})


def shards_in(folder: Path, corpus: BrwacCorpus) -> dict[str, Path]:
    """The shards below a snapshot of the repository, by name and in its order."""
    shards = {path.relative_to(folder).as_posix(): path for path in sorted(folder.glob(SHARDS))}
    if not shards:
        raise UserError(corpus.repository, f"revision {corpus.revision}", "no shard", SHARDS)
    return shards
