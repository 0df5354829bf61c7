"""The names of lasting faces, and of movements."""

from __future__ import annotations

#: The values of hri_msgs/msg/Expression (https://github.com/ros4hri/hri_msgs).
EXPRESSIONS = tuple(
    """
    neutral angry sad happy surprised disgusted scared pleading vulnerable despaired guilty disappointed embarrassed
    horrified skeptical annoyed furious suspicious rejected bored tired asleep confused amazed excited
    """.split()
)

#: Movements that every kiosk knows (config/gestures.yaml), and that a language model may ask for: "[nod] Yes."
GESTURES = tuple(
    """
    nod agree shake shrug wink raise_brows look_around think laugh sleep wake tilt bow doubt sigh yawn gasp wince shy
    grin blink look_up
    """.split()
)
