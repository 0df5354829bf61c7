"""Lips of a known text in any language: its graph, its alignment to a network's frames, and texts that do not fit."""

import importlib.util

import numpy as np
import pytest

from avatar_ros.encoder.base import EncoderSettings
from avatar_ros.encoder.encode import encode
from avatar_ros.encoder.text_phones import TextPhones, unreadable_share
from avatar_ros.encoder.text_source import TextAligner, TextSource, with_heard_closures
from avatar_ros.speech.ipa_text import words_of
from avatar_ros.speech.phones import PHONE_COUNT, PHONE_INDEX, SIL, silent_frames
from avatar_ros.speech.text_graph import FREE, text_graph

IPA = "b_ɔ̃_ʒ_u_ʁ m_a_d_a_m k_ɔ_m_ɑ̃ v_a_l_e_v_u o_ʒ_u_ʁ_d_y_i"
OTHER = "ʃ_e_t_i_k_s p_a_p_i_ɛ f_ɛ_s_ø t_ʁ_o_l i_n_e_z_i s_y_p_ɛ_ʁ_b"
FRAMES_A_CLASS = 6


def shown(ipa):
    """The classes of a text in order."""
    return [name for word in words_of(ipa) for schedule in word for name, _ in schedule]


def heard(ipa, sureness=0.6, seed=0):
    """Frames of a network that hears a text, with silence around it, and their true classes."""
    rng = np.random.default_rng(seed)
    truth = np.repeat([SIL, *(PHONE_INDEX[name] for name in shown(ipa)), SIL], FRAMES_A_CLASS)
    rows = rng.dirichlet(np.full(PHONE_COUNT, 0.3), len(truth)).astype(np.float32) * (1 - sureness)
    rows[np.arange(len(truth)), truth] += sureness
    return rows, truth


def aligned(ipa, rows, step=4):
    aligner = TextAligner(text_graph(words_of(ipa)))
    parts = [aligner.push(rows[at : at + step]) for at in range(0, len(rows), step)] + [aligner.finish()]
    said, belief = zip(*parts, strict=True)
    return np.concatenate(said), np.concatenate(belief)[:, 0]


def test_words_and_phones_of_espeaks_ipa():
    words = words_of("__ˈ_m_a-__t (en)_k_(fr) ... _")
    assert [len(word) for word in words] == [3, 1]
    assert words_of("") == () and words_of("_ : ˈ") == ()


def test_a_graph_goes_forward_and_loses_nothing():
    graph = text_graph(words_of(IPA))
    moves = graph.transitions.sum(axis=1)
    last = graph.ends > 0
    np.testing.assert_allclose(moves[~last], 1.0, atol=0.03)
    below = np.argwhere(np.tril(graph.transitions, -1) > 0)
    assert all(graph.classes[a] == FREE and graph.classes[b] == SIL for a, b in below), "only back from FREE to silence"
    assert set(graph.classes) <= set(range(FREE + 1)) and graph.start.sum() > 0 and last.any()


def test_a_very_long_text_is_shortened():
    assert len(text_graph(words_of(" ".join([IPA] * 400))).classes) < 3000


def test_the_texts_phones_stand_where_they_are_heard():
    rows, truth = heard(IPA, 0.35)
    said, belief = aligned(IPA, rows)
    assert said.shape == (len(rows), FREE + 1)
    np.testing.assert_allclose(said.sum(axis=1), 1.0, atol=1e-3)
    right = said[np.arange(len(truth)), truth].mean()
    assert right > 0.5 and (said.argmax(axis=1) == truth).mean() > 0.7
    assert belief.min() > 0.9


def test_what_the_network_takes_for_another_is_what_the_text_says():
    rows, truth = heard(IPA, 0.6)
    swapped = rows.copy()
    m, n = PHONE_INDEX["M"], PHONE_INDEX["N"]
    swapped[:, [m, n]] = rows[:, [n, m]]
    said, _ = aligned(IPA, swapped)
    assert said[truth == m, m].mean() > 0.5 > said[truth == m, n].mean()


def test_frames_do_not_depend_on_chunks():
    rows, _ = heard(IPA, 0.4)
    whole, _ = aligned(IPA, rows, 1)
    for step in (3, 8):
        said, _ = aligned(IPA, rows, step)
        assert said.shape == whole.shape  # within a chunk more of the future is known
        assert np.abs(said - whole).mean() < 0.05


def test_another_text_is_not_believed():
    rows, _ = heard(IPA * 1 + " " + IPA + " " + IPA, 0.7)
    _, right = aligned(" ".join([IPA] * 3), rows)
    _, wrong = aligned(" ".join([OTHER] * 3), rows)
    assert right[-50:].mean() > 0.9 > 0.6 > wrong[-50:].mean()


def test_a_word_that_is_not_in_the_text_is_free():
    rows, _ = heard(IPA, 0.7)
    extra, _ = heard("f_i_ʃ_y_f_i_ʃ_y", 0.8, seed=3)
    words = words_of(IPA)
    cut = FRAMES_A_CLASS * (1 + sum(len(schedule) for word in words[:2] for schedule in word))
    said, _ = aligned(IPA, np.concatenate([rows[:cut], extra[FRAMES_A_CLASS:-FRAMES_A_CLASS], rows[cut:]]))
    middle = said[cut + 10 : cut + len(extra) - 2 * FRAMES_A_CLASS - 10, FREE]
    assert middle.mean() > said[: cut - 10, FREE].mean()
    assert said[-20:, SIL].max() > 0.5, "the text is found again"


