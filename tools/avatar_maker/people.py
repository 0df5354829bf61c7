"""The characters that come with the package."""

from __future__ import annotations

from .person import Brows, Crease, Eyes, Garment, Hair, Lips, Person, Push, Skin

OURS = {"licence": "Apache-2.0", "made_by": "tools/make_avatar.py, from numbers alone"}
NEARER = {"camera": {"zoom": 1.25, "up_m": 0.042}}  # head and shoulders, not the whole bust
_SHOULDERS_UP = Push((0, -150, -30), (220, 60, 130), move=(0, 11, 0))
_SMILE_LINE = ((17.0, 2.0), (24.0, -8.0), (29.0, -17.0), (31.0, -25.0))
_ROLLED = ((-98.0, -24, 46.5, 48.5, 6.5, -0.26), (-108.0, -23, 50.5, 53.5, 7.5, -0.28))
_ROUND_NECK = ((-107.0, -25, 48.5, 49.5, 5.6, -0.34), (-112.0, -25, 52.0, 53.0, 5.6, -0.34))
_SHOULDERS = Push((150, -190, -30), (70, 55, 90), move=(6, 15, 0))
_EARS_IN = Push((78, 22, -14), (16, 34, 26), move=(-6, 2, 1), grow=(0, -0.10, 0))
_LID_FOLD = Crease(((17, 46), (22, 52.0), (31, 55.3), (40, 54.2), (49, 48)), 0.30, 1.1, 0.11)
_LIP_CORNER = Crease(((23.0, -20.5), (26.0, -22.5), (27.5, -26)), 0.30, 1.5, 0.10)

ADA = Person(
    name="ada",
    about=OURS | {"title": "Ada, a woman of about thirty", "voice": "a woman's", "defaults": NEARER},
    skin=Skin(
        tone=(0.900, 0.690, 0.575),
        rosy=0.62,
        freckles=0.7,
        lid_shade=0.75,
        creases=(_LID_FOLD, _LIP_CORNER, Crease(_SMILE_LINE, 0.12, 2.4, 0.025)),
    ),
    lips=Lips(upper=(0.76, 0.41, 0.385), lower=(0.81, 0.475, 0.44)),
    eyes=Eyes(inner=(0.55, 0.36, 0.16), outer=(0.33, 0.40, 0.25), line=0.9, lash_length=0.85),
    brows=Brows(color=(0.25, 0.145, 0.09), thick=0.92, lift_mm=-0.5),
    hair=Hair(
        "bob",
        gloss=1.7,
        dark=(0.165, 0.085, 0.05),
        light=(0.52, 0.315, 0.19),
        numbers={"parting_mm": 27.0, "length_mm": -58.0, "lift_mm": 9.0, "bulk_mm": 9.0, "cap_mm": 5.0},
    ),
    garment=Garment((0.17, 0.40, 0.43), _ROLLED),
    shape=(
        _SHOULDERS_UP,
        _SHOULDERS,
        Push((0, -62, 62), (46, 28, 50), move=(0, 5.0, 0)),  # a shorter chin
        Push((0, 8, 94), (15, 14, 18), grow=(-0.16, -0.08, -0.14)),  # a smaller nose
        Push((0, 34, 84), (9, 20, 14), grow=(-0.16, 0, 0)),
        Push((0, -25, 86), (19, 11, 18), move=(0, 0.5, 1.2), grow=(-0.03, 0.12, 0)),  # fuller lips
        Push((76, 20, -14), (17, 34, 26), move=(-11, 4, 0), grow=(0, -0.14, 0)),  # small ears under the hair
        Push((0, 3, 94), (20, 15, 24), move=(0, 3.0, 0)),
    ),
    eye_size=1.10,
)

