"""One stream of a sound card through PortAudio: what microphone and loudspeaker share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..core.errors import StageError
from .devices import Device
from .portaudio import COMMON_RATES_HZ, find, monotonic_s, open_streams, sounddevice

#: A stream that is silent this long is dead: its device was pulled out. Sound servers begin with a pause.
STREAM_TIMEOUT_S, START_TIMEOUT_S = 2.0, 5.0


class CardStream:
    """Opens the best device that opens; its callback calls `_alive`, and somebody calls `_check` from time to time.

    output: whether it plays; noun, code: of its errors ("loudspeaker", "speaker_open"); error: their class.
    """

    output = False
    noun = code = ""
    error = StageError

    def __init__(self, device: str, rate_hz: int) -> None:
        """device: as in audio.devices.candidates; rate_hz: wanted, where the card takes it."""
        self._device = device
        self._wanted_rate_hz = rate_hz
        self._stream: Any = None
        self._alive_until_s = 0.0
        self._name = ""
        self._rate_hz = 0  # that the card takes

    def load(self) -> None:
        """Find the device. Raises ConfigError "no_microphone" or "no_loudspeaker"."""
        find(self._device, output=self.output)

    def status(self) -> Mapping[str, str]:
        """Device and rate; nothing while it is closed."""
        return {"device": self._name, "card_rate_hz": str(self._rate_hz)} if self._stream is not None else {}

    def close(self) -> None:
        """Close the stream, whatever state it is in."""
        if self._stream is not None:
            self._stream.abort(ignore_errors=True)
            self._stream.close(ignore_errors=True)
            open_streams.discard(id(self))
            self._stream = None

    def _options(self) -> dict[str, Any]:
        """What the stream is opened with at `_rate_hz`: blocksize, latency, callback."""
        raise NotImplementedError

    def _opened(self, latency_s: float) -> None:
        """The stream is about to start; latency_s: as PortAudio tells it."""

    def _open_best(self) -> None:
        """Raises ConfigError or `error`."""
        module, problems = sounddevice(), []
        for device in find(self._device, output=self.output):
            try:
                self._start(module, device)
            except module.PortAudioError as error:
                self.close()
                problems.append(f"'{device['name']}': {error}")
                continue
            return
        problem = f"no {self.noun} could be opened: {'; '.join(problems)}"
        raise self.error(f"{self.code}_open", problem, retryable=True)

    def _check(self) -> None:
        """Raises `error` where the device does not call any more, or PortAudio says that the stream ended."""
        try:
            if self._stream.active and monotonic_s() <= self._alive_until_s:
                return
        except sounddevice().PortAudioError:
            pass
        raise self.error(f"{self.code}_lost", f"the {self.noun} '{self._name}' is gone", retryable=True)

    def _alive(self, now_s: float) -> None:
        self._alive_until_s = max(self._alive_until_s, now_s + STREAM_TIMEOUT_S)

    def _start(self, module: Any, device: Device) -> None:
        self._name = device["name"]
        self._rate_hz, channels = self._format(module, device)
        open_stream = module.OutputStream if self.output else module.InputStream
        form = {"samplerate": self._rate_hz, "channels": channels, "dtype": "int16"}
        self._stream = open_stream(device=device["index"], **form, **self._options())
        self._alive_until_s = monotonic_s() + START_TIMEOUT_S
        open_streams.add(id(self))
        self._opened(self._stream.latency)
        self._stream.start()

    def _channel_counts(self, device: Device) -> tuple[int, ...]:
        """Numbers of channels to try, best first."""
        return (1, 2)

    def _format(self, module: Any, device: Device) -> tuple[int, int]:
        """(rate, channels) that the device takes: ours if possible. Raises PortAudioError."""
        check = module.check_output_settings if self.output else module.check_input_settings
        usual = int(device["default_samplerate"])
        error: Exception = module.PortAudioError("it takes no usual rate")
        for rate_hz in dict.fromkeys((self._wanted_rate_hz, usual, *COMMON_RATES_HZ)):
            for channels in self._channel_counts(device):
                try:
                    check(device["index"], channels, "int16", None, rate_hz)
                except module.PortAudioError as refused:
                    error = refused
                    continue
                return rate_hz, channels
        raise error
