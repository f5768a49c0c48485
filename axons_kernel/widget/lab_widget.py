"""What all widgets of the JupyterLab extension have in common: the module that their front end is found in."""

from __future__ import annotations

import ipywidgets as widgets
import traitlets

from .module import NAME, VERSION


class LabWidget(widgets.DOMWidget):  # type: ignore[misc]
    """A widget whose model and view are in labextension/; subclasses name both."""

    _model_module = traitlets.Unicode(NAME).tag(sync=True)
    _view_module = traitlets.Unicode(NAME).tag(sync=True)
    _model_module_version = traitlets.Unicode(VERSION).tag(sync=True)
    _view_module_version = traitlets.Unicode(VERSION).tag(sync=True)
