"""Snapshots of repositories on the Hugging Face hub, with errors that say what to do."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from stages.errors import UserError


def snapshot(repository: str, revision: str | None, kind: Literal["dataset", "model"], patterns: Sequence[str], cache: Path | None) -> Path:
    """Folder of a snapshot: the repository's files that match ``patterns``, at a commit, tag or branch (None: the newest commit).

    It lies in ``cache``, the hub's own one where None; one that is complete there needs no network. :class:`UserError` for one that
    cannot be had.
    """
    # Imported here: 0.3 s that only what reads the hub pays.
    from httpx2 import HTTPError  # the hub's own client, whose errors it lets through while it downloads
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import (
        GatedRepoError,
        HFValidationError,
        LocalEntryNotFoundError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    place = f"revision {revision}" if revision else "newest revision"
    try:
        folder = snapshot_download(
            repository, repo_type=kind, revision=revision, allow_patterns=list(patterns), cache_dir=cache, etag_timeout=30
        )
    except GatedRepoError as error:
        page = f"https://huggingface.co/{'datasets/' * (kind == 'dataset')}{repository}"
        do = f"Accept its terms at {page}, then log in: hf auth login (or set HF_TOKEN)"
        raise UserError(repository, place, f"a {kind} whose terms were not accepted", "access", do) from error
    except (RepositoryNotFoundError, HFValidationError) as error:
        do = "Correct its name in the parameters; a private one needs a token: hf auth login"
        raise UserError(repository, place, f"no such {kind} on the hub", "owner/name", do) from error
    except RevisionNotFoundError as error:
        raise UserError(repository, place, "no such revision", f"a commit of the {kind}", "Correct it in the parameters.") from error
    except LocalEntryNotFoundError as error:
        do = "Connect (and unset HF_HUB_OFFLINE), or copy the hub's cache here and name it: HF_HUB_CACHE"
        raise UserError(repository, place, "neither a whole copy in the cache nor the hub", "one of them", do) from error
    except (OSError, HTTPError) as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise UserError(repository, place, f"a download that failed ({reason})", "its files", "Try again: it goes on.") from error
    return Path(folder)
