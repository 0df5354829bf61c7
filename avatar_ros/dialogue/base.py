"""Parameters and wiring of the dialogue. It has no backends: it is rules, not a model."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.locales import AUTO
from ..core.settings import Settings, setting
from ..core.stage import Port
from ..core.types import LOCAL_SESSION

PORT = Port(
    subscribes=(
        *("speech/transcript", "mic/voice_activity", "say", "speech/playback", "speech/fault", "dialogue/reply"),
        *("speech/draft", "interrupt", "session", "control"),
    ),
    publishes=("dialogue/prompt", "speech/sentence", "interrupt", "state", "session", "say_result", "offer"),
)

_AUTO = f"{AUTO}: of the language's file in config/locales"


@dataclass(frozen=True)
class DialogueSettings(Settings):
    """Parameters of the dialogue node. Patience for thinking and for speaking are separate."""

    session: str = setting(LOCAL_SESSION, "session of the kiosk itself, opened at start")
    session_ttl_s: float = setting(
        600.0, "sessions of others are closed after this time without a word, s", low=1.0, high=86400.0
    )
    locale: str = setting(
        "en-US",
        "the kiosk's language: that its own texts in these parameters are written in; of what was heard and of a `say` "
        "that name none; of answers in its script where the question's language has another; BCP 47",
    )
    languages: tuple[str, ...] = setting(
        (), "languages besides locale that are answered in themselves, [de, fr]; empty: every one that is heard"
    )
    epoch_file: str = setting("", "where the restart counter is kept; empty: the user's state directory")

    idle_after_s: float = setting(
        30.0, "idle after this time without speech of either side, s", low=0.1, high=3600.0, live=True
    )
    forget_when_idle: bool = setting(True, "the next person is another one: forget the history when idle", live=True)
    history_messages: int = setting(20, "messages told to the LLM, at most", low=0, high=200)
    history_characters: int = setting(8000, "characters of history told to the LLM, at most", low=0, high=200000)

    think_patience_s: float = setting(20.0, "wait for the next piece of an answer, s", low=0.1, high=300.0, live=True)
    speak_patience_s: float = setting(10.0, "wait for sound that is owed, s", low=0.1, high=300.0, live=True)
    peer_patience_s: float = setting(
        8.0, "wait for a node that died to come back, before what it was needed for is given up, s", low=0.5, high=300.0
    )
    hear_patience_s: float = setting(
        5.0, "wait for a transcript after the voice stopped, then say too_slow, s", low=0.1, high=60.0
    )
    longest_voice_s: float = setting(
        25.0,
        "an utterance whose end does not come within this time is given up; more than vad_node's max_utterance_s, s",
        low=1.0,
        high=600.0,
    )
    longest_talk_s: float = setting(
        60.0,
        "speech without a pause is one question, in any number of utterances; after this time it is too long or noise, "
        "and not waited for any more, s",
        low=1.0,
        high=600.0,
    )

    barge_in: bool = setting(True, "whether speech over the avatar can interrupt it", live=True)
    barge_in_style: str = setting(
        "pause", "what speech over the avatar does at once", choices=("pause", "duck"), live=True
    )
    decide_within_s: float = setting(
        0.8,
        "resume if no transcript has come within this time after the voice over the avatar stopped, s",
        low=0.05,
        high=5.0,
        live=True,
    )
    cancel_after_voice_s: float = setting(
        1.5, "a voice over the avatar interrupts after this time, s; 0: only words do", low=0.0, high=60.0, live=True
    )
    unclear_voice_s: float = setting(
        0.8,
        "speech over the avatar that was not understood interrupts as well if it lasted this time, s; 0: never",
        low=0.0,
        high=60.0,
    )
    partial_words: int = setting(
        3, "words of a partial transcript that interrupt before the voice stops; 0: none do", low=0, high=50
    )
    partial_confidence: float = setting(
        0.6, "a partial transcript of less confidence interrupts nothing: a cough has words too", low=0.0, high=1.0
    )
    backchannels: str = setting(
        AUTO, f"what may be said over the avatar without interrupting, commas between; {_AUTO}"
    )
    stop_phrases: str = setting(
        AUTO, f"what silences the avatar and wants no answer, commas between; {_AUTO}"
    )

    follow_up: str = setting(
        "queue",
        "a question while an answer is being prepared: queue (both are answered in turn), join (continued within "
        "join_within_s: answered as one, else replaced) or replace",
        choices=("queue", "join", "replace"),
    )
    join_within_s: float = setting(
        1.5, "silence between two utterances that are one question, with follow_up join, s", low=0.0, high=10.0
    )

    ignore_noise: bool = setting(True, "while idle, do not answer short sounds in which no word was heard")
    noise_longest_s: float = setting(0.5, "longest sound without words that counts as noise, s", low=0.0, high=10.0)
    rejected_in_a_row: int = setting(
        2, "polite answers to what was not understood, one after another, before it keeps silent", low=0, high=100
    )
    quiet_voice_s: float = setting(
        1.0,
        "a voice at least this long that was too quiet to be understood is told so, s",
        low=0.1,
        high=60.0,
    )
    quiet_wait_s: float = setting(
        2.0,
        "a user who was too quiet is told so after this time of silence: a television in the background goes on, s",
        low=0.0,
        high=60.0,
    )
    too_long_words: int = setting(
        150, "more words at once than this are not answered but asked for again", low=5, high=10000
    )
    say_characters: int = setting(20000, "a `say` of more characters is refused (too_long)", low=100, high=1000000)
    say_limit: int = setting(50, "texts of `say` that may wait", low=1, high=10000)

    speculative_requests_per_minute: int = setting(
        20,
        "answers that are prepared while the user may still go on, in a minute at most: each is a request to "
        "llm_node's service and one to tts_node's, paid for though perhaps not heard; 0: none",
        low=0,
        high=1000,
    )
    speculative_requests_per_utterance: int = setting(
        3, "the same for one utterance: one more each time the words have changed", low=0, high=100
    )

    greeting: str = setting("", f"said as greet_when says; empty: nothing; {_AUTO}", live=True)
    greet_when: str = setting(
        "voice",
        "voice: before the first answer to a new person; start: when the kiosk starts",
        choices=("voice", "start"),
    )
    greet_delay_s: float = setting(
        3.0, "the greeting at the start waits this time for the other nodes, s", low=0.0, high=60.0
    )
    farewell: str = setting("", f"said when the conversation becomes idle; empty: nothing; {_AUTO}", live=True)
    apology: str = setting(AUTO, f"said when no answer came, or an answer broke off; {_AUTO}", live=True)
    missed: str = setting(AUTO, f"said to a user who was speaking when the node that heard it died; {_AUTO}", live=True)
    too_long: str = setting(AUTO, f"said to more than too_long_words, or longest_talk_s; {_AUTO}", live=True)
    too_quiet: str = setting(AUTO, f"said to a voice that was too quiet to be understood; {_AUTO}", live=True)
    too_slow: str = setting(
        AUTO, f"said once to a question of which no transcript came within hear_patience_s; {_AUTO}", live=True
    )

    first_clause_characters: int = setting(
        80, "a first sentence longer than this is spoken from its next comma on", low=10, high=2000
    )
    clause_characters: int = setting(200, "any sentence longer than this is cut at its next comma", low=20, high=2000)
    sentence_characters: int = setting(300, "longest sentence, characters", low=40, high=5000)
