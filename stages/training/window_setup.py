"""What a training of track 1 works with: its model, and what windows of tokens cost."""

import torch
from torch import nn

from stages.models import build_model
from stages.training.data import Part, TrainingData
from stages.training.device import Device
from stages.training.objective import Losses, losses
from stages.training.parameters import TrainParameters
from stages.training.processes import Processes
from stages.training.setup import Compute, Indices, Setup, set_up
from stages.training_parameters import Training


def make_setup(run: str, parameters: TrainParameters, data: TrainingData, device: Device, processes: Processes) -> Setup:
    """Model with its first weights on the device, and all that trains it."""
    model = build_model(parameters.architecture, data.vocabulary, parameters.data.sequence_length, parameters.seed)
    model = model.to(device.device)  # before the optimiser, which holds the tensors that are there then
    compute = window_losses(model, device, parameters.training)
    return set_up(run, parameters, data, device, processes, model, compute, parameters.training.batch_size)


def window_losses(model: nn.Module, device: Device, training: Training) -> Compute:
    """:func:`stages.training.objective.losses`, compiled or not, of windows by number."""
    function = torch.compile(losses) if device.compiled else losses
    last_only = training.objective == "many_to_one"

    def compute(part: Part, indices: Indices, smoothed: bool) -> Losses:
        inputs_BT, targets_BT = (torch.from_numpy(array).to(device.device) for array in part.batch(indices))
        smoothing, penalty = (training.label_smoothing, training.tail_penalty or 0.0) if smoothed else (0.0, 0.0)
        with device.autocast():
            return function(model, inputs_BT, targets_BT, last_only, smoothing, penalty)

    return compute