BEN = Person(
    name="ben",
    about=OURS | {"title": "Ben, a man of about thirty-five", "voice": "a man's: piper's joe", "defaults": NEARER},
    skin=Skin(
        tone=(0.845, 0.630, 0.515),
        rosy=0.75,
        stubble=0.62,
        beard_hairs=1800,
        lid_shade=0.9,
        gloss=0.17,
        beard_color=(0.15, 0.095, 0.065),
        creases=(
            _LID_FOLD,
            _LIP_CORNER,
            Crease(_SMILE_LINE, 0.30, 2.2, 0.06),
            Crease(((20, 33.5), (28, 29.5), (39, 30.5)), 0.22, 1.6, 0.06),
            Crease(((5.5, 60), (4.5, 68), (5.5, 73)), 0.16, 1.2, 0.04),
            Crease(((0, 91), (16, 92.5), (30, 90)), 0.10, 1.3, 0.02),
        ),
    ),
    lips=Lips(upper=(0.70, 0.44, 0.395), lower=(0.745, 0.485, 0.435), gloss=0.12),
    eyes=Eyes(
        inner=(0.40, 0.46, 0.48),
        outer=(0.28, 0.39, 0.47),
        rim=(0.08, 0.11, 0.14),
        lash_length=0.72,
        lash_opacity=0.75,
        line=0.35,
    ),
    brows=Brows(color=(0.16, 0.10, 0.065), thick=1.30, lift_mm=-3.2, arch=0.62, hairs=420, opacity=0.78),
    hair=Hair(
        "short",
        dark=(0.13, 0.08, 0.05),
        light=(0.40, 0.25, 0.155),
        gloss=0.8,
        recess_mm=5.0,
        numbers={
            "side_mm": 8.0,
            "top_mm": 46.0,
            "lift_mm": 17.0,
            "sweep": -0.75,
            "bulk_mm": 9.0,
            "cap_mm": 3.0,
            "fade_mm": 13.0,
        },
        line_y=(-52.0, -48, -26, 14, 20, 24, 54, 79, 99, 109, 112),
    ),
    garment=Garment((0.115, 0.155, 0.235), _ROUND_NECK, opening_mm=46.0, ribs=0.10),
    shape=(
        _SHOULDERS_UP,
        _SHOULDERS,
        Push((140, -200, -30), (80, 80, 90), move=(16, 5, 0)),
        _EARS_IN,
        Push((50, -36, 30), (30, 34, 40), move=(6.5, -1, 1)),  # jaw
        Push((13, -58, 76), (15, 17, 24), move=(2.6, -1.0, 1.2)),  # chin
        Push((0, -58, 78), (26, 18, 24), move=(0, -1.0, 1.5)),
        Push((22, 62, 74), (28, 9, 18), move=(0, -1.5, 3.0)),  # brow ridge
        Push((0, 8, 94), (17, 15, 20), grow=(0.14, 0.05, 0.07)),  # nose
        Push((0, 36, 84), (13, 20, 16), move=(0, 0, 2.2), grow=(0.12, 0, 0)),
        Push((0, -25, 86), (26, 10, 16), grow=(0.06, 0.025, 0)),  # a wider mouth
        Push((44, -100, -28), (36, 46, 60), move=(9, 0, 0)),  # neck
        Push((0, -100, 12), (70, 50, 40), move=(0, 0, 5)),
    ),
    eye_size=0.99,
)

GRACE = Person(
    name="grace",
    about=OURS
    | {
        "title": "Grace, a woman of about sixty-five",
        "voice": "a woman's, low",
        "defaults": NEARER | {"voices": {"espeak": ["en-US=en-us+f4"]}},
    },
    skin=Skin(
        tone=(0.490, 0.325, 0.250),
        rosy=0.55,
        lid_shade=1.3,
        gloss=0.20,
        pores=1.2,
        creases=(
            _LID_FOLD,
            _LIP_CORNER,
            Crease(_SMILE_LINE, 0.62, 2.2, 0.16),
            Crease(((19, 33.5), (27, 28.5), (40, 28.5)), 0.42, 1.7, 0.12),
            Crease(((52, 42), (57, 45), (62, 50)), 0.22, 0.8, 0.08),
            Crease(((53, 39), (58, 38), (64, 37)), 0.22, 0.8, 0.08),
            Crease(((0, 89), (16, 91), (34, 87)), 0.26, 1.1, 0.07),
            Crease(((0, 98), (16, 100), (36, 95)), 0.26, 1.1, 0.07),
            Crease(((26, -33), (29, -41), (29, -50)), 0.32, 1.6, 0.08),
        ),
    ),
    lips=Lips(upper=(0.47, 0.235, 0.225), lower=(0.56, 0.295, 0.28), gloss=0.22),
    eyes=Eyes(
        inner=(0.20, 0.115, 0.06),
        outer=(0.165, 0.095, 0.05),
        rim=(0.05, 0.035, 0.03),
        lash=(0.05, 0.04, 0.04),
        lash_length=0.8,
        line=0.7,
        white=(0.90, 0.87, 0.83),
    ),
    brows=Brows(color=(0.20, 0.18, 0.17), thick=0.9, hairs=300, lift_mm=-1.0, opacity=0.65),
    hair=Hair(
        "curls",
        dark=(0.36, 0.35, 0.35),
        light=(0.80, 0.79, 0.78),
        grey=0.30,
        gloss=0.5,
        recess_mm=2.0,
        numbers={"lift_mm": 23.0, "curl_mm": 3.4, "bulk_mm": 16.0, "cap_mm": 6.0, "fade_mm": 10.0},
    ),
    garment=Garment((0.50, 0.16, 0.24), _ROUND_NECK, opening_mm=46.0, ribs=0.12),
    shape=(
        _SHOULDERS_UP,
        _SHOULDERS,
        Push((0, -62, 62), (46, 28, 50), move=(0, 3.0, 0)),
        _EARS_IN,
        Push((50, -8, 40), (26, 36, 36), move=(4.0, 0, 1)),  # a rounder face
        Push((36, -46, 52), (17, 14, 24), move=(3.0, -3.0, 1.5)),  # jowls
        Push((9, 5, 92), (11, 9, 16), move=(3.0, 0, -1.0)),  # wings of the nose
        Push((0, 12, 96), (12, 12, 14), move=(0, 0, -2.5)),
        Push((0, -25, 86), (24, 11, 18), move=(0, 0, 2.0), grow=(0.04, 0.20, 0)),
        Push((40, -100, -28), (40, 46, 60), move=(3, 0, 0)),
    ),
    eye_size=1.02,
    glasses=(0.20, 0.055, 0.075),
    earrings=(0.80, 0.62, 0.28),
)

PEOPLE = {person.name: person for person in (ADA, BEN, GRACE)}
