"""whisper-stt: faster-whisper behind OpenAI's transcription endpoint, with a raw PCM fast path."""
