"""What is computed of attention, training, memory, communication, scaling and number formats: plain functions with units and source.

:data:`FORMULAS` has every one by name, for table specs and for the worked numbers of the audit.
"""

from collections.abc import Callable
from types import ModuleType

from stages.formulas import attention, choice, memory, numbers, parallel, scaling, training

MODULES: tuple[ModuleType, ...] = (attention, training, memory, parallel, scaling, numbers, choice)

FORMULAS: dict[str, Callable[..., float]] = {name: getattr(module, name) for module in MODULES for name in module.__all__}
