"""Training sets in a project: frozen once they are stored."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import InputError, NotFoundError
from ..storage import Store, check_name
from .training_set import TrainingSet


def freeze(store: Store, training_set: TrainingSet, *, numbered: bool) -> TrainingSet:
    """Store a training set, or return the one of the same content that is there.

    Where its name is taken by other content, a `numbered` one gets the next number, another raises InputError.
    """
    number = 1
    while not store.create(f"training_sets/{training_set.name}.json", training_set.encode()):
        known = read_training_set(store, training_set.name)
        if known.content_sha256 == training_set.content_sha256:
            return known
        if not numbered:
            raise InputError(f"Training set '{known.name}' exists with other content: choose another name.")
        number += 1
        training_set = training_set.model_copy(update={"name": f"set-{number}"})
    return training_set


def freeze_all(store: Store, sets: Sequence[TrainingSet]) -> list[TrainingSet]:
    """Store several sets. Raises InputError, with none stored, when one's name is taken by other content."""
    for one in sets:
        if (
            store.exists(f"training_sets/{one.name}.json")
            and read_training_set(store, one.name).hashed() != one.hashed()
        ):
            raise InputError(f"Training set '{one.name}' exists with other content: choose another name.")
    return [freeze(store, one, numbered=False) for one in sets]


def list_training_sets(store: Store) -> list[TrainingSet]:
    """All training sets, by name."""
    names = [name.removesuffix(".json") for name in store.names("training_sets") if name.endswith(".json")]
    return [read_training_set(store, name) for name in names]


def read_training_set(store: Store, name: str) -> TrainingSet:
    """The training set of that name. Raises NotFoundError."""
    key = f"training_sets/{check_name(name, 'a training set')}.json"
    if not store.exists(key):
        raise NotFoundError(f"There is no training set '{name}' in this project.")
    return TrainingSet.decode(store.read(key), key)
