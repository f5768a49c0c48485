"""The one base class of every error that the person who runs the hub can cause and repair."""


class HubConfigError(Exception):
    """Says what was given, what is allowed and what to do next; `axons` prints it without a traceback."""
