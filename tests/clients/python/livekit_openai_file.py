"""livekit-plugins-openai on /v1/audio/transcriptions: one utterance, as an agent with a VAD of its own sends it."""

import asyncio

from livekit import rtc
from livekit.plugins import openai
from speech_file import arguments, report, samples


async def main() -> None:
    """Recognizes the recording, reports the event."""
    asked = arguments()
    plugin = openai.STT(api_key=asked["key"], base_url=f"{asked['url']}/v1", model="whisper-1", language="fr")
    pcm = samples(asked["recordings"][0])
    try:
        event = await plugin.recognize(rtc.AudioFrame(pcm, 16_000, 1, len(pcm) // 2))
        report(event.type.value, text=event.alternatives[0].text, language=event.alternatives[0].language)
    except Exception as error:  # noqa: BLE001 - whatever the client raises is what the test looks at
        report("exception", type=type(error).__name__, message=str(error))


asyncio.run(main())
