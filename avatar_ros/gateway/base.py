"""What the gateway is told: its parameters and its topics. It has no backends."""

from __future__ import annotations

from dataclasses import dataclass

from ..core.settings import Settings, setting
from ..core.stage import Port

GATEWAY_PORT = Port(
    subscribes=(
        *("state", "session", "interrupt", "speech/audio", "motion/expression", "speech/sentence"),
        *("speech/transcript", "mic/voice_activity", "offer"),
    ),
    publishes=(
        *("mic/audio", "mic/talk", "speech/transcript", "speech/playback", "speech/played"),
        *("interrupt", "session", "say", "speech/audio", "speech/sentence"),
    ),
)


@dataclass(frozen=True)
class WebSettings(Settings):
    """Parameters of the web node."""

    host: str = setting("127.0.0.1", "address that it listens on; 0.0.0.0: every one of this machine", fixed=True)
    port: int = setting(8000, "TCP port, of HTTP or, with a certificate, of HTTPS", low=0, high=65535, fixed=True)
    certificate: str = setting("", "file of the TLS certificate (PEM); empty: no TLS", fixed=True)
    private_key: str = setting("", "file of its key (PEM)", fixed=True)
    token_file: str = setting("", "file that holds the token which visitors need; empty: none is needed", fixed=True)
    admin_token_file: str = setting("", "file that holds the operator's password; empty: no /admin", fixed=True)
    names: tuple[str, ...] = setting((), "names that it is reached by besides this machine's own names and addresses")
    origins: tuple[str, ...] = setting((), "other sites whose pages may connect, [https://example.org]")
    embed_origins: tuple[str, ...] = setting((), "sites that may show /embed in a frame; '*': every one")
    trusted_proxies: tuple[str, ...] = setting(
        (), "addresses or networks of proxies whose X-Forwarded-For is believed", fixed=True
    )

    conversations: int = setting(12, "conversations at a time, others wait in a queue; 0: no limit", low=0, high=10000)
    conversations_per_address: int = setting(6, "the same of one address; 0: no limit", low=0, high=10000)
    pipelines: tuple[str, ...] = setting(
        (), "namespaces whose graphs answer, each with its places, [avatar=6, avatar2]; empty: its own", fixed=True
    )
    max_sessions: int = setting(0, "conversations of each pipeline that says no number; 0: no limit", low=0, high=10000)
    pipeline_patience_s: float = setting(
        10.0, "a pipeline that lacks a node for so long hands its conversations to another; one without any, at once",
        low=1.0, high=600.0,
    )
    queue_length: int = setting(50, "people who may wait", low=0, high=100000)
    idle_s: float = setting(300.0, "a conversation without a word ends after this time, s; 0: never", low=0.0)
    longest_s: float = setting(0.0, "a conversation ends after this time, s; 0: never", low=0.0)
    resume_s: float = setting(60.0, "a lost browser may come back within this time, s", low=0.0, high=3600.0)
    locale: str = setting("en-US", "language of typed text, BCP 47")

    webrtc: str = setting(
        "auto", "microphones by WebRTC where that connects: auto: where its extra is installed",
        choices=("auto", "on", "off"), fixed=True,
    )
    opus: bool = setting(True, "microphones by the socket as Opus, where the browser can")
    turn_urls: tuple[str, ...] = setting(
        (), "relays for WebRTC, [turn:example.org:3478?transport=udp], or stun: addresses", fixed=True
    )
    turn_secret_file: str = setting("", "file that holds the secret which the relay has, too", fixed=True)
    turn_life_s: float = setting(
        3600.0, "a page may begin to use the relay within this time, s", low=60.0, high=86400.0
    )
    turn_only: bool = setting(False, "WebRTC by the relay alone: no address of a browser is told to the server")
    echo: str = setting(
        "auto",
        "the avatar's own voice in a page's microphone: auto: the product's canceller where the browser has none",
        choices=("auto", "webrtc", "off"),
    )

    avatar: str = setting("builtin", "avatar that is shown at first: a file, or builtin")
    avatars: tuple[str, ...] = setting((), "files of further avatars that a visitor may choose")

    generate_workers: int = setting(1, "processes for /generate and /express; 0: neither is served", low=0, high=64)
    generate_queue: int = setting(8, "requests that may wait for one of them", low=0, high=1000)
    generate_warm: bool = setting(
        True, "they load models and avatar before the first request: it is as quick as others, and 0.3 GB are in use"
    )
    generate_longest_s: float = setting(120.0, "longest sound of a request, s", low=1.0, high=7200.0)
    upload_bytes: int = setting(32 << 20, "largest upload, bytes", low=1000, high=1 << 30)
