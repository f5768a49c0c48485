"""Name and version under which JupyterLab finds the widgets' front end; labextension/src/module.ts says the same."""

from __future__ import annotations

NAME = "axons-lab"
VERSION = "0.1.0"
