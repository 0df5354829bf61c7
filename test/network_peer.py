"""A program that knows only the kiosk's messages: `python network_peer.py NAMESPACE WORDS`.

Tries to see nodes, hear sound, have WORDS spoken and set a parameter, with ROS 2 as its environment says; writes a line
of JSON whenever that changes, until its stdin is closed.
"""

import json
import select
import sys
import time

import rclpy
from avatar_ros.msg import AudioFrame, Say, Sentence, SpeechChunk
from rcl_interfaces.msg import Parameter, ParameterValue
from rcl_interfaces.srv import SetParameters

namespace, words = sys.argv[1:]
rclpy.init()
node = rclpy.create_node(f"peer_{words.split()[-1]}")
seen = {"nodes": 0, "microphone": 0, "speech": 0, "parameters": 0, "sentences": []}


def count(what):
    def take(message):
        seen[what] += 1

    return take


node.create_subscription(AudioFrame, f"/{namespace}/mic/audio", count("microphone"), 10)
node.create_subscription(SpeechChunk, f"/{namespace}/speech/audio", count("speech"), 10)
node.create_subscription(Sentence, f"/{namespace}/speech/sentence", lambda m: seen["sentences"].append(m.text), 10)
say = node.create_publisher(Say, f"/{namespace}/say", 10)
client = node.create_client(SetParameters, f"/{namespace}/llm_node/set_parameters")
seed = Parameter(name="answers.seed", value=ParameterValue(type=2, integer_value=7))
change = SetParameters.Request(parameters=[seed])
said_s, called_s, call, written = 0.0, 0.0, None, ""
while not select.select([sys.stdin], [], [], 0)[0]:
    rclpy.spin_once(node, timeout_sec=0.1)
    seen["nodes"] = sum(space == f"/{namespace}" for _, space in node.get_node_names_and_namespaces())
    # What reached a subscriber waits for its turn among the others' words; before that it is lost.
    patience_s = 8 if say.get_subscription_count() else 2
    if time.monotonic() - said_s > patience_s and not any(words in text for text in seen["sentences"]):
        said_s = time.monotonic()
        say.publish(Say(session="local", id=f"{words} {said_s}", text=f"{words}.", when=Say.QUEUE))
    # A server that has not found its client's reader yet drops the answer.
    if client.service_is_ready() and (call is None or (not call.done() and time.monotonic() - called_s > 8)):
        call, called_s = client.call_async(change), time.monotonic()
    if call is not None and call.done():
        seen["parameters"] = sum(result.successful for result in call.result().results)
    if (line := json.dumps(seen)) != written:
        print(written := line, flush=True)
