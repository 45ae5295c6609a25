"""A corpus of once, twice, four and eight times the size: cleaning, learning a tokenizer, encoding.

Each stage is a process of its own with one worker, as the workflow calls it; processor seconds of the whole process, its start
included, which keeps the exponent a little below that of the work. One of 1 says that twice the corpus takes twice as
long, one well above 1 would be a fault. Memory should not grow where the corpus streams (an exponent near 0), and grows in the
learning of a tokenizer, where SentencePiece keeps what it learns from. What is cleaned and encoded is the demo's documents over and
over; a tokenizer learns from documents that differ, fewer of them. How it goes on beyond the largest size is not said.
"""

from collections.abc import Callable, Iterable
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.cleaning import RULES
from bench.measure import Result, Usage, growth, in_turn, python
from bench.streaming import text_parameters, write_corpus
from stages.corpora import demo
from stages.corpora.parameters import DemoCorpus
from stages.text_store import DOCUMENTS
from stages.tokenizer_parameters import Tokenizer, TokenizerTraining

ROUNDS = 2
TIMES = (1, 2, 4, 8)
DIFFERENT = 4000
"""Documents of the smallest corpus that a tokenizer learns from."""
REPEATED = 8
"""Times that there are as many in the smallest corpus that is cleaned and encoded."""
PIECES = 2000
LABELS = {"cleaning": "Cleaning", "learning": f"Learning a unigram tokenizer of {PIECES} pieces", "encoding": "Encoding with it"}


def megabytes_of(folder: Path, documents: Iterable[str]) -> float:
    """Of a corpus of these documents, which is written to ``folder``."""
    write_corpus(folder, documents)
    return (folder / DOCUMENTS).stat().st_size / 1e6


def clean(corpus: Path, text: Path) -> Usage:
    """Clean all of a corpus."""
    parameters = text_parameters(10**9)
    return python("-m", "stages.text", "--corpus", str(corpus), "--parameters", parameters, "--folder", str(text))


def learn(text: Path, tokenizer: Path) -> Usage:
    """Learn a tokenizer from a text."""
    training = TokenizerTraining(documents=1, minimum_characters=0, cleaning=RULES)
    settings = Tokenizer(kind="unigram", name="unigram", vocabulary_requested=PIECES, byte_fallback=True, training=training)
    given = ("--text", str(text), "--parameters", settings.model_dump_json(), "--seed", "42")
    return python("-m", "stages.tokenizer", *given, "--folder", str(tokenizer))


def encode(text: Path, tokenizer: Path, tokens: Path) -> Usage:
    """Encode a text."""
    return python("-m", "stages.encode", "--text", str(text), "--tokenizer", str(tokenizer), "--folder", str(tokens))


def calls(folder: Path, sizes: dict[str, list[float]]) -> dict[str, Callable[[], Usage]]:
    """Every stage at every size, after corpora, texts and the tokenizer that they need; ``sizes`` takes the megabytes."""
    documents = list(demo.documents(DemoCorpus(source="demo", documents=DIFFERENT * TIMES[-1], seed=42)))
    found: dict[str, Callable[[], Usage]] = {}
    for times in TIMES:
        few, many = folder / f"few-{times}", folder / f"many-{times}"
        sizes["learning"].append(megabytes_of(few, documents[: times * DIFFERENT]))
        clean(few, folder / f"{few.name}-text")
        sizes["cleaning"].append(megabytes_of(many, islice(cycle(documents), times * DIFFERENT * REPEATED)))
        text = folder / f"{many.name}-text"
        found[f"cleaning {times}"] = partial(clean, many, text)
        found[f"learning {times}"] = partial(learn, folder / f"{few.name}-text", folder / f"tokenizer-{times}")
        found[f"encoding {times}"] = partial(encode, text, folder / f"tokenizer-{TIMES[0]}", folder / f"tokens-{times}")
    return found


def result() -> Result:
    sizes: dict[str, list[float]] = {"cleaning": [], "learning": []}
    with TemporaryDirectory() as folder:
        taken = in_turn(calls(Path(folder), sizes), ROUNDS, warm_up=False)
    sizes["encoding"] = sizes["cleaning"]
    grown = {
        name: growth(label, "MB of corpus", sizes[name], [taken[f"{name} {times}"] for times in TIMES]) for name, label in LABELS.items()
    }
    return Result({}, {"rounds": ROUNDS}, ("sentencepiece", "numpy"), grown)
