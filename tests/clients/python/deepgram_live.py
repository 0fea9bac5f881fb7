"""The deepgram-sdk package on a live connection, by callbacks as its README has it."""

import asyncio

from deepgram import AsyncDeepgramClient, DeepgramClientEnvironment
from deepgram.core.events import EventType
from speech_file import arguments, frames, report, samples, until


async def main() -> None:
    """Speaks the recording, finalizes, closes the stream, reports every message."""
    asked = arguments()
    url, socket_url = asked["url"], asked["url"].replace("http", "ws", 1)
    client = AsyncDeepgramClient(
        api_key=asked["key"],
        environment=DeepgramClientEnvironment(base=url, production=socket_url, agent=socket_url, agent_rest=url),
    )
    seen: list[dict] = []

    async def keep(message: object) -> None:
        seen.append(message.dict())
        report("message", message=seen[-1], type=type(message).__name__)

    async def failed(error: object) -> None:
        report("error", message=str(error))

    try:
        async with client.listen.v1.connect(
            model="nova-3",
            language="fr",
            encoding="linear16",
            sample_rate="16000",
            interim_results="true",
            vad_events="true",
            endpointing="300",
        ) as connection:
            connection.on(EventType.MESSAGE, keep)
            connection.on(EventType.ERROR, failed)
            listening = asyncio.create_task(connection.start_listening())
            for path in asked["recordings"]:
                async for frame in frames(samples(path), 16_000, asked["speed"]):
                    await connection.send_media(frame)
            await connection.send_finalize()
            await until(lambda: any(message.get("from_finalize") for message in seen), 20, "the echo of Finalize")
            await connection.send_close_stream()
            await asyncio.wait_for(listening, 10)
            report("closed")
    except Exception as error:  # noqa: BLE001 - whatever the client raises is what the test looks at
        report("exception", type=type(error).__name__, message=str(error))


asyncio.run(main())
