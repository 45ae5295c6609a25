"""BrWaC (Wagner Filho et al., LREC 2018) as the thesis read it: the gzipped text shards on the Hugging Face hub.

Each line is a document whose own lines are parted by the literal marker ``<END>``, which stays (cleaning takes it). Shards are
read in the order of their names (1, 10, 11, 12, 2, …), on which the numbers of the rows depend.
"""

from pathlib import Path

from stages.corpora import Source, files
from stages.corpora.parameters import BrwacCorpus
from stages.errors import UserError
from stages.files import sha256_of_file

SHARDS = "data/*.txt.gz"
LICENCE = "academic research only, no commercial use (terms of BrWaC, https://www.inf.ufrgs.br/pln/wiki/index.php?title=BrWaC)"


def source(corpus: BrwacCorpus, cache: Path | None = None) -> Source:
    """The documents at the pinned revision, fetched into ``cache`` (the hub's own one where None) unless they are there."""
    shards = shards_in(download(corpus, cache), corpus)
    hashes = {name: sha256_of_file(path) for name, path in shards.items()}
    return Source(files.documents(shards.values(), ["text"]), LICENCE, corpus.model_dump() | {"files": hashes})


def shards_in(snapshot: Path, corpus: BrwacCorpus) -> dict[str, Path]:
    """The shards below a snapshot of the repository, by name and in its order."""
    shards = {path.relative_to(snapshot).as_posix(): path for path in sorted(snapshot.glob(SHARDS))}
    if not shards:
        raise UserError(corpus.repository, f"revision {corpus.revision}", "no shard", SHARDS)
    return shards


def download(corpus: BrwacCorpus, cache: Path | None) -> Path:
    """Folder of the repository's snapshot; one that is complete in the cache needs no network."""
    from httpx2 import HTTPError  # the hub's own client, whose errors it lets through while it downloads
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import (
        GatedRepoError,
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    place = f"revision {corpus.revision}"
    try:
        return Path(
            snapshot_download(
                corpus.repository, repo_type="dataset", revision=corpus.revision, allow_patterns=SHARDS, cache_dir=cache, etag_timeout=30
            )
        )
    except GatedRepoError as error:
        do = f"Accept its terms at https://huggingface.co/datasets/{corpus.repository}, then log in: hf auth login"
        raise UserError(corpus.repository, place, "a dataset whose terms were not accepted", "access", do) from error
    except (RepositoryNotFoundError, HFValidationError) as error:
        raise UserError(corpus.repository, place, "no such dataset on the hub", "owner/name", "Correct corpus.repository.") from error
    except RevisionNotFoundError as error:
        raise UserError(corpus.repository, place, "no such revision", "a commit of the dataset", "Correct corpus.revision.") from error
    except LocalEntryNotFoundError as error:
        do = "Connect (and unset HF_HUB_OFFLINE), or copy the hub's cache here and name it: --cache"
        raise UserError(corpus.repository, place, "neither a whole copy in the cache nor the hub", "one of them", do) from error
    except (OSError, HTTPError) as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise UserError(corpus.repository, place, f"a download that failed ({reason})", "the shards", "Try again: it goes on.") from error
