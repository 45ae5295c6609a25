"""How much work a training is beside another one: positions that pass through the model, times the weights at work at each."""

from dataclasses import dataclass
from functools import cache

from stages.model_sizes import base_dimensions, llama_count, recurrent_count, transformer_count
from stages.parameter_models import Configuration
from stages.training_parameters import AdapterArchitecture, LlamaArchitecture, RecurrentArchitecture, TransformerArchitecture

dimensions_of = cache(base_dimensions)


@dataclass(frozen=True)
class Work:
    """Of one training, in units that mean something beside another training's only."""

    positions: float
    """In a unit that is the same for documents of like length under a like tokenizer."""
    weights: float
    """That each position passes through, in parameters; 1 where the dimensions of ``model`` are not known."""
    model: str = ""
    """The base model, where its dimensions are not known."""

    def beside(self, other: "Work") -> tuple[float, float] | None:
        """How many times ``other``'s positions, and how many times its weights; none where that cannot be said."""
        if not other.positions or self.model != other.model:
            return None
        return self.positions / other.positions, self.weights / other.weights


def work_of(run: Configuration, epochs: float | None = None, like: Configuration | None = None) -> Work | None:
    """Work of a training; none of what trains nothing.

    ``epochs``: how many there were, where they are not those that were asked for. ``like``: a training that is known; a tokenizer of
    which the same size is asked comes out as large as its. Windows of a text number its tokens over the stride; documents of track 2
    are taken as they are, filled up or packed.
    """
    if not run.data or not run.training or not run.architecture:
        return None
    per_document = run.data.sequence_length / run.data.stride if run.data.stride else 1.0
    positions = (run.training.epochs if epochs is None else epochs) * run.data.documents_train * per_document
    if isinstance(run.architecture, AdapterArchitecture):
        weights = _base_weights(run.architecture.base_model)
        return Work(positions, weights or 1.0, "" if weights else run.architecture.base_model)
    weights = _weights(run, _vocabulary(run, like))
    return Work(positions, weights) if weights else None


def _vocabulary(run: Configuration, like: Configuration | None) -> int:
    own, other = run.tokenizer, like.tokenizer if like else None
    if own and other and own.vocabulary_requested == other.vocabulary_requested and other.vocabulary:
        return other.vocabulary
    return (own.vocabulary_requested or own.vocabulary or 0) if own else 0


def _weights(run: Configuration, vocabulary: int) -> float | None:
    """Not the embedding, a mere look-up, unless it is the output, too; the output of a many-to-one run once a window."""
    assert run.data and run.training
    match run.architecture:
        case RecurrentArchitecture() as model:
            output = (model.hidden_size + 1) * vocabulary
            cells = recurrent_count(model, vocabulary) - vocabulary * model.embedding_size - output
            return cells + output / (run.data.sequence_length if run.training.objective == "many_to_one" else 1)
        case TransformerArchitecture() as model:
            return transformer_count(model, vocabulary, run.data.sequence_length)
        case LlamaArchitecture() as model:
            return llama_count(model, vocabulary)
    return None


def _base_weights(base_model: str) -> float | None:
    """Of a released model, its embeddings left out; none where its dimensions are not known."""
    base = dimensions_of(base_model)
    if not base:
        return None
    layers = {"layers": base["layers"], "model_size": base["hidden"], "feed_forward_size": base["feed_forward"]}
    heads = {"heads": base["hidden"], "key_value_heads": base["key_value"]}  # their product with the width of one is what counts
    return llama_count(LlamaArchitecture.model_validate({"family": "llama"} | layers | heads), 0)
