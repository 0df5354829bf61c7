"""`./avatar soak`: does a kiosk that talks for hours grow, get slower, or lose a question? Measured by benchmarks/."""

from .bench import verb_of

add_arguments, run = verb_of("conversation.soak_cli")
