"""A model call that shrinks when memory runs out."""

from .decoder import CallTimes, Item
from .engine import Engine
from .segments import Heard


class OutOfMemory(Exception):
    """Not even one piece fits."""


def is_out_of_memory(error: BaseException) -> bool:
    """CTranslate2 says "CUDA failed with error out of memory"; a processor's allocator throws MemoryError."""
    return isinstance(error, MemoryError) or "out of memory" in str(error).lower()


def is_broken(error: BaseException) -> bool:
    """Whether the GPU is gone for this process: any CUDA error but a lack of memory."""
    return isinstance(error, RuntimeError) and "cuda" in str(error).lower() and not is_out_of_memory(error)


def decode_halving(engine: Engine, items: list[Item], window_s: int) -> tuple[list[Heard], list[CallTimes]]:
    """Decodes a batch, in halves of halves where memory runs out. Throws OutOfMemory when one piece alone is too much."""
    try:
        heard, times = engine.decode(items, window_s)
        return heard, [times]
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        if len(items) == 1:
            raise OutOfMemory from error
    middle = (len(items) + 1) // 2
    first, first_times = decode_halving(engine, items[:middle], window_s)
    second, second_times = decode_halving(engine, items[middle:], window_s)
    return first + second, first_times + second_times
