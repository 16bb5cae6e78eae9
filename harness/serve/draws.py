"""The seed that a drawn answer has for itself."""

import zlib

from harness.records import Request, Sampling


def seed_of(sampling: Sampling, request: Request) -> int:
    """31 bits of the suite's seed, the sample's number and the case, which end a request's id.

    Engines make the noise of a draw from its seed alone. One seed for all cases would draw them
    all alike, and a score over many cases would say as little as over one. Candidates share a
    case's seed: where they read the same, they differ by their weights and not by chance.
    """
    case = request.id.partition("/")[2]
    return zlib.crc32(f"{sampling.seed}/{request.sample}/{case}".encode()) >> 1
