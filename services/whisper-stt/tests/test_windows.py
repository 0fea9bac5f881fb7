"""How much window speech gets, and what a decode that lost the thread looks like."""

import pytest

from whisper_stt.guards import doubt, is_silence, token_cap
from whisper_stt.segments import Heard, SpokenWord, Word, segments_of
from whisper_stt.windows import BUCKETS_S, windows_for

SMALL, MEDIUM = 768, 1024


@pytest.mark.parametrize(
    ("setting", "width", "on_gpu", "speech_s", "interim", "window_s"),
    [
        ("auto", SMALL, False, 0.4, False, 10),
        ("auto", SMALL, False, 8.0, False, 10),
        ("auto", SMALL, False, 8.1, False, 15),
        ("auto", SMALL, False, 13.5, False, 20),
        ("auto", SMALL, False, 18.1, False, 30),
        ("auto", SMALL, False, 29.9, False, 30),
        ("auto", MEDIUM, False, 1.0, False, 15),
        ("auto", MEDIUM, True, 1.0, False, 30),
        ("auto", MEDIUM, True, 1.0, True, 15),
        ("auto", SMALL, True, 14.0, True, 20),
        ("full", SMALL, False, 1.0, True, 30),
        ("5", SMALL, False, 3.0, False, 5),
        ("5", SMALL, False, 3.1, False, 10),
        ("20", SMALL, False, 1.0, False, 20),
    ],
)
def test_speech_gets_the_first_window_that_holds_it_and_two_seconds_of_silence(
    setting: str, width: int, on_gpu: bool, speech_s: float, interim: bool, window_s: int
) -> None:
    assert windows_for(setting, 30, width, on_gpu).choose(speech_s, interim) == window_s


def test_a_model_trained_on_ten_seconds_never_gets_more_and_its_card_may_allow_less() -> None:
    assert windows_for("auto", 10, 144, False).choose(9.9) == 10
    assert windows_for("20", 10, 144, False).in_use() == [10]
    card = windows_for("auto", 10, 144, False, card_floor_s=5)
    assert [card.choose(seconds) for seconds in (0.3, 3.5, 3.6, 9.9)] == [5, 5, 10, 10]


def test_a_window_that_failed_the_warm_up_is_not_chosen_again() -> None:
    windows = windows_for("5", 30, SMALL, False).without(5)
    assert (windows.choose(1.0), windows.in_use()) == (10, [10, 15, 20, 30])
    assert windows_for("20", 30, SMALL, False).without(20).in_use() == [30]


def test_no_window_has_as_many_steps_as_a_model_has_mel_bands() -> None:
    assert all(bucket * 50 not in (80, 128) for bucket in BUCKETS_S)


@pytest.mark.parametrize(
    ("text", "speech_s", "logprob", "ratio", "cause"),
    [
        ("merci merci merci", 2.0, -0.2, 1.0, "repeat"),
        ("je pense que je pense que Je pense, que", 4.0, -0.2, 1.0, "repeat"),
        ("un deux trois quatre cinq six un deux trois quatre cinq six un deux trois quatre cinq six", 9.0, -0.1, 1.5, "repeat"),
        ("et voilà", 2.0, -0.2, 2.5, "compression"),
        ("un deux trois quatre cinq six sept huit neuf", 1.0, -0.2, 1.0, "rate"),
        ("et voilà", 2.0, -1.01, 1.0, "logprob"),
        ("oui", 0.15, -0.4, 0.3, None),
        ("oui oui", 0.5, -0.4, 0.5, None),
        ("je voudrais prendre rendez-vous pour une coupe", 2.5, -0.3, 0.9, None),
    ],
)
def test_what_is_not_believed_has_a_cause(text: str, speech_s: float, logprob: float, ratio: float, cause: str | None) -> None:
    assert doubt(text, "fr", speech_s, logprob, ratio) == cause


def test_scripts_without_spaces_are_not_counted_in_words() -> None:
    assert doubt("これは ペン です か は い そ う で す", "ja", 1.0, -0.2, 1.0) is None


def test_silence_needs_both_a_silent_room_and_a_doubtful_text() -> None:
    assert is_silence(0.9, -1.2)
    assert not is_silence(0.9, -0.3)
    assert not is_silence(0.3, -1.2)


def test_the_full_window_allows_more_tokens_and_none_allows_more_than_whisper() -> None:
    assert token_cap(3.0, full=False) == 36
    assert token_cap(3.0, full=True) == 60
    assert token_cap(30.0, full=True) == 224


def heard(*words: Word) -> Heard:
    """A piece in which these words were heard."""
    spoken = [SpokenWord(word, (index,)) for index, word in enumerate(words)]
    return Heard(" ".join(word.word for word in words), list(range(len(words))), -0.1, 0.0, 1.0, 0.0, "fr", spoken, None)


def test_a_piece_becomes_segments_at_sentence_ends_pauses_and_after_seven_seconds() -> None:
    words = [Word("Bonjour.", 0.0, 0.5, 1), Word("Je", 0.6, 0.8, 1), Word("viens", 0.8, 1.2, 1), Word("demain", 2.0, 2.5, 1), Word("oui", 10.0, 10.4, 1)]
    segments = segments_of(heard(*words), 100.0, 10.2)
    assert [segment.text for segment in segments] == ["Bonjour.", "Je viens", "demain", "oui"]
    assert [(segment.start, segment.end) for segment in segments] == [(100.0, 100.5), (100.6, 101.2), (102.0, 102.5), (110.0, 110.2)]
    assert [segment.tokens for segment in segments] == [[0], [1, 2], [3], [4]]
    long = segments_of(heard(*(Word("mot", index * 0.5, index * 0.5 + 0.5, 1) for index in range(20))), 0.0, 10.0)
    assert [segment.end for segment in long] == [7.0, 10.0]
