"""From ids to an answer: cut at the first stop, decoded, and told why it ended."""

from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from harness.records import Request
from harness.serve.decode import Decoder

WORDS = ["<eos>", "<turn>", "<pad>", "Paris", "is", "nice", "</s>"]
REQUEST = Request("k/case", (3, 4, 5))


@pytest.fixture
def decoder(tmp_path: Path) -> Decoder:
    raw = Tokenizer(models.WordLevel({word: i for i, word in enumerate(WORDS)}, "<pad>"))
    raw.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    raw.add_special_tokens(["<eos>", "<turn>", "<pad>"])
    made = PreTrainedTokenizerFast(tokenizer_object=raw, eos_token="<eos>", pad_token="<pad>")
    made.save_pretrained(tmp_path)
    return Decoder(str(tmp_path), (0, 1), ("is </s>", "nice nice"))


@pytest.mark.parametrize(
    "ids, text, kept, finish",
    [
        ([3, 4, 5, 0], "Paris is nice", (3, 4, 5), "stop"),
        ([3, 1, 4, 0], "Paris", (3,), "stop"),
        ([3, 4, 5], "Paris is nice", (3, 4, 5), "length"),
        ([0, 0, 0], "", (), "stop"),
        ([], "", (), "length"),
        ([2, 3, 2], "Paris", (2, 3, 2), "length"),
    ],
)
def test_an_answer_ends_at_the_first_stop_or_is_cut(
    decoder: Decoder, ids: list[int], text: str, kept: tuple[int, ...], finish: str
) -> None:
    made = decoder.answer(REQUEST, ids, 1.23456, {"3": -0.5})
    assert (made.text, made.token_ids, made.finish) == (text, kept, finish)
    assert (made.request, made.prompt_tokens, made.seconds) == ("k/case", 3, 1.2346)
    assert made.first_logprobs == {"3": -0.5}


@pytest.mark.parametrize(
    "ids, text, finish",
    [
        ([3, 4, 6, 3], "Paris", "stop"),
        ([3, 5, 5, 4, 6], "Paris", "stop"),
        ([3, 4, 6, 5, 5, 0], "Paris", "stop"),
        ([4, 6, 3], "", "stop"),
        ([3, 4, 5], "Paris is nice", "length"),
    ],
)
def test_an_answer_ends_where_another_round_of_the_prompt_begins(
    decoder: Decoder, ids: list[int], text: str, finish: str
) -> None:
    """The first of several counts; the ids stay as the model made them."""
    made = decoder.answer(REQUEST, ids, 0.0, {})
    assert (made.text, made.finish) == (text, finish)
    assert made.token_ids == tuple(token for token in ids if token)
