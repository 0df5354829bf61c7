"""What a visitor sent and cannot be taken."""

from __future__ import annotations

from ..core.errors import AvatarRosError

#: Close codes of docs/web_protocol.md.
NORMAL, RESTARTING = 1000, 1012
BAD_FRAME, NO_TOKEN, TOO_SLOW, TAKEN_OVER, TOO_LARGE, TOO_MUCH = 4400, 4401, 4408, 4409, 4413, 4429


class RefusalError(AvatarRosError):
    """close_code: what the socket is closed with. Its text is for the other side: it names nobody's words."""

    def __init__(self, code: str, text: str, close_code: int = BAD_FRAME) -> None:
        super().__init__(code, text)
        self.close_code = close_code
