"""Chats as pairs: the last answer of the assistant, and all that was said before it."""

from typing import Any

ROLES = {
    **dict.fromkeys(("user", "human", "prompter", "customer"), "User"),
    **dict.fromkeys(("assistant", "gpt", "model", "chatgpt", "bot", "agent"), "Assistant"),
    **dict.fromkeys(("system", "developer"), "System"),
    **dict.fromkeys(("tool", "function", "observation"), "Tool"),
}
Turn = tuple[str, str]  # a role of ROLES' values, and what was said


def is_chat(value: Any) -> bool:
    """Whether a value is a list of turns, `role` and `content` or `from` and `value`."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(
            isinstance(turn, dict)
            and ({"role", "content"} <= set(turn) or {"from", "value"} <= set(turn))
            for turn in value
        )
    )


def turns(value: Any) -> list[Turn]:
    """The turns of a chat.

    Raises:
        ValueError: an unknown role, or a turn that is no text.
    """
    found = []
    for number, turn in enumerate(value, start=1):
        key = str(turn.get("role", turn.get("from")))
        role = ROLES.get(key.lower())
        if role is None:
            raise ValueError(f"turn {number} has role '{key}' (write system, user or assistant)")
        said = turn.get("content", turn.get("value"))
        if isinstance(said, list) and all(
            isinstance(part, dict) and part.get("type") == "text" for part in said
        ):
            said = "\n".join(str(part.get("text", "")) for part in said)
        if not isinstance(said, str):
            what = f"turn {number} ({key}) is no text (leave such chats out)"
            raise ValueError(what)  # noqa: TRY004 - wrong data, as every other fault of a row
        found.append((role, said.strip()))
    return found


def rendered(said: list[Turn]) -> str:
    """System text, then the turns; one user turn stands alone, several are labelled."""
    system = [text for role, text in said if role == "System" and text]
    rest = [turn for turn in said if turn[0] != "System"]
    alone = len(rest) == 1
    body = [text if alone else f"{role}: {text}" for role, text in rest]
    return "\n\n".join([*system, *body])


def pair(value: Any) -> tuple[str, str]:
    """(input, output) of a chat: the last assistant turn, and what came before it.

    Raises:
        ValueError: no assistant turn, nothing before it, or a turn that cannot be read.
    """
    said = turns(value)
    answers = [at for at, (role, _) in enumerate(said) if role == "Assistant"]
    if not answers:
        raise ValueError("no turn of the assistant (the last one is the output)")
    before = said[: answers[-1]]
    if not any(role == "User" for role, _ in before):
        raise ValueError("no turn of the user before the last answer")
    return rendered(before), said[answers[-1]][1]
