"""Lines that begin with the name of who speaks: "User: …", or are one, where the tokens around it were lost."""

from __future__ import annotations

from .marks import ANY
from .scanner import shape

LABEL = shape(
    rf"[ \t*_#>{ANY}]{{0,10}}+", r"(?P<word>[^\W\d_]{1,16}+)", r"[ \t]?", r"[*_]{0,3}+", "[:：\n]", r"[*_]{0,3}+"
)
#: Lines of this word alone.
ALONE = frozenset(("user\n", "assistant\n", "model\n", "human\n"))
#: Those who ask. Not "Visitor", nor "Question": lists of prices and quizzes have such lines.
THEIRS = frozenset(
    """
    user human instruction benutzer nutzer utilisateur usuario utente usuário пользователь 用户 用戶 人类 ユーザー
    사용자
    """.split()
)
#: Those who answer.
OURS = frozenset("assistant ai bot chatbot assistent asistente ассистент 助手 助理 アシスタント".split())
