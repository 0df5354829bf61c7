"""`python sees_nodes.py NAMESPACE NAME`: writes a line once it sees that node; ROS 2 as its environment says."""

import signal
import sys
import time

import rclpy
from rclpy.signals import SignalHandlerOptions

namespace, name = sys.argv[1:]
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
rclpy.init(signal_handler_options=SignalHandlerOptions.NO)
node = rclpy.create_node("looks_for_nodes")
while (name, f"/{namespace}") not in node.get_node_names_and_namespaces():
    time.sleep(0.1)
print("seen", flush=True)
signal.sigwait({signal.SIGINT})
rclpy.shutdown()
