"""The scalars of suite files, each with the message that a wrong value gets."""

import re
from datetime import date, datetime
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

UNSHOWN = "unshown"  # the kind of fault whose value no message may show
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


def url_fault(value: str) -> str:
    """What a text should be or do to be the root of an API, '' where it is one."""
    try:
        parts = urlsplit(value)
        host = parts.hostname if parts.scheme in ("http", "https") and parts.port != 0 else None
    except ValueError:
        host = None
    if not host or value.split() != [value]:
        return "be a URL such as http://127.0.0.1:8000/v1"
    if parts.username is not None or parts.query or parts.fragment:
        return "hold no password, query or fragment: reports show it, and a key has endpoint.key"
    if parts.path.rstrip("/").endswith(("/completions", "/models", "/responses")):
        return "be the API's root, which ends in /v1 as a rule"
    return ""


def _url(value: str) -> str:
    fault = url_fault(value)
    if fault.startswith("hold"):
        raise PydanticCustomError(
            UNSHOWN, "says more than where: it should {fault}", {"fault": fault}
        )
    if fault:
        raise ValueError(f"should {fault}")
    return value


def _variable(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", value):
        raise PydanticCustomError(
            UNSHOWN,
            "is no name of an environment variable: put the key into one, and its name here "
            "(letters, digits and _)",
        )
    return value


def _targets(value: Any) -> Any:
    if value == "all-linear":
        return value
    if isinstance(value, list) and value and all(isinstance(v, str) and v for v in value):
        return tuple(value)
    raise ValueError("should be 'all-linear' or a list of module names")


Word = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$")]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_+.-]{0,63}$")]
Against = Annotated[
    str, StringConstraints(pattern=r"^(baseline/)?[A-Za-z0-9][A-Za-z0-9_+.-]{0,63}$")
]
Text = Annotated[str, AfterValidator(_text)]
Url = Annotated[str, AfterValidator(_url), WithJsonSchema({"type": "string", "format": "uri"})]
Variable = Annotated[
    str,
    AfterValidator(_variable),
    WithJsonSchema({"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_]*$"}),
]
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
