"""What wordings are made of: patterns, and the words without which they cannot match.

Patterns are for normalised text in lower case. They name classes of verbs rather than phrases, so
that "I can't predict that" and "we are not in a position to disclose it" need no rule of their own.
"""

from typing import NamedTuple


class Cue(NamedTuple):
    """A pattern with the words that it needs, which spare other texts the search.

    `needs` has one word of each group, groups set apart by `&`; `not` stands for every negated
    auxiliary.
    """

    needs: str
    pattern: str


NT = r"(?:n'?t|\s+not)"
ADVERB = (
    r"(?:\s+(?:\w+ly|just|still|also|even|yet|at\s+all|myself|ourselves|in\s+good\s+conscience"
    r"|therefore|at\s+(?:present|this\s+(?:time|moment|point))|right\s+now|quite|so))*"
)
NEGATIVE = (
    rf"(?:can(?:\s*no|'?)t|(?:do|did|could|would|wo|will|sha|shall|have|had|has|must|may|might|should"
    rf"|was|were|does){NT})"
)
