"""First weights, drawn as Keras draws them, which the thesis's runs left at its defaults.

Embeddings are uniform, matrices Glorot uniform (Glorot and Bengio, 2010), recurrent ones orthogonal (Saxe et al., 2014), biases
zero but for an LSTM's forget gate, at one (Jozefowicz et al., 2015). The gates of a cell are one matrix, in both libraries,
so that Glorot's bound counts all of its outputs and all of it is orthogonal.
"""

import torch
from torch import Tensor, nn
from torch.nn import init

EMBEDDING_BOUND = 0.05


@torch.no_grad()
def initialise(model: nn.Module, generator: torch.Generator) -> None:
    """Draw the weights of ``model`` in place; LayerNorms keep the identity that they start from."""
    for module in model.modules():
        if isinstance(module, nn.Linear):
            init.xavier_uniform_(module.weight, generator=generator)
            init.zeros_(module.bias)
        elif isinstance(module, nn.LSTM | nn.GRU):
            _initialise_cell(module, generator)
    for module in model.modules():  # last, since a tied output, linear as it is, has the weight of an embedding
        if isinstance(module, nn.Embedding):
            init.uniform_(module.weight, -EMBEDDING_BOUND, EMBEDDING_BOUND, generator=generator)


def _initialise_cell(cell: nn.LSTM | nn.GRU, generator: torch.Generator) -> None:
    kernel, recurrent_kernel, *biases = cell.parameters()
    init.xavier_uniform_(kernel, generator=generator)
    _orthogonal(recurrent_kernel, generator)
    for bias in biases:
        init.zeros_(bias)
    if isinstance(cell, nn.LSTM):  # whose gates are input, forget, cell, output
        init.ones_(biases[0][cell.hidden_size : 2 * cell.hidden_size])


def _orthogonal(weight: Tensor, generator: torch.Generator) -> None:
    """In double precision: rounded to single, the result depends no more on how many threads compute it."""
    weight.copy_(init.orthogonal_(torch.empty(weight.shape, dtype=torch.float64), generator=generator))
