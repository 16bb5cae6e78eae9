"""The chat template that a server needs to put a question as the measurement did."""

import json
from pathlib import Path

from harness.template import Template

# what a template may ask of a date; `%-d` and `%e` as C libraries have them
CODES = "aAbBcdeFHIjmMpSuUVwWxXyYZ"


def server_template(template: Template) -> str | None:
    """A Jinja chat template for a server, or None where the model's own does as it stands.

    A model without one gets the suite's plain template, a turn for each round. A template that
    prints the day it is used gets the suite's day instead, as in the measurement.
    """
    if template.kind == "plain":
        return plain_template(template)
    own = template.tokenizer.chat_template
    if isinstance(own, str) and "strftime_now" in own:
        return day_macro(template) + own
    return None


def plain_template(template: Template) -> str:
    """The suite's plain template as a chat template, after what the tokenizer puts first."""
    before, *after = map(literal, template.plain.split("{input}"))
    asked = "{% if s.lead %}{{ s.lead + '\\n\\n' }}{% endif %}{{ m.content }}"
    user = "".join([f"{{{{ {before} }}}}", *(f"{asked}{{{{ {part} }}}}" for part in after)])
    return (
        f"{{{{ {literal(first_text(template))} }}}}{{% set s = namespace(lead='') %}}"
        "{% for m in messages %}"
        "{% if m.role == 'system' %}{% set s.lead = m.content %}"
        "{% elif m.role == 'assistant' %}{{ m.content + '\\n\\n' }}"
        f"{{% else %}}{user}{{% set s.lead = '' %}}{{% endif %}}"
        "{% endfor %}"
    )


def first_text(template: Template) -> str:
    """The special tokens that a prompt of the plain template begins with, as text."""
    text = template.prompt_text("", "a")
    ids = template.prompt_ids("", "a")
    own = template.tokenizer(text, add_special_tokens=False)["input_ids"]
    return str(template.tokenizer.decode(ids[: len(ids) - len(own)]))


def day_macro(template: Template) -> str:
    """A macro that stands in for `strftime_now` and knows one day alone."""
    day = template.as_of
    # the longer first, or %d would be read out of %-d
    texts = {f"%-{code}": str(getattr(day, name)) for code, name in NUMBERS.items()}
    texts |= {f"%{code}": day.strftime(f"%{code}") for code in CODES}
    swaps = "".join(f" | replace({literal(a)}, {literal(b)})" for a, b in texts.items())
    # the empty print keeps a line break with which the template may begin
    return f"{{% macro strftime_now(text) %}}{{{{ text{swaps} }}}}{{% endmacro %}}{{{{ '' }}}}"


NUMBERS = {"d": "day", "m": "month", "Y": "year"}


def literal(text: str) -> str:
    """A Jinja string."""
    return json.dumps(text, ensure_ascii=False)


def write_files(template: Template, folder: Path) -> Path | None:
    """Write a `generation_config.json` with the stop tokens, and the template if one is needed.

    Returns the template's path, or None.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stops = json.dumps({"eos_token_id": list(template.stop_ids)})
    (folder / "generation_config.json").write_text(stops + "\n", encoding="utf-8")
    text = server_template(template)
    if text is None:
        return None
    path = folder / "template.jinja"
    path.write_text(text, encoding="utf-8")
    return path
