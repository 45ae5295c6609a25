import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from stages.training.objective import TAIL_IDS, losses


class Fixed(nn.Module):
    """Gives the same logits whatever it reads."""

    def __init__(self, logits_BTV: Tensor) -> None:
        super().__init__()
        self.logits_BTV = logits_BTV

    def forward(self, ids_BT: Tensor, last_only: bool = False) -> Tensor:
        return self.logits_BTV[:, -1] if last_only else self.logits_BTV


LOGITS = torch.randn(3, 5, 300, generator=torch.Generator().manual_seed(0))
INPUTS = torch.zeros(3, 5, dtype=torch.long)
TARGETS = torch.randint(0, 300, (3, 5), generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("last_only", [True, False])
def test_cross_entropy_and_hits_are_of_the_predictions_that_the_objective_names(last_only: bool) -> None:
    logits, targets = (LOGITS[:, -1], TARGETS[:, -1]) if last_only else (LOGITS.flatten(0, 1), TARGETS.flatten())
    targets[0] = logits[0].argmax()
    objective, cross_entropy, correct = losses(Fixed(LOGITS), INPUTS, TARGETS, last_only, 0.0, 0.0)
    assert torch.allclose(cross_entropy, F.cross_entropy(logits, targets, reduction="sum"))
    assert torch.equal(objective.detach(), cross_entropy)
    assert correct == (logits.argmax(-1) == targets).sum() >= 1


def test_smoothing_and_penalty_are_in_the_objective_alone() -> None:
    objective, cross_entropy, _ = losses(Fixed(LOGITS), INPUTS, TARGETS, False, 0.05, 0.25)
    flat, targets = LOGITS.flatten(0, 1), TARGETS.flatten()
    smoothed = F.cross_entropy(flat, targets, reduction="sum", label_smoothing=0.05)
    tail = flat.softmax(-1)[:, -TAIL_IDS:].sum()
    assert torch.allclose(objective, smoothed + 0.25 * tail)
    assert torch.allclose(cross_entropy, F.cross_entropy(flat, targets, reduction="sum"))


def test_ties_of_narrow_types_are_no_hits_for_all_who_tie() -> None:
    tied = torch.zeros(1, 4, 8, dtype=torch.bfloat16)
    targets = torch.tensor([[0, 1, 2, 3]])
    assert losses(Fixed(tied), torch.zeros(1, 4, dtype=torch.long), targets, False, 0.0, 0.0).correct == 1
