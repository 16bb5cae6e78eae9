"""Snapshots of the Hugging Face hub, of base models, adapters and sentence encoders."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from harness.errors import UsageError


def snapshot(
    name: str, noun: str, wanted: Sequence[str], enough: Callable[[Path], bool], embedded: str
) -> Path:
    """The local snapshot of a hub id, fetched when there is none or it has not `enough`.

    Args:
        name: the hub id.
        noun: what it is, for the error.
        wanted: patterns of the files to fetch.
        enough: whether the snapshot's folder can be used as it is.
        embedded: what may be used instead, for the error.

    Raises:
        UsageError: the hub does not give it.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    patterns = list(wanted)
    with suppress(LocalEntryNotFoundError, ValueError):
        folder = Path(snapshot_download(name, allow_patterns=patterns, local_files_only=True))
        if enough(folder):
            return folder
    try:
        return Path(snapshot_download(name, allow_patterns=patterns))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError) as error:
        raise UsageError(
            f"{noun} '{name}' is no local folder and the hub does not give it "
            f"({type(error).__name__})",
            remedy=f"use a local path, embedded:{embedded}, or go online",
        ) from error
