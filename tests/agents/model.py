"""The scripted model, with the script as words."""

from contextlib import AbstractContextManager
from typing import Any

from guard.probe import model
from guard.probe.model import LAST_WORDS, Model

__all__ = ["LAST_WORDS", "Model", "serving"]


def serving(*script: tuple[str, dict[str, Any]]) -> AbstractContextManager[Model]:
    return model.serving(script)
