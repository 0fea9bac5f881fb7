"""livekit-plugins-openai on /v1/realtime."""

import asyncio

from livekit import rtc
from livekit.agents import stt, utils
from livekit.plugins import openai
from speech_file import arguments, frames, report, restarted, samples, until


async def main() -> None:
    """Speaks the recordings, reports every event. Without a model the plugin's own VAD commits."""
    asked = arguments()
    rate_hz = 24_000
    async with utils.http_context.open():
        plugin = openai.STT(
            api_key=asked["key"],
            base_url=f"{asked['url']}/v1",
            language="fr",
            model=asked["model"],
            use_realtime=True,
        )
        plugin.on("error", lambda event: report("error", message=str(event.error), recoverable=event.recoverable))
        finals: list[str] = []

        async def read(stream: stt.SpeechStream) -> None:
            async for event in stream:
                alternative = event.alternatives[0] if event.alternatives else None
                report(event.type.value, text=alternative.text if alternative else None)
                if event.type is stt.SpeechEventType.FINAL_TRANSCRIPT:
                    finals.append(alternative.text if alternative else "")

        stream = plugin.stream()
        reading = asyncio.create_task(read(stream))
        try:
            for index, path in enumerate(asked["recordings"]):
                if index > 0:
                    await restarted(asked)
                    # Its one attempt to connect again came while nobody listened: the stream has ended.
                    await asyncio.wait([reading], timeout=10)
                    stream = plugin.stream()
                    reading = asyncio.create_task(read(stream))
                async for frame in frames(samples(path), rate_hz, asked["speed"]):
                    stream.push_frame(rtc.AudioFrame(frame, rate_hz, 1, len(frame) // 2))
                if asked.get("gate") and index == 0:
                    await until(lambda: finals, 20, "the first text")
            await until(lambda: reading.done() or len(finals) >= asked["texts"], 20, "the texts")
        except Exception as error:  # noqa: BLE001 - whatever the client raises is what the test looks at
            report("exception", type=type(error).__name__, message=str(error))
        finally:
            await stream.aclose()
            await plugin.aclose()


asyncio.run(main())
