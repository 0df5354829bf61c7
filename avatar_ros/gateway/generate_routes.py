"""POST /generate and /express: sound or text in, a picture, a video or weights out."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Annotated

from fastapi import FastAPI, File, Form, Request, Response, UploadFile
from fastapi.responses import JSONResponse, StreamingResponse

from .generate_events import EVENT_STREAM, JobProgress, ResultShelf, now_s
from .generator import FailedError, Generator, Job, QueueFullError

if TYPE_CHECKING:
    from .stage import GatewayStage

KINDS = {"jpeg": "image/jpeg", "png": "image/png", "mp4": "video/mp4", "json": "application/json"}
_ALIASES = {"jpg": "jpeg", "": "jpeg"}
LONGEST_TEXT = 5000
_NAME = 200
_MACHINE_CODES = frozenset({"failed"})

_Sound = Annotated[UploadFile | None, File(description="a WAV file of speech: any rate, mono or stereo")]
_Text = Annotated[str, Form(max_length=LONGEST_TEXT, description="what is said in it; without a file, it is spoken")]
_Name = Annotated[str, Form(max_length=_NAME)]


def add_generate(app: FastAPI, stage: GatewayStage, generator: Generator) -> None:
    """Add the paths."""
    own = stage.settings
    shelf = ResultShelf()

    @app.post("/generate", responses={200: {"content": {kind: {} for kind in KINDS.values()}}}, response_class=Response)
    async def generate(
        request: Request,
        file: _Sound = None,
        text: _Text = "",
        locale: _Name = "",
        avatar: _Name = "",
        size: _Name = "512x512",
        background: _Name = "",
        fps: Annotated[float, Form(ge=1, le=60)] = 30.0,
        at: Annotated[float | None, Form(ge=0, description="s; left out: where the mouth is open the widest")] = None,
        format: Annotated[str, Form(max_length=10, description="jpeg, png or mp4")] = "jpeg",
    ) -> Response:
        """The face that says a sound or a text: a JPEG or PNG of one moment, or an MP4 with the sound.

        With `Accept: text/event-stream` the answer tells the progress, and at its end where the result is.
        """
        kind = _ALIASES.get(format, format)
        if kind not in ("jpeg", "png", "mp4"):
            return _refused(422, f"format is '{format}'; give jpeg, png or mp4")
        shown = stage.avatars.file(avatar)
        if not shown:
            return _refused(422, f"no avatar is called '{avatar}': see /avatars")
        job = Job(kind, shown, size, fps, text, locale or own.locale, at, background, own.generate_longest_s)
        follows = EVENT_STREAM in request.headers.get("accept", "")
        return await _made(stage, generator, job, file, shelf if follows else None)

    @app.get("/generate/{name}")
    def result(name: str) -> Response:
        """What was made for who follows the progress, for five minutes."""
        found = shelf.get(name, now_s())
        return _refused(404, "no such result, or no more") if found is None else Response(found[0], 200, None, found[1])

    @app.post("/express")
    async def express(
        file: _Sound = None,
        text: _Text = "",
        locale: _Name = "",
        fps: Annotated[float, Form(ge=1, le=240)] = 30.0,
    ) -> Response:
        """52 ARKit weights a frame, as `./avatar express` writes them; frame i holds at i / fps seconds."""
        job = Job("json", "", "", fps, text, locale or own.locale, None, "", own.generate_longest_s)
        return await _made(stage, generator, job, file)


async def _made(
    stage: GatewayStage, generator: Generator, job: Job, file: UploadFile | None, shelf: ResultShelf | None = None
) -> Response:
    data = await file.read() if file is not None else b""
    if not data and not job.text.strip():
        why = "the file is empty" if file is not None else "nothing to say: give file=@speech.wav or text=…"
        return _refused(422, why)
    if data and data[:4] not in (b"RIFF", b"RF64", b"RIFX"):
        return _refused(415, "the file is no WAV: convert it with: ffmpeg -i FILE -c:a pcm_s16le speech.wav")
    try:
        if shelf is not None:
            return _followed(generator, job, data, shelf)
        result = await asyncio.wrap_future(generator.submit(job, data))
    except QueueFullError as error:
        return _refused(429, str(error), {"retry-after": str(math.ceil(error.retry_after_s))})
    except FailedError as error:
        return _refused(_status(error), str(error))
    finally:
        view = stage.view
        view.generating, view.generate_waiting, view.generated = generator.busy, generator.waiting, generator.done
    return Response(result, 200, media_type=KINDS[job.format])


def _followed(generator: Generator, job: Job, data: bytes, shelf: ResultShelf) -> Response:
    progress = JobProgress()
    future = generator.submit(job, data, progress.tell)

    def keep(result: bytes) -> dict[str, object]:
        kind = KINDS[job.format]
        return {"url": f"/generate/{shelf.put(result, kind, now_s())}", "type": kind, "bytes": len(result)}

    return StreamingResponse(progress.events(future, keep, _status), media_type=EVENT_STREAM)


def _status(error: FailedError) -> int:
    return 503 if error.code in _MACHINE_CODES else 422


def _refused(status: int, text: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": text}, status, headers)
