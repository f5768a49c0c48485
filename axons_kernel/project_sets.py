"""The part of a Project that makes training sets, and moves them: filtered, combined, in folds, as files, as packs."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Literal

from .annotations import LabelClass
from .project_image import ProjectImage
from .storage import Store, check_name, name_from_file
from .tiling import Tiling
from .training_sets.card import DataCard, data_card
from .training_sets.coco_folder import import_coco, is_coco_folder
from .training_sets.combining import combined, filtered
from .training_sets.exchange import MANIFEST, Format
from .training_sets.exporting import export_set
from .training_sets.groups import Groups, change_groups, groups_by_pattern, groups_from_csv, read_groups
from .training_sets.importing import import_export
from .training_sets.making import By, EmptyTiles, Ingredients, Recipe, gather, make_folds, make_set
from .training_sets.packing import Pack, pack_set
from .training_sets.pairs import import_pairs
from .training_sets.splitting import Share, Splitting
from .training_sets.stored import freeze, freeze_all, list_training_sets, read_training_set
from .training_sets.training_set import GREY, TrainingSet
from .training_sets.unpacking import unpack_set


class ProjectSets:
    """Methods of a Project, which has the `store` and knows its images, tiles and classes."""

    store: Store

    def images(self) -> list[ProjectImage]:
        """All images, by name."""
        raise NotImplementedError

    def image(self, name: str) -> ProjectImage:
        """The image of that name. Raises NotFoundError."""
        raise NotImplementedError

    def tiling(self, image: ProjectImage | str) -> Tiling:
        """How an image was cut last. Raises NotFoundError."""
        raise NotImplementedError

    @property
    def classes(self) -> tuple[LabelClass, ...]:
        """The label classes, in order."""
        raise NotImplementedError

    def groups(self) -> Groups:
        """The group (animal) of each image that has one."""
        return read_groups(self.store)

    def set_groups(
        self,
        groups: Mapping[str, str | None] | None = None,
        *,
        csv: str | os.PathLike[str] | None = None,
        column: str | None = None,
        pattern: str | None = None,
    ) -> Groups:
        """Say which animal (or patient, or day) images are of; a split never puts one on both sides.

        `groups` is {image: group}, None takes a group away; or `csv` is a table with images in its first column and
        groups in `column` (the second by default); or `pattern` finds the group in the names, as in r"(rat\\d+)".
        Images that are not named keep theirs. Returns all groups. Raises InputError.
        """
        images = self.images()
        found: Mapping[str, str | None] = {} if groups is None else groups
        if csv is not None:
            found = {**groups_from_csv(csv, column, [image.info for image in images]), **found}
        if pattern is not None:
            found = {**groups_by_pattern(pattern, [image.name for image in images]), **found}
        return change_groups(self.store, found, [image.name for image in images])

    def create_training_set(
        self,
        name: str | None = None,
        *,
        images: Sequence[ProjectImage | str] | None = None,
        validation: Share = 0.2,
        test: Share = 0.0,
        seed: int = 0,
        pixel_size_um: float | None = None,
        classes: Sequence[str] | None = None,
        groups: Sequence[str] | None = None,
        finished: bool = False,
        empty_tiles: EmptyTiles = "keep",
        by: By = "auto",
        channels: Sequence[str] = GREY,
    ) -> TrainingSet:
        """Freeze the annotated tiles of `images` (by default all that have labels) as a training set.

        Of them `classes`, `groups` and `finished` (only images that are marked so) choose; empty_tiles="drop" leaves
        out tiles without a label. `validation` and `test` are shares, or names of images or groups. The split is by
        group where images have one (see `set_groups`), else by image, with every class spread as evenly as can be; of
        too few images, by areas that do not overlap. `seed` chooses between splits that are equally even.
        `pixel_size_um` is what the model will see, by default the images' median, `channels` what of. Without a name,
        a set of the same content is used again, else the next number is its name. Raises InputError.
        """
        recipe = Recipe(classes, groups, finished, empty_tiles, by, pixel_size_um, tuple(channels))
        check_name(name or "set-1", "a training set")
        made = make_set(self._gathered(images, recipe), name or "set-1", Splitting(validation, test, seed))
        return freeze(self.store, made, numbered=name is None)

    def create_folds(
        self,
        name: str,
        *,
        folds: int | Literal["each"] = 5,
        images: Sequence[ProjectImage | str] | None = None,
        test: Share = 0.0,
        seed: int = 0,
        pixel_size_um: float | None = None,
        classes: Sequence[str] | None = None,
        groups: Sequence[str] | None = None,
        finished: bool = False,
        empty_tiles: EmptyTiles = "keep",
        by: By = "auto",
        channels: Sequence[str] = GREY,
    ) -> list[TrainingSet]:
        """Training sets for cross-validation: each group (or image) is in the validation of exactly one of them.

        folds="each" leaves one group (or image) out at a time. All else is as in `create_training_set`. They are named
        <name>-fold-1 and so on.
        """
        recipe = Recipe(classes, groups, finished, empty_tiles, by, pixel_size_um, tuple(channels))
        check_name(f"{name}-fold-1", "a training set")
        made = make_folds(self._gathered(images, recipe), name, folds, Splitting(0.0, test, seed))
        return freeze_all(self.store, made)

    def _gathered(self, images: Sequence[ProjectImage | str] | None, recipe: Recipe) -> Ingredients:
        chosen = images if images is not None else self.images()
        handles = [self.image(image if isinstance(image, str) else image.name) for image in chosen]
        classes = [c.name for c in self.classes]
        return gather(handles, recipe, self.groups(), classes, self.tiling, labelled_only=images is None)

    def combine_training_sets(self, sets: Sequence[TrainingSet | str], name: str | None = None) -> TrainingSet:
        """A set with the tiles of several, each in the split that it has there.

        Raises InputError when they differ in classes, channels or pixel size, or when an image, or a group, would be
        in several splits.
        """
        made = combined([self._stored(one) for one in sets], check_name(name or "set-1", "a training set"))
        return freeze(self.store, made, numbered=name is None)

    def filter_training_set(
        self,
        training_set: TrainingSet | str,
        name: str | None = None,
        *,
        classes: Sequence[str] | None = None,
        groups: Sequence[str] | None = None,
        finished: bool = False,
        empty_tiles: EmptyTiles = "keep",
    ) -> TrainingSet:
        """A smaller set: some classes, groups, finished images or labelled tiles of it; splits stay as they are."""
        recipe = Recipe(classes, groups, finished, empty_tiles)
        check_name(name or "set-1", "a training set")
        made = filtered(self._stored(training_set), name or "set-1", recipe, self.image)
        return freeze(self.store, made, numbered=name is None)

    def data_card(self, training_set: TrainingSet | str) -> DataCard:
        """What a set holds, with examples, and what to beware of: in a notebook a page, else text; `.figure()`.

        It looks for tiles without labels, rare classes, look-alikes in different splits, and labels that have changed.
        """
        return data_card(self._stored(training_set), self.image, {c.name: c.colour for c in self.classes})

    def export_training_set(
        self,
        training_set: TrainingSet | str,
        folder: str | os.PathLike[str],
        *,
        format: Format = "folder",
        progress: bool = True,
    ) -> None:
        """Write the tiles of a set into a new folder, by split: as pictures and masks ("folder"), or as "coco".

        Tiles keep their bits, and `import_training_set` gives the same tiles, masks and splits back. Raises InputError
        when the folder holds other files, or labels have changed since the set was made.
        """
        frozen = self._stored(training_set)
        images = [self.image(name) for name in frozen.annotation_sha256]
        export_set(frozen, images, self.classes, folder, format, progress=progress)

    def import_training_set(
        self,
        folder: str | os.PathLike[str],
        *,
        name: str | None = None,
        classes: Sequence[str] = (),
        pixel_size_um: float | None = None,
    ) -> TrainingSet:
        """Take over a training set, with its images and labels, from a folder that `export_training_set` has written.

        Or from one of other programs: train/images and train/masks, with files of the same names, and so on for
        validation and test; `classes` names its grey levels, darkest first. Or COCO: annotations/instances_train.json
        with pictures in train/, and so on. `pixel_size_um` is that of the pictures.
        Raises InputError, with nothing changed, when files are missing, were changed or do not fit together.
        """
        source = Store(folder)
        if name is not None:
            check_name(name, "a training set")
        if source.exists(MANIFEST):
            made = import_export(self.store, source, self.image, name)
            change_groups(self.store, made.groups, list(made.annotation_sha256))
        else:
            named = name or name_from_file(source.url.rstrip("/").rpartition("/")[2])
            work = import_coco if is_coco_folder(source) else import_pairs
            made = work(self.store, source, self.image, classes, pixel_size_um, named)
        return freeze(self.store, made, numbered=False)

    def pack_training_set(
        self, training_set: TrainingSet | str, to: str | os.PathLike[str] | None = None, *, progress: bool = True
    ) -> Pack:
        """Write all that a training of the set needs as one file, for another machine, such as the GPU host.

        `to` is a folder or URL, by default `exports/packs` in the project. The same set always gives the same bytes; an
        upload to s3:// that was cut goes on when this is called again. Returns where it is, and its sha256.
        """
        frozen = self._stored(training_set)
        images = [self.image(name) for name in frozen.annotation_sha256]
        return pack_set(self.store, frozen, images, self.classes, to, progress=progress)

    def unpack_training_set(self, pack: str | os.PathLike[str], *, sha256: str | None = None) -> TrainingSet:
        """Take over a packed training set with its images and labels; a training gives the same bits as where it was.

        All of it is verified first, also against `sha256` where that is given. Raises InputError, with nothing changed,
        when it was damaged or forged, or the project has other images or labels of the same names.
        """
        return unpack_set(self.store, pack, sha256)

    def training_set(self, name: str) -> TrainingSet:
        """The training set of that name. Raises NotFoundError."""
        return read_training_set(self.store, name)

    def training_sets(self) -> list[TrainingSet]:
        """All training sets, by name."""
        return list_training_sets(self.store)

    def _stored(self, training_set: TrainingSet | str) -> TrainingSet:
        return self.training_set(training_set if isinstance(training_set, str) else training_set.name)
