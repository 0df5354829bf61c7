"""Have espeak-ng ask a question into a WAV file: speak_question.py "what time is it" question.wav"""

from __future__ import annotations

import sys
from pathlib import Path

from avatar_ros.testing.spoken_questions import RATE_HZ, speak, write_wav


def main(arguments: list[str]) -> int:
    """0: the file is written; 2: called wrongly, or it cannot be."""
    if len(arguments) != 2 or not arguments[1].lower().endswith(".wav"):
        print('usage: speak_question.py "QUESTION" FILE.wav', file=sys.stderr)
        return 2
    question, path = arguments
    (sound,) = speak([question])
    try:
        write_wav(Path(path), sound)
    except OSError as error:
        print(f"{path}: {error.strerror}", file=sys.stderr)
        return 2
    print(f'{path}: "{question}", {len(sound) / RATE_HZ:.1f} s of speech')
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
