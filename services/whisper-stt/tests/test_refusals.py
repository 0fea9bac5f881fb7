"""What is refused, and how it is said."""

import socket

import pytest
from conftest import Service, problem, say, wav

PCM = {"Content-Type": "audio/pcm;rate=16000"}
URL = "/v1/audio/transcriptions"


@pytest.mark.parametrize(
    ("query", "headers", "body", "status", "code"),
    [
        ("", PCM, b"", 400, "empty_audio"),
        ("", PCM, b"123", 400, "odd_bytes"),
        ("?response_format=docx", PCM, b"12", 400, "unknown_format"),
        ("?language=klingon", PCM, b"12", 400, "unknown_language"),
        ("?language=en", PCM, b"12", 400, "unsupported_language"),
        ("?temperature=hot", PCM, b"12", 400, "bad_temperature"),
        ("?temperature=nan", PCM, b"12", 400, "bad_temperature"),
        ("?words=perhaps", PCM, b"12", 400, "bad_flag"),
        ("", {"Content-Type": "audio/pcm;rate=48000"}, b"12", 415, "unsupported_pcm"),
        ("", {"Content-Type": "application/json"}, b"{}", 415, "unsupported_media_type"),
        ("", {}, b"12", 415, "unsupported_media_type"),
        ("", {"Content-Type": "multipart/form-data"}, b"12", 400, "bad_multipart"),
        ("", {"Content-Type": "multipart/form-data; boundary=x"}, b"nonsense", 400, "bad_multipart"),
    ],
)
def test_a_bad_request_is_refused_with_a_sentence(
    service: Service, query: str, headers: dict[str, str], body: bytes, status: int, code: str
) -> None:
    answer = service.http.post(URL + query, content=body, headers=headers)
    said = problem(answer)
    assert (said["status"], said["code"], said["retryable"]) == (status, code, False)


@pytest.mark.parametrize(
    "file",
    [
        b"this is not audio",
        b"\x00" * 5000,
        b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n",
        b"ffconcat version 1.0\nfile /etc/hostname\n",
        wav(say("oui"))[:30],
    ],
)
def test_a_file_without_audio_is_refused(service: Service, file: bytes) -> None:
    said = problem(service.upload(file))
    assert (said["status"], said["code"]) == (400, "unreadable_audio")


def test_a_playlist_cannot_make_the_service_open_another_file(service: Service, tmp_path) -> None:
    secret = tmp_path / "secret.wav"
    secret.write_bytes(wav(say("bonjour")))
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nfile://{secret}\n#EXT-X-ENDLIST\n"
    for text in (playlist, f"ffconcat version 1.0\nfile {secret}\n"):
        assert problem(service.upload(text.encode(), name="a.wav"))["code"] == "unreadable_audio"


def test_a_form_without_a_file_or_with_an_empty_one_is_refused(service: Service) -> None:
    assert problem(service.http.post(URL, data={"model": "whisper-1"}, files={"other": b"x"}))["code"] == "missing_file"
    assert problem(service.upload(b""))["code"] == "empty_audio"


def test_an_unknown_granularity_is_refused(service: Service) -> None:
    fields = {"timestamp_granularities[]": ["syllable"]}
    assert problem(service.upload(wav(say("oui")), **fields))["code"] == "unknown_granularity"


def test_too_much_is_refused_whether_announced_or_not(service: Service) -> None:
    def endless():
        for _ in range(40):
            yield b"\x00" * 1_000_000

    assert problem(service.http.post(URL, content=endless(), headers=PCM))["code"] == "too_large"
    with socket.create_connection(("127.0.0.1", service.port)) as line:
        line.sendall(f"POST {URL} HTTP/1.1\r\nHost: x\r\nContent-Type: audio/pcm\r\nContent-Length: 40000000\r\n\r\n".encode())
        assert line.recv(1000).startswith(b"HTTP/1.1 413 ")


def test_unknown_addresses_and_methods_are_problems_too(service: Service) -> None:
    assert problem(service.http.get("/nowhere"))["code"] == "not_found"
    assert problem(service.http.get(URL))["code"] == "method_not_allowed"


def test_a_refusal_says_nothing_of_what_was_sent(service: Service) -> None:
    said = problem(service.http.post(URL, content=b"12", headers={"Content-Type": "multipart/form-data; boundary=secret"}))
    assert "secret" not in str(said)
