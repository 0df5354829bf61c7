"""The gateway: browsers and programs beyond ROS; each browser is one of the graph's sessions (docs/web_protocol.md)."""
