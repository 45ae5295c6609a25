"""The optimiser, its learning rate by step, and the clipping of gradients (facts, section 1.3)."""

import math

import torch
from torch import Tensor, nn
from torch.optim.adamw import adamw

from stages.training.trainable import trainable_parameters
from stages.training_parameters import Training


class AdamW:
    """AdamW (Loshchilov and Hutter, 2019) over all trainable tensors alike; Adam is the same without decay.

    PyTorch's own arithmetic, without its class, which imports the compiler for two seconds. Epsilon is added to the bias-corrected
    root, by Keras to the raw one: the same but for the first steps of tiny gradients.
    """

    def __init__(self, model: nn.Module, training: Training) -> None:
        named = trainable_parameters(model)
        self.parameters = list(named.values())
        self.param_groups = [{"params": self.parameters}]  # which a gradient scaler reads
        self.lr, self.training = training.learning_rate, training
        self.state = {name: _moments(parameter) for name, parameter in named.items()}

    @property
    def gradients(self) -> list[Tensor]:
        """One a parameter: zeros where a process had no window of the batch."""
        for parameter in self.parameters:
            if parameter.grad is None:
                parameter.grad = torch.zeros_like(parameter)
        return [parameter.grad for parameter in self.parameters if parameter.grad is not None]

    @torch.no_grad()
    def step(self) -> None:
        """Move the parameters by their gradients, at the rate ``lr``."""
        first, second, steps = ([moments[name] for moments in self.state.values()] for name in ("first", "second", "step"))
        training, parameters = self.training, list[Tensor](self.parameters)
        adamw(
            parameters,
            self.gradients,
            first,
            second,
            max_exp_avg_sqs=[],
            state_steps=steps,
            fused=True,
            amsgrad=False,
            beta1=training.beta1,
            beta2=training.beta2,
            lr=self.lr,
            weight_decay=training.weight_decay,
            eps=training.epsilon,
            maximize=False,
        )

    def zero_grad(self) -> None:
        for parameter in self.parameters:
            parameter.grad = None


def _moments(parameter: Tensor) -> dict[str, Tensor]:
    return {
        "first": torch.zeros_like(parameter, requires_grad=False),
        "second": torch.zeros_like(parameter, requires_grad=False),
        "step": torch.zeros((), device=parameter.device),
    }


def learning_rate(step: int, base: float, training: Training, total_steps: int) -> float:
    """Rate of the update after ``step`` updates: linear warm-up from 0, then ``base``, or a half cosine down to 0 at the end."""
    if step < training.warmup_steps:
        return base * step / training.warmup_steps
    if training.schedule == "constant":
        return base
    decay_steps = max(1, total_steps - training.warmup_steps)
    done = min(1.0, (step - training.warmup_steps) / decay_steps)
    return base * 0.5 * (1 + math.cos(math.pi * done))


@torch.no_grad()
def clip_gradients(gradients: list[Tensor], training: Training) -> None:
    """Scale down in place each gradient whose own norm exceeds ``clip_norm`` (Keras's ``clipnorm``), or all by their common norm."""
    if training.clip == "none" or training.clip_norm is None:
        return
    norms_G = torch.stack(torch._foreach_norm(gradients))
    if training.clip == "global":
        norms_G = torch.linalg.vector_norm(norms_G).expand(len(gradients))
    scales_G = training.clip_norm / norms_G.clamp(min=training.clip_norm)
    torch._foreach_mul_(gradients, list(scales_G.unbind()))
