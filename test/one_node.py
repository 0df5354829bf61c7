"""`python one_node.py NAMESPACE`: the runner with one real node, monitor_node, for tests of what it survives."""

import sys

from avatar_ros.bringup.graph import KioskNode, KioskOptions
from avatar_ros.bringup.kiosk import run_nodes

namespace = sys.argv[1]
sys.exit(run_nodes([KioskNode("monitor_node", namespace, ())], KioskOptions(namespace=namespace)))
