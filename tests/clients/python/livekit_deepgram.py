"""livekit-plugins-deepgram as an agent has it; all but the address and the language are its defaults."""

import asyncio

import aiohttp
from livekit import rtc
from livekit.agents import APIConnectOptions, stt
from livekit.plugins import deepgram
from speech_file import arguments, frames, report, restarted, samples, until


async def main() -> None:
    """Speaks the recording, flushes or waits for the ends of speech, reports every event."""
    asked = arguments()
    rate_hz = 16_000
    async with aiohttp.ClientSession() as session:
        plugin = deepgram.STT(
            api_key=asked["key"],
            base_url=f"{asked['url']}/v1/listen",
            language="fr",
            http_session=session,
        )
        plugin.on("error", lambda event: report("error", message=str(event.error), recoverable=event.recoverable))
        # By default it tries three times, two seconds apart: a gateway on a busy machine takes longer to come back.
        stream = plugin.stream(conn_options=APIConnectOptions(max_retry=30, retry_interval=1.0))
        finals: list[str] = []
        ends: list[object] = []

        async def read() -> None:
            async for event in stream:
                alternative = event.alternatives[0] if event.alternatives else None
                report(
                    event.type.value,
                    text=alternative.text if alternative else None,
                    language=alternative.language if alternative else None,
                    words=[[str(word), word.start_time, word.end_time] for word in (alternative.words or [])]
                    if alternative
                    else [],
                )
                if event.type is stt.SpeechEventType.FINAL_TRANSCRIPT:
                    finals.append(alternative.text if alternative else "")
                if event.type is stt.SpeechEventType.END_OF_SPEECH:
                    ends.append(event)

        reading = asyncio.create_task(read())
        try:
            for index, path in enumerate(asked["recordings"]):
                if index > 0:
                    await restarted(asked)
                async for frame in frames(samples(path), rate_hz, asked["speed"]):
                    stream.push_frame(rtc.AudioFrame(frame, rate_hz, 1, len(frame) // 2))
                if asked.get("gate") and index == 0:
                    await until(lambda: finals, 20, "the first text")
                if asked.get("flush"):
                    count = len(finals)
                    stream.flush()
                    await until(lambda: reading.done() or len(finals) > count, 20, "the text after a flush")
            await until(lambda: reading.done() or len(ends) >= asked["ends"], 20, "the ends of speech")
            stream.end_input()
            await asyncio.wait_for(reading, 15)
        except Exception as error:  # noqa: BLE001 - whatever the client raises is what the test looks at
            report("exception", type=type(error).__name__, message=str(error))
        finally:
            await stream.aclose()


asyncio.run(main())
