"""Numbers as every sentence, table and report rounds them.

Shares are in per cent with two digits (below 10 % and from 99 % with one decimal), differences of
shares likewise in percentage points; everything else has three significant digits. 0 and 100 % are
written only for exactly that. run.json, the CSV files and the exported tables hold every digit.
"""

import math

MINUS = "\u2212"


def signed(text: str) -> str:
    """A number's text with a true minus sign."""
    return text.replace("-", MINUS, 1) if text.startswith("-") else text


def percent(share: float) -> str:
    """Two digits of per cent, but never 0 or 100 for what is not exactly that."""
    value = share * 100 + 0.0  # -0.0 would read as -0
    if value in (0.0, 100.0) or not math.isfinite(value):
        return f"{value:.0f}"
    if abs(value) < 0.05:
        return "<0.1" if value > 0 else f">{MINUS}0.1"
    if 99.95 <= value < 100:
        return ">99.9"
    digits = f"{value:.0f}" if 9.95 <= abs(value) <= 99 else f"{value:.1f}"
    return signed(digits.removesuffix(".0"))


def points(share: float) -> str:
    """A difference of shares in percentage points; a tiny one keeps a digit, as +0.02."""
    value = share * 100
    return signed(f"{value:.1g}") if 0 < abs(value) < 0.05 else percent(share)


def three(value: float) -> str:
    """Three significant digits, thousands apart, no exponent for common sizes."""
    if not value or not math.isfinite(value):
        return f"{value + 0.0:g}"
    if 1e-4 <= abs(value) < 1e9:
        places = 2 - math.floor(math.log10(abs(value)))
        text = f"{round(value, places):,.{max(0, places)}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
    else:
        text = f"{value:.3g}"
    return signed(text)
