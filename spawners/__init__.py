"""How students' servers are started. Thin classes on JupyterHub's spawners beside pure modules."""