class Sound:
    """A source whose network's frames are told to a TextSource, four a chunk."""

    def __init__(self, rows, told):
        self.rows, self.told, self.at = rows, told, 0

    def push(self, pcm):
        part = self.rows[self.at : self.at + 4]
        self.at += 4
        self.told(part)
        return part

    def finish(self):
        self.told(np.concatenate([self.rows[self.at :], silent_frames(5)]))
        return self.rows[self.at :]


def test_a_source_gives_every_frame_once_and_the_sound_where_the_text_is_wrong():
    rows, truth = heard(IPA, 0.5)
    text = TextSource(text_graph(words_of(IPA)))
    text.beside(Sound(rows, text.heard))
    out = [text.push(np.zeros(640, np.int16)) for _ in range(len(rows) // 8)]
    out = np.concatenate([*out, text.finish()])
    assert out.shape == (len(rows), PHONE_COUNT)
    np.testing.assert_allclose(out.sum(axis=1), 1.0, atol=1e-3)
    assert (out.argmax(axis=1) == truth).mean() > 0.7


def test_a_source_without_sound_gives_nothing():
    text = TextSource(text_graph(words_of(IPA)))
    text.beside(Sound(np.zeros((0, PHONE_COUNT), np.float32), text.heard))
    assert len(text.finish()) == 0


def test_what_the_network_surely_hears_as_a_closure_is_kept_and_the_rest_is_not_touched():
    m, p, t, aa = (PHONE_INDEX[name] for name in ("M", "P", "T", "AA"))
    said = np.zeros((5, PHONE_COUNT), np.float32)
    said[:, t], said[:, aa] = 0.6, 0.4
    said[3] = 0
    said[3, p] = 1.0
    heard = np.zeros_like(said)
    heard[:, m] = [0.8, 0.2, 0.4, 0.5, 0.8]
    heard[:, aa] = 1 - heard[:, m]
    out = with_heard_closures(said, heard, silent=np.array([0, 0, 0, 0, 1], np.float32))
    np.testing.assert_allclose(out.sum(axis=1), 1.0, atol=1e-6)
    np.testing.assert_allclose(out[:, m], [0.8, 0, 0.2, 0, 0], atol=1e-6)  # sure, not, half; the text closes, rests
    np.testing.assert_allclose(out[0, [t, aa]], [0.12, 0.08], atol=1e-6)
    np.testing.assert_allclose(out[[1, 3, 4]], said[[1, 3, 4]], atol=1e-6)


def test_a_schwa_is_left_out_more_readily_than_a_closure():
    over = {}
    for second in ("ə", "t", "p"):
        graph = text_graph(words_of(f"s_{second}_u"))
        before = np.flatnonzero(graph.classes == PHONE_INDEX["S"])[-1]
        over[second] = graph.transitions[before, np.flatnonzero(graph.classes == PHONE_INDEX["UW"])[0]]
    assert over["ə"] > over["t"] > over["p"] > 0


# --- which texts


def test_graphs_are_kept_and_what_espeak_does_not_read_has_none():
    asked = []

    def ipa(text, locale):
        asked.append((text, locale))
        return IPA if text != "?" else ""

    texts = TextPhones(ipa)
    assert texts.graph("Bonjour", "fr") is texts.graph("Bonjour", "fr")
    assert asked == [("Bonjour", "fr")]
    assert texts.graph("?", "fr") is None and texts.graph("今日は良い天気", "ja-JP") is None
    assert texts.graph("きょうはいいてんき", "ja-JP") is not None
    for number in range(9):
        texts.graph(f"Texte {number}", "fr")
    assert texts.graph("Bonjour", "fr") is not None and asked.count(("Bonjour", "fr")) == 2


@pytest.mark.parametrize(
    ("text", "locale", "share"),
    [
        ("Привет", "ru-RU", 0.0),
        ("你好", "zh-CN", 0.0),
        ("你好", "ko_KR", 1.0),
        ("OK 좋아요", "ko", 0.0),
        ("Guten Tag мир", "de", 3 / 11),
        ("漢字かな", "ja", 0.5),
        ("", "fr", 0.0),
    ],
)
def test_letters_that_cannot_be_read_are_counted(text, locale, share):
    assert unreadable_share(text, locale) == pytest.approx(share)


@pytest.mark.skipif(importlib.util.find_spec("espeakng_loader") is None, reason="needs espeakng-loader")
def test_a_french_text_changes_the_lips_of_the_default_encoder(monkeypatch):
    pytest.importorskip("onnxruntime", reason="needs onnxruntime")
    from avatar_ros.encoder.phone_encoder import PhoneEncoder
    from avatar_ros.encoder.phone_settings import PhoneSettings

    monkeypatch.setattr("avatar_ros.speech.g2p_espeak.TEXT_TIMEOUT_S", 4.9)
    t = np.arange(16000) / 16000
    buzz = sum(np.sin(2 * np.pi * 130 * k * t) / k for k in range(1, 25)) * (np.sin(2 * np.pi * 4 * t) > 0)
    pcm = (3000 * buzz + 300 * np.random.default_rng(0).normal(size=len(t))).astype(np.int16)
    found = []
    for text in ("", "Bonjour, madame."):
        made = PhoneEncoder(EncoderSettings(), PhoneSettings())
        made.load()
        found.append(encode(pcm, 16000, text, locale="fr-FR", encoder=made))
        made.close()
    assert found[0].shape == found[1].shape
    np.testing.assert_allclose(found[1][:, :PHONE_COUNT].sum(axis=1), 1.0, atol=1e-4)
    assert np.abs(found[0] - found[1]).max() > 0.1
