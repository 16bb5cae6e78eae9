"""The scalars of suite files, each with the message that a wrong value gets."""

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, WithJsonSchema

MAX_SEED = 2**32 - 1  # what numpy and torch both take


def _text(value: str) -> str:
    if not value.strip():
        raise ValueError("should not be empty")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("holds half of a surrogate pair, which is no character") from None
    return value


def _day(value: Any) -> Any:
    # pydantic would read a number as seconds since 1970, and its message is long
    try:
        if isinstance(value, str):
            return date.fromisoformat(value)
    except ValueError:
        value = None
    if isinstance(value, datetime) or not isinstance(value, date):
        raise ValueError("should be a date like 2024-01-31")  # noqa: TRY004 (pydantic wants it)
    return value


def _targets(value: Any) -> Any:
    if value == "all-linear":
        return value
    if isinstance(value, list) and value and all(isinstance(v, str) and v for v in value):
        return tuple(value)
    raise ValueError("should be 'all-linear' or a list of module names")


Word = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_+.-]{0,63}$")]
Text = Annotated[str, AfterValidator(_text)]
Int = Annotated[int, Field(strict=True)]
Number = Annotated[float, Field(strict=True)]
Targets = Annotated[
    Any,
    BeforeValidator(_targets),
    WithJsonSchema(
        {"anyOf": [{"const": "all-linear"}, {"type": "array", "items": {"type": "string"}}]}
    ),
]
Day = Annotated[date, BeforeValidator(_day)]
Seed = Annotated[Int, Field(ge=0, le=MAX_SEED)]
