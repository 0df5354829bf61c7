"""`./avatar chaos`: does a conversation survive the sudden death of each of its nodes? Measured by benchmarks/."""

from .bench import verb_of

add_arguments, run = verb_of("conversation.chaos_cli")
