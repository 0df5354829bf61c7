"""Hair of any style: a scalp, an opaque layer close to it, a broad dark layer, fine strands, and loose ones."""

from __future__ import annotations

import numpy as np

from . import solids
from .cloud import Cloud, gather, keep, make, scatter, thin_out
from .hair_styles import STYLES
from .person import Hair, Person
from .sdf import Array, Sdf, gradient, smoothstep
from .solids import Figure
from .strands import hair_light


def make_hair(person: Person, rng: np.random.Generator) -> Cloud:
    """Hair of the person's style, on the common head."""
    figure = Figure(person)
    scalp = scatter(solids.head, (-80, -50, -115), (80, 148, 90), 0.9, rng)
    scalp = scalp[scalp[:, 1] > figure.hairline_y(scalp) - 1]
    style = STYLES[person.hair.style](figure, person.hair)
    hair = gather([cap(figure, person.hair, style.shell, scalp[::3]), *style.make(scalp, rng)])
    return keep(hair, ~style.in_the_way(hair.position))


def cap(figure: Figure, hair: Hair, shell: Sdf, scalp: Array) -> Cloud:
    """An opaque dark layer below the strands, fading out at the hairline."""
    p = scalp[thin_out(scalp, np.full(len(scalp), 4.6))]
    n = gradient(solids.head, p)
    inside = p[:, 1] - figure.hairline_y(p)
    fade = hair.numbers.get("fade_mm", 9.0)
    side = smoothstep(60, 35, p[:, 2]) * smoothstep(-70, -40, p[:, 2])
    opacity = 0.96 * smoothstep(1.0, fade * (1 + 0.8 * side), inside) + 0.02
    volume = 0.8 + hair.numbers.get("cap_mm", 5.0) * smoothstep(10, 45, inside) * smoothstep(60, 110, p[:, 1])
    along = np.cross(n, [[1.0, 0, 0]])
    raised = p + volume[:, None] * n
    color = hair_light(figure, hair, raised, along, n, np.full(len(p), 0.22), np.full(len(p), 0.72), hair.grey)
    return make("hair", raised, n, (4.3, 3.8, 0.6), color, tangent=along, opacity=opacity)
