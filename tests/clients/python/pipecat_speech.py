"""Pipecat's speech services in a pipeline of their own: Deepgram, OpenAI (REST), OpenAI Realtime."""

import asyncio
from typing import Any

from pipecat.frames.frames import (
    EndFrame,
    ErrorFrame,
    Frame,
    InputAudioRawFrame,
    InterimTranscriptionFrame,
    TranscriptionFrame,
    VADUserStartedSpeakingFrame,
    VADUserStoppedSpeakingFrame,
)
from pipecat.pipeline.pipeline import Pipeline
from pipecat.pipeline.runner import PipelineRunner
from pipecat.pipeline.task import PipelineParams, PipelineTask
from pipecat.processors.frame_processor import FrameDirection, FrameProcessor
from pipecat.transcriptions.language import Language
from speech_file import arguments, frames, report, restarted, samples, until

RATE_HZ = 16_000


def service_of(asked: dict[str, Any]) -> FrameProcessor:
    """The service, with no more said to it than where the gateway is and which language is spoken."""
    url, key = asked["url"], asked["key"]
    if asked["service"] == "deepgram":
        from pipecat.services.deepgram.stt import DeepgramSTTService

        return DeepgramSTTService(
            api_key=key, base_url=url, settings=DeepgramSTTService.Settings(language=Language.FR)
        )
    if asked["service"] == "openai":
        from pipecat.services.openai.stt import OpenAISTTService

        return OpenAISTTService(
            api_key=key, base_url=f"{url}/v1", settings=OpenAISTTService.Settings(language=Language.FR)
        )
    from pipecat.services.openai.stt import OpenAIRealtimeSTTService

    return OpenAIRealtimeSTTService(
        api_key=key,
        base_url=f"{url.replace('http', 'ws', 1)}/v1/realtime",
        settings=OpenAIRealtimeSTTService.Settings(language=Language.FR),
        **({"turn_detection": {"type": "server_vad"}} if asked.get("server_vad") else {}),
    )


class Ear(FrameProcessor):
    """Reports what comes out of the service, errors too, which travel upstream."""

    def __init__(self) -> None:
        super().__init__()
        self.finals = 0

    async def process_frame(self, frame: Frame, direction: FrameDirection) -> None:
        """Tells the test, hands the frame on."""
        await super().process_frame(frame, direction)
        if isinstance(frame, InterimTranscriptionFrame):
            report("interim", text=frame.text)
        elif isinstance(frame, TranscriptionFrame):
            self.finals += 1
            report("final", text=frame.text, language=frame.language, finalized=getattr(frame, "finalized", None))
        elif type(frame).__name__.startswith("ProposedUser"):
            report(type(frame).__name__)
        await self.push_frame(frame, direction)


async def speak(task: PipelineTask, asked: dict[str, Any], path: str) -> None:
    """One turn: the end of speech is told by hand, where a pipeline has its VAD."""
    local_vad = asked.get("local_vad", True)
    if local_vad:
        await task.queue_frame(VADUserStartedSpeakingFrame())
    async for frame in frames(samples(path), RATE_HZ, asked["speed"]):
        await task.queue_frame(InputAudioRawFrame(audio=frame, sample_rate=RATE_HZ, num_channels=1))
    if local_vad:
        await task.queue_frame(VADUserStoppedSpeakingFrame())


async def main() -> None:
    """Speaks each recording as a turn and waits for its text."""
    asked = arguments()
    failed: list[str] = []
    ear = Ear()
    task = PipelineTask(
        Pipeline([service_of(asked), ear]),
        params=PipelineParams(audio_in_sample_rate=RATE_HZ),
        cancel_on_idle_timeout=False,
    )

    @task.event_handler("on_pipeline_error")
    async def on_error(_task: object, frame: ErrorFrame) -> None:
        failed.append(frame.error)
        report("error", message=frame.error)

    running = asyncio.create_task(PipelineRunner(handle_sigint=False).run(task))
    try:
        for index, path in enumerate(asked["recordings"]):
            # It connects again seconds after a restart and drops what is said until then: somebody says it once more.
            attempts = 1
            if index > 0 and asked.get("gate"):
                await restarted(asked)
                attempts = 5
            for attempt in range(attempts):
                heard = ear.finals
                failed.clear()
                await speak(task, asked, path)
                last = attempt == attempts - 1
                try:
                    await until(lambda: failed or ear.finals > heard, 20 if last else 2, "the text")  # noqa: B023
                except TimeoutError:
                    if last:
                        raise
                if ear.finals > heard:
                    break
        await task.queue_frame(EndFrame())
        await asyncio.wait_for(running, 15)
        report("ended")
    except Exception as error:  # noqa: BLE001 - whatever the client raises is what the test looks at
        report("exception", type=type(error).__name__, message=str(error))
        await task.cancel()


asyncio.run(main())
