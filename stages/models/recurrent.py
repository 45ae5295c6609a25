"""Recurrent language models (v1 to v4), as Keras computes them: embedding, stacked LSTM or GRU cells, a dense layer of its own.

Two points differ between the libraries. Keras draws one mask of input dropout for a whole sequence, and its LSTM has one bias
where PyTorch's has two, so that the second stays zero here. Its GRU (reset after the product) has the two of PyTorch's.

Shapes: B batch, T time, E width of a layer's input, H hidden units, V vocabulary.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from stages.training_parameters import RecurrentArchitecture


class RecurrentModel(nn.Module):
    """Every sequence starts from a state of zeros; there is no limit to its length."""

    def __init__(self, architecture: RecurrentArchitecture, vocabulary: int) -> None:
        super().__init__()
        hidden, epsilon = architecture.hidden_size, architecture.layer_norm_epsilon
        widths = [architecture.embedding_size] + [hidden] * (architecture.layers - 1)
        self.dropout_input = architecture.dropout_input
        self.embedding = nn.Embedding(vocabulary, architecture.embedding_size)
        self.cells = nn.ModuleList(_cell(architecture.cell, width, hidden) for width in widths)
        self.norms = nn.ModuleList(nn.Identity() if epsilon is None else nn.LayerNorm(hidden, epsilon) for _ in widths)
        self.dropout_final = nn.Dropout(architecture.dropout_final)
        self.output = nn.Linear(hidden, vocabulary)

    def forward(self, ids_BT: Tensor, last_only: bool = False) -> Tensor:
        """Logits of the next token: (B, T, V), or (B, V) after the last one."""
        x_BTE = self.embedding(ids_BT)
        for cell, norm in zip(self.cells, self.norms, strict=True):
            x_BTE = norm(cell(self._dropped(x_BTE))[0])
        chosen = x_BTE[:, -1] if last_only else x_BTE
        return self.output(self.dropout_final(chosen))  # type: ignore[no-any-return]

    def _dropped(self, x_BTE: Tensor) -> Tensor:
        """Dropout with one mask for all steps of a sequence, as variational dropout has (Gal and Ghahramani, 2016)."""
        if not self.training or not self.dropout_input:
            return x_BTE
        mask_B1E = F.dropout(torch.ones_like(x_BTE[:, :1]), self.dropout_input)
        return x_BTE * mask_B1E


def _cell(kind: str, width: int, hidden: int) -> nn.LSTM | nn.GRU:
    if kind == "gru":
        return nn.GRU(width, hidden, batch_first=True)
    cell = nn.LSTM(width, hidden, batch_first=True)
    cell.bias_hh_l0.requires_grad_(False)
    return cell
