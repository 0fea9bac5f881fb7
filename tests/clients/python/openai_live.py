"""The openai package on /v1/realtime: a transcription session."""

import asyncio
import base64

from openai import AsyncOpenAI
from speech_file import arguments, frames, report, samples, until


async def main() -> None:
    """Speaks the recordings, reports every event; without turn detection each recording is committed."""
    asked = arguments()
    client = AsyncOpenAI(api_key=asked["key"], base_url=f"{asked['url']}/v1")
    seen: list[str] = []
    try:
        async with client.realtime.connect(extra_query={"intent": "transcription"}) as connection:

            async def read() -> None:
                async for event in connection:
                    seen.append(event.type)
                    report("event", event=event.model_dump())

            reading = asyncio.create_task(read())
            await connection.session.update(
                session={
                    "type": "transcription",
                    "audio": {
                        "input": {
                            "format": {"type": "audio/pcm", "rate": 24_000},
                            "transcription": {"model": "gpt-4o-transcribe", "language": "fr"},
                            "turn_detection": asked["turns"],
                        }
                    },
                }
            )
            completed = "conversation.item.input_audio_transcription.completed"
            for path in asked["recordings"]:
                async for frame in frames(samples(path), 24_000, asked["speed"]):
                    await connection.input_audio_buffer.append(audio=base64.b64encode(frame).decode())
                if asked["turns"] is None:
                    count = seen.count(completed)
                    await connection.input_audio_buffer.commit()
                    await until(lambda: seen.count(completed) > count, 20, "the text")  # noqa: B023
            await until(lambda: seen.count(completed) >= asked["texts"], 20, "the texts")
            reading.cancel()
    except Exception as error:  # noqa: BLE001 - whatever the client raises is what the test looks at
        report("exception", type=type(error).__name__, message=str(error))


asyncio.run(main())
