"""SenseVoice's tags, well formed and not."""

import pytest

from avatar_ros.asr.rich_tags import Rich, parse


@pytest.mark.parametrize(
    ("rich", "wanted"),
    [
        (
            "<|en|><|HAPPY|><|Laughter|><|withitn|>Oh, that is good.",
            Rich("Oh, that is good.", "en-US", "happy", ("laughter",)),
        ),
        ("<|zh|><|NEUTRAL|><|Speech|><|woitn|>现在几点", Rich("现在几点", "zh-CN", "neutral")),
        ("<|yue|><|EMO_UNKNOWN|><|Speech|><|withitn|>几点呀？", Rich("几点呀？", "zh-HK")),
        ("<|ja|><|FEARFUL|><|Cough|><|withitn|>はい", Rich("はい", "ja-JP", "scared", ("cough",))),
        ("<|ko|><|DISGUSTED|><|Speech_Noise|><|woitn|>네", Rich("네", "ko-KR", "disgusted", ("noise",))),
        ("<|fr|><|SURPRISED|><|BGM|><|withitn|>oui", Rich("oui", "fr", "surprised", ("music",))),
        ("<|nospeech|><|EMO_UNKNOWN|><|Laughter|><|woitn|>", Rich(events=("laughter",))),
        ("<|nospeech|><|EMO_UNKNOWN|><|Event_UNK|><|woitn|>", Rich()),
    ],
)
def test_a_transcript_with_its_tags(rich, wanted):
    assert parse(rich) == wanted


def test_long_audio_repeats_its_tags():
    rich = (
        "<|en|><|NEUTRAL|><|Speech|><|withitn|>First part. <|zh|><|SAD|><|Cry|><|withitn|>Second<|Cry|><|Sneeze|> part."
    )
    assert parse(rich) == Rich("First part. Second part.", "en-US", "sad", ("cry", "sneeze"))


@pytest.mark.parametrize(
    ("rich", "text"),
    [
        ("", ""),
        ("plain words", "plain words"),
        ("<|en|>", ""),
        ("<||>hi<|>", "hi"),
        ("<|UNKNOWN_TAG|>hi", "hi"),
        ("<|en|><|HAP", ""),
        ("<|en><|HAPPY|>hi", "hi"),
        ("<|en|<|HAPPY|>hi", "hi"),
        ("en|>hi", "en hi"),
        ("<|HAPPY there", "HAPPY there"),
        ("a < b | c > d", "a < b | c > d"),
        ("<|en|>...", ""),
        ("<|en|> \u2581two\u2581 words ", "two words"),
        ("<|en|>" * 1000 + "hi", "hi"),
    ],
)
def test_what_is_malformed_is_no_text(rich, text):
    assert parse(rich).text == text


def test_a_broken_tag_still_says_what_it_can():
    assert parse("<|en><|HAPPY|>hi") == Rich("hi", "en-US", "happy")
    assert parse("<|withitn|><|itn|>hi").locale == ""


def test_tags_may_come_in_any_order_and_number():
    assert parse("<|Cough|>hm<|HAPPY|>") == Rich("hm", "", "happy", ("cough",))
