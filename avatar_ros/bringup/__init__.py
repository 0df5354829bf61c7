"""Starting the kiosk: the node graph as data, the runner that starts it, and (machine/) setting a machine up for it."""
