"""The hub side of Axons: settings, configuration and start of a JupyterHub. Needs neither torch nor ipycanvas."""
