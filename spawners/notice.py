"""What local mode does not protect, for the person who starts it. Needs no JupyterHub, unlike `local`."""

NO_PROTECTION = (
    "Local mode is for trying Axons on your own machine: all servers run as the same system user,\n"
    "  so users are not protected from each other, and no limit is enforced. Do not use it for a class."
)
