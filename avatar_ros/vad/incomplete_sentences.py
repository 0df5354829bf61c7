"""Words that a sentence cannot well end with, language by language: whoever stops after one is thinking.

Listed is only what (almost) never ends a sentence; a wrong entry would make everybody who ends with it wait.
"""

from __future__ import annotations

#: Last words, by language: conjunctions, articles, possessives, prepositions, auxiliaries, hesitation.
LAST_WORDS = {
    language: frozenset(words.split())
    for language, words in {
        "en": """
            a about an and any are as at because but by can could did do does for from had has have how i if in into
            is it's like may might my of on or our should so some tell than that the their then there these this those
            to um uh er hmm want was were what what's when where where's which while who who's whose why will with
            would your
        """,
        # No prepositions that are the end of a separable verb: "Wann macht ihr auf?", "Kommst du mit?"
        "de": """
            und oder aber weil dass wenn ob sondern denn der die den dem des ein eine einen einem einer eines mein meine
            meinen dein deine ihr ihre sein seine unser unsere kein keine keinen im am vom zum zur beim ins für von
            ohne gegen zwischen ist sind wo wie wer wann warum welche welcher welches wieviel möchte kann könnte äh
            ähm hm
        """,
        "fr": """
            et ou mais parce que qu'est-ce est-ce car donc le la les un une des du de au aux à en dans pour par sur
            avec sans chez vers mon ma mes ton ta tes son sa ses notre nos votre vos leur leurs ce cet cette ces
            quel quelle quels quelles est sont je euh heu hum
        """,
        "es": """
            y e o u pero porque que el la los las un una unos unas mi tu su mis tus sus nuestro nuestra de del a al
            en con por para sin sobre entre hasta desde eh em este
        """,
        "it": """
            e ed o ma che se il lo la i gli le un uno una di del dello della dei degli delle a al allo alla ai agli alle
            da dal dalla in nel nella nei con su sul sulla per tra fra ehm
        """,
        "ko": "그리고 그래서 그런데 하지만 근데 또는 혹은 왜냐하면 만약 음 어 저기 그 이 저 제 내",
    }.items()
}  # fmt: skip

#: Endings, where a language puts no spaces between words, or its particles on the words before them.
LAST_LETTERS = {
    language: tuple(endings.split())
    for language, endings in {
        "zh": """
            和 跟 与 與 或 或者 还是 還是 因为 因為 所以 但是 可是 如果 要是 而且 然后 然後 把 被 从 從 往 关于 關於
            请问 請問 我想 我要 想问 想問 能不能 嗯 呃 但係 同埋 喺
        """,
        "ja": """
            を に へ と が や でも けれど それから そして だから あの あのう あのー その えっと ええと えーと まあ
        """,
        "ko": "을 를 에서 하고 이랑 으로",
    }.items()
}
LAST_LETTERS["yue"] = LAST_LETTERS["zh"]

QUESTION_WORDS = frozenset("what who where when which why how whose whom".split())
BE = frozenset("is are was were am".split())
_PRONOUNS = frozenset("i you he she it we they this that these those there".split())
_DETERMINERS = frozenset("the a an my your our his her its their this that these those".split())
_STRANDED = frozenset("for from like about with in on of to at by".split())
_DEMONSTRATIVES = frozenset("this that these those there".split())


def is_whole_question(words: list[str]) -> bool:
    """Whether an English sentence is a question that may end with the word that it ends with.

    words: lower case. "What that is", "how much is it for" and "what is that" are whole, though most sentences go on
    after "is", "for" and "that"; "what time is", "how do I get to" and "what is the" are not.
    """
    asked = [place for place, word in enumerate(words) if word in QUESTION_WORDS]
    rest = words[asked[-1] + 1 :] if asked else []
    if len(rest) < 2:
        return False
    last, before = rest[-1], rest[-2]
    if last in BE:
        return before in _PRONOUNS or (rest[0] in _DETERMINERS and len(rest) > 2)
    if last in ("do", "have", "want", "like", "mean") and before in _PRONOUNS:
        return True
    if last in _DEMONSTRATIVES:
        return before in BE
    far = words[asked[-1]] == "how" and rest[0] != "much"  # "how far is it from"
    return last in _STRANDED and before in _PRONOUNS and len(rest) > 2 and rest[-3] in BE and not far
