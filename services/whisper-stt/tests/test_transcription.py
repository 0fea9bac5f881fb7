"""What the demo model hears, through both ways in."""

import subprocess

import numpy as np
import pytest
from conftest import RATE, Service, say, silence, some_sentences, wav, word_errors


def test_thirty_sentences_come_out_with_at_most_five_percent_word_errors(service: Service) -> None:
    texts = some_sentences(30, seed=20)
    errors = sum(word_errors(text, service.pcm(say(text)).json()["text"]) for text in texts)
    assert errors <= 0.05 * sum(len(text.split()) for text in texts)


def test_every_example_the_demo_model_offers_is_understood_word_for_word(service: Service) -> None:
    for example in service.http.get("/ready").json()["engine"]["examples"]["fr"]:
        written = example.removesuffix(" ?").replace("’", "'").lower()
        assert service.pcm(say(written)).json()["text"] == written


@pytest.mark.parametrize("word", ["oui", "non", "merci", "bonjour", "d'accord", "bonsoir"])
def test_a_one_word_answer_is_heard_through_both_ways_in(service: Service, word: str) -> None:
    pcm = np.concatenate([silence(0.4), say(word), silence(0.6)])
    assert service.pcm(pcm).json()["text"] == word
    assert service.upload(wav(pcm), language="fr").json()["text"] == word


@pytest.mark.parametrize("seconds", [0.001, 0.3, 5, 40])
def test_silence_gives_no_text(service: Service, seconds: float) -> None:
    answer = service.pcm(silence(seconds), response_format="verbose_json", words="true")
    assert answer.status_code == 200
    assert answer.json()["text"] == ""
    assert answer.json()["segments"] == answer.json()["words"] == []
    assert service.pcm(silence(seconds), response_format="verbose_json", language="").json()["language"] == "fr"


def test_noise_and_a_dial_tone_give_no_text_when_uploaded(service: Service) -> None:
    time_s = np.arange(5 * RATE) / RATE
    tone = (8000 * np.sin(2 * np.pi * 440 * time_s)).astype("<i2")
    noise = np.random.default_rng(1).normal(0, 800, 5 * RATE).astype("<i2")
    for sound in (tone, noise):
        assert service.upload(wav(sound)).json()["text"] == ""
        assert service.pcm(sound, vad="true").json()["text"] == ""


def test_a_minute_of_sentences_keeps_its_words_and_their_times(service: Service) -> None:
    parts, starts, texts, at = [], [], [], 0.0
    for text in some_sentences(60, seed=3):
        if at > 60:
            break
        spoken = say(text)
        loud = np.flatnonzero(np.abs(spoken.astype(int)) > 300)
        starts.append(at + loud[0] / RATE)
        texts.append(text)
        parts += [spoken, silence(0.6)]
        at += len(spoken) / RATE + 0.6
    pcm = np.concatenate(parts)
    body = service.pcm(pcm, response_format="verbose_json", words="true").json()
    assert body["duration"] == pytest.approx(len(pcm) / RATE)
    expected = " ".join(texts)
    assert word_errors(expected, body["text"]) <= 0.05 * len(expected.split())
    times = [time for word in body["words"] for time in (word["start"], word["end"])]
    assert times == sorted(times)
    assert times[-1] <= body["duration"]
    for start in starts:
        assert min(abs(start - segment["start"]) for segment in body["segments"]) < 0.2
    assert service.upload(wav(pcm), language="fr").json()["text"] == body["text"]


def test_word_times_count_from_the_start_of_the_recording_despite_leading_silence(service: Service) -> None:
    spoken = say("je voudrais prendre rendez-vous demain")
    pcm = np.concatenate([silence(1.5), spoken, silence(1)])
    body = service.pcm(pcm, words="true").json()
    words = body["words"]
    assert [word["word"] for word in words] == ["je", "voudrais", "prendre", "rendez-vous", "demain"]
    loud = np.flatnonzero(np.abs(pcm.astype(int)) > 300) / RATE
    assert words[0]["start"] == pytest.approx(loud[0], abs=0.1)
    # A forgotten offset would be off by 1.5 s; where a fading word ends the demo model says to 0.1 s nine times in ten.
    assert words[-1]["end"] == pytest.approx(loud[-1], abs=0.3)
    times = [time for word in words for time in (word["start"], word["end"])]
    assert times == sorted(times)


def test_verbose_json_has_the_shape_openai_documents(service: Service) -> None:
    file = wav(say("bonjour à tous on peut commencer"))
    granularities = {"timestamp_granularities[]": ["word", "segment"]}
    body = service.upload(file, response_format="verbose_json", prompt="réunion", **granularities).json()
    assert {"task", "language", "duration", "text", "segments", "words"} == set(body)
    assert (body["task"], body["language"], body["text"]) == ("transcribe", "fr", "bonjour à tous on peut commencer")
    segment = body["segments"][0]
    assert set(segment) == {
        "id", "seek", "start", "end", "text", "tokens", "temperature", "avg_logprob", "compression_ratio", "no_speech_prob",
    }  # fmt: skip
    assert -1 < segment["avg_logprob"] <= 0
    assert 0 <= segment["no_speech_prob"] <= 1
    assert segment["compression_ratio"] > 0
    assert set(body["words"][0]) == {"word", "start", "end", "probability"}
    assert "words" not in service.upload(file, response_format="verbose_json").json()


def test_json_text_srt_and_vtt_carry_the_same_text(service: Service) -> None:
    text = "merci à tous et à bientôt"
    file = wav(say(text))
    assert service.upload(file).json() == {"text": text}
    assert service.upload(file, response_format="text").text == text + "\n"
    srt = service.upload(file, response_format="srt").text.splitlines()
    assert srt[0] == "1"
    assert srt[1].startswith("00:00:00,") and " --> 00:00:0" in srt[1]
    assert srt[2] == text
    vtt = service.upload(file, response_format="vtt")
    assert vtt.headers["content-type"].startswith("text/vtt")
    assert vtt.text.startswith("WEBVTT\n\n00:00:00.") and text in vtt.text


@pytest.mark.parametrize("kind", ["mp3", "ogg", "flac", "m4a", "webm"])
def test_compressed_recordings_are_read(service: Service, kind: str, tmp_path) -> None:
    text = "je voudrais annuler mon rendez-vous de mardi"
    target = tmp_path / f"a.{kind}"
    subprocess.run(["ffmpeg", "-loglevel", "error", "-i", "-", str(target)], input=wav(say(text)), check=True)
    assert service.upload(target.read_bytes(), name=target.name).json()["text"] == text


def test_the_language_may_be_left_out_or_carry_a_region(service: Service) -> None:
    pcm = say("quelle est votre adresse")
    for language in ("", "fr-FR", "multi"):
        body = service.pcm(pcm, language=language, response_format="verbose_json").json()
        assert (body["language"], body["text"]) == ("fr", "quelle est votre adresse")
