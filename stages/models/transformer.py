"""Decoder-only Transformer (v5 and v6): LayerNorm before each part (Xiong et al., 2020), learned positions, exact GELU, tied output.

Queries, keys and values have a matrix each, since clipping takes the norm of one gradient tensor and Glorot's bound the width
of one matrix.

Shapes: B batch, T time, D model size, H heads, K size of a head, V vocabulary.
"""

from torch import Tensor, nn
from torch.nn import functional as F

from stages.training_parameters import TransformerArchitecture


class TransformerModel(nn.Module):
    """Reads at most ``sequence_length`` tokens at once, having so many positions."""

    def __init__(self, architecture: TransformerArchitecture, vocabulary: int, sequence_length: int) -> None:
        super().__init__()
        width = architecture.model_size
        self.token_embedding = nn.Embedding(vocabulary, width)
        self.position_embedding = nn.Embedding(sequence_length, width)
        self.dropout = nn.Dropout(architecture.dropout)
        self.blocks = nn.ModuleList(Block(architecture) for _ in range(architecture.layers))
        self.norm = nn.LayerNorm(width, architecture.layer_norm_epsilon)
        self.output = nn.Linear(width, vocabulary)
        if architecture.tied_output:
            self.output.weight = self.token_embedding.weight

    def forward(self, ids_BT: Tensor, last_only: bool = False) -> Tensor:
        """Logits of the next token: (B, T, V), or (B, V) after the last one."""
        x_BTD = self.token_embedding(ids_BT) + self.position_embedding.weight[: ids_BT.shape[1]]
        x_BTD = self.dropout(x_BTD)
        for block in self.blocks:
            x_BTD = block(x_BTD)
        chosen = x_BTD[:, -1] if last_only else x_BTD
        return self.output(self.norm(chosen))  # type: ignore[no-any-return]


class Block(nn.Module):
    """Attention, then a feed-forward net, each added to what it read."""

    def __init__(self, architecture: TransformerArchitecture) -> None:
        super().__init__()
        width, epsilon = architecture.model_size, architecture.layer_norm_epsilon
        self.attention_norm = nn.LayerNorm(width, epsilon)
        self.attention = Attention(width, architecture.heads, architecture.dropout)
        self.feed_forward_norm = nn.LayerNorm(width, epsilon)
        self.feed_forward_up = nn.Linear(width, architecture.feed_forward_size)
        self.feed_forward_down = nn.Linear(architecture.feed_forward_size, width)
        self.dropout = nn.Dropout(architecture.dropout)

    def forward(self, x_BTD: Tensor) -> Tensor:
        x_BTD = x_BTD + self.dropout(self.attention(self.attention_norm(x_BTD)))
        inner = F.gelu(self.feed_forward_up(self.feed_forward_norm(x_BTD)))
        return x_BTD + self.feed_forward_down(self.dropout(inner))  # type: ignore[no-any-return]


class Attention(nn.Module):
    """Causal self-attention of several heads (Vaswani et al., 2017), with dropout on its weights."""

    def __init__(self, width: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads, self.dropout = heads, dropout
        self.query, self.key, self.value, self.output = (nn.Linear(width, width) for _ in range(4))

    def forward(self, x_BTD: Tensor) -> Tensor:
        batch, time, width = x_BTD.shape
        q_BHTK, k_BHTK, v_BHTK = (
            linear(x_BTD).view(batch, time, self.heads, -1).transpose(1, 2) for linear in (self.query, self.key, self.value)
        )
        dropout = self.dropout if self.training else 0.0
        y_BHTK = F.scaled_dot_product_attention(q_BHTK, k_BHTK, v_BHTK, dropout_p=dropout, is_causal=True)
        return self.output(y_BHTK.transpose(1, 2).reshape(batch, time, width))  # type: ignore[no-any-return]
