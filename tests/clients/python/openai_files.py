"""The openai package on /v1/audio/transcriptions: every response format, and the stream."""

from pathlib import Path

from openai import OpenAI
from speech_file import arguments, report


def main() -> None:
    """Sends one recording again and again, reports each answer."""
    asked = arguments()
    client = OpenAI(api_key=asked["key"], base_url=f"{asked['url']}/v1")
    create = client.audio.transcriptions.create
    recording = Path(asked["file"])
    try:
        answer = create(file=recording, model="whisper-1", language="fr")
        report("json", text=answer.text)
        answer = create(
            file=recording,
            model="whisper-1",
            language="fr",
            response_format="verbose_json",
            timestamp_granularities=["word", "segment"],
        )
        report("verbose_json", text=answer.text, words=[word.model_dump() for word in answer.words or []])
        for response_format in ("text", "srt", "vtt"):
            text = create(file=recording, model="whisper-1", language="fr", response_format=response_format)
            report(response_format, text=text)
        deltas, done = "", None
        for event in create(file=recording, model="whisper-1", language="fr", stream=True):
            if event.type == "transcript.text.delta":
                deltas += event.delta
            if event.type == "transcript.text.done":
                done = event.text
        report("stream", text=deltas, done=done)
    except Exception as error:  # noqa: BLE001 - whatever the client raises is what the test looks at
        report("exception", type=type(error).__name__, message=str(error))


main()
