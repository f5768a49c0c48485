"""How a network learns: configuration, network, losses, data and the loop."""
