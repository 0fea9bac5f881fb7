"""Has stock clients speak: LiveKit's plugins (Deepgram, OpenAI) and Pipecat's services (Deepgram, OpenAI)."""

import asyncio
from pathlib import Path
from typing import Any

from speech_file import arguments, report, until


async def livekit_speech(asked: dict[str, Any]) -> tuple[bytes, int]:
    """One of LiveKit's plugins: streams of words, or phrases at once. Returns the samples and their rate."""
    import aiohttp
    from livekit.agents import APIConnectOptions

    once = APIConnectOptions(max_retry=0, timeout=20)
    pcm = b""
    async with aiohttp.ClientSession() as session:
        if asked["service"] == "livekit-deepgram":
            from livekit.plugins import deepgram

            plugin: Any = deepgram.TTS(
                api_key=asked["key"],
                base_url=f"{asked['url']}/v1/speak",
                model=asked["model"],
                http_session=session,
            )
        else:
            from livekit.plugins import openai

            plugin = openai.TTS(api_key=asked["key"], base_url=f"{asked['url']}/v1", voice="onyx")
        # One stream for each text; the plugin keeps the socket for all of them.
        for text in asked["texts"]:
            if asked.get("stream"):
                stream = plugin.stream(conn_options=once)
                for word in text.split(" "):
                    stream.push_text(f"{word} ")
                stream.end_input()
            else:
                stream = plugin.synthesize(text, conn_options=once)
            async with stream:
                async for audio in stream:
                    pcm += bytes(audio.frame.data)
        await plugin.aclose()
    return pcm, plugin.sample_rate


async def pipecat_speech(asked: dict[str, Any]) -> tuple[bytes, int]:
    """One of Pipecat's services in a pipeline of its own. Returns the samples and their rate."""
    from pipecat.frames.frames import EndFrame, ErrorFrame, Frame, TTSAudioRawFrame, TTSSpeakFrame, TTSStoppedFrame
    from pipecat.pipeline.pipeline import Pipeline
    from pipecat.pipeline.runner import PipelineRunner
    from pipecat.pipeline.task import PipelineParams, PipelineTask
    from pipecat.processors.frame_processor import FrameDirection, FrameProcessor

    rate_hz = 24_000
    url, key = asked["url"], asked["key"]
    if asked["service"] == "pipecat-deepgram":
        from pipecat.services.deepgram.tts import DeepgramTTSService

        service: FrameProcessor = DeepgramTTSService(
            api_key=key,
            base_url=url.replace("http", "ws", 1),
            settings=DeepgramTTSService.Settings(voice=asked["model"]),
        )
    else:
        from pipecat.services.openai.tts import OpenAITTSService

        service = OpenAITTSService(
            api_key=key, base_url=f"{url}/v1", settings=OpenAITTSService.Settings(voice="onyx")
        )

    class Ear(FrameProcessor):
        """Keeps what comes out of the service."""

        def __init__(self) -> None:
            super().__init__()
            self.pcm = b""
            self.stops = 0

        async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
            """Keeps the sound, hands the frame on."""
            await super().process_frame(frame, direction)
            if isinstance(frame, TTSAudioRawFrame):
                self.pcm += frame.audio
            if isinstance(frame, TTSStoppedFrame):
                self.stops += 1
            await self.push_frame(frame, direction)

    ear = Ear()
    failed: list[str] = []
    task = PipelineTask(
        Pipeline([service, ear]),
        params=PipelineParams(audio_out_sample_rate=rate_hz),
        cancel_on_idle_timeout=False,
    )

    @task.event_handler("on_pipeline_error")
    async def on_error(_task: object, frame: ErrorFrame) -> None:
        failed.append(frame.error)

    running = asyncio.create_task(PipelineRunner(handle_sigint=False).run(task))
    try:
        for count, text in enumerate(asked["texts"], 1):
            await task.queue_frame(TTSSpeakFrame(text))
            await until(lambda: failed or ear.stops >= count, 40, "the end of the sound")  # noqa: B023
        await task.queue_frame(EndFrame())
        await asyncio.wait_for(running, 20)
    finally:
        await task.cancel()
    if failed:
        raise RuntimeError(failed[0])
    return ear.pcm, rate_hz


async def main() -> None:
    """Speaks the texts, writes what came as s16le to `file`."""
    asked = arguments()
    speech = livekit_speech if asked["service"].startswith("livekit") else pipecat_speech
    try:
        pcm, rate_hz = await speech(asked)
        Path(asked["file"]).write_bytes(pcm)
        report("spoken", rate=rate_hz, bytes=len(pcm))
    except Exception as error:  # noqa: BLE001 - whatever the client raises is what the test looks at
        report("exception", type=type(error).__name__, message=str(error))


asyncio.run(main())
