"""Puts the server together: the stage's settings, its paths, its guard, its processes; and takes it apart again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ..core.errors import ConfigError
from ..core.own_addresses import own_names
from ..core.secret_files import read_token
from .access import Access
from .generator import Generator, Job

if TYPE_CHECKING:
    from .stage import GatewayStage


def serve(stage: GatewayStage, generate_module: str) -> Callable[[], None]:
    """Begin to serve; returns what ends it. Raises ConfigError for a port, certificate or token that cannot be used."""
    try:
        from .admin import Operator, add_admin
        from .app import make_app
        from .generate_routes import add_generate
        from .guard_middleware import Guard
        from .web_server import WebServer, address_reader, listen
    except ImportError as error:
        raise ConfigError(
            "not_installed", f"{error.name} is not installed; ./avatar setup --with web"
        ) from error
    settings = stage.settings
    access = Access(settings, _token(settings.token_file), own_names())
    app = make_app(stage, access, stage.speech.described)
    add_admin(app, stage, Operator(_token(settings.admin_token_file)))
    generator = None
    if settings.generate_workers:
        limits = (settings.generate_workers, settings.generate_queue)
        generator = Generator(generate_module, *limits, _trial(stage), lambda: stage.view.accepting)
        add_generate(app, stage, generator)
    server = WebServer(Guard(app, access, settings, address_reader(settings)), settings, listen(settings))
    stage.port = server.port
    server.start()

    def stop() -> None:
        server.stop()
        if generator is not None:
            generator.close()

    return stop


def _token(file: str) -> str:
    return read_token(Path(file)) if file else ""


def _trial(stage: GatewayStage) -> Job | None:
    """A word, spoken and filmed: that loads voice, models, the first avatar and the coder."""
    own = stage.settings
    if not own.generate_warm:
        return None
    return Job("mp4", stage.avatars.file(""), "64x64", 10.0, "Hello.", own.locale, None, "", own.generate_longest_s)
