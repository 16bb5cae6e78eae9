"""Every case is drawn for itself: one seed for all would make many cases say as little as one."""

from harness.records import Request, Sampling
from harness.serve import dialect
from harness.serve.draws import seed_of


def request(case: str, sample: int = 0, key: str = "cell") -> Request:
    return Request(f"{key}/{case}", (1, 2), sample=sample)


def test_cases_samples_and_suites_are_drawn_with_seeds_of_their_own() -> None:
    seeds = [
        seed_of(Sampling(1.0, seed=seed), request(f"case-{case}", sample))
        for seed in range(3)
        for sample in range(3)
        for case in range(200)
    ]
    assert len(set(seeds)) == len(seeds)
    assert 0 <= min(seeds) <= max(seeds) < 2**31


def test_candidates_are_drawn_alike_where_they_are_asked_the_same_case() -> None:
    sampling = Sampling(1.0)
    assert seed_of(sampling, request("a/b", key="base")) == seed_of(sampling, request("a/b"))


def test_a_server_is_sent_the_seed_of_the_case_and_none_where_nothing_is_drawn() -> None:
    drawn, greedy = Sampling(0.7, seed=5), Sampling()
    one, other = request("a"), request("b")
    sent = [dialect.completion_body("m", asked, drawn, ()).get("seed") for asked in (one, other)]
    assert sent == [seed_of(drawn, one), seed_of(drawn, other)]
    assert sent[0] != sent[1]
    assert "seed" not in dialect.chat_body("m", one, greedy, "max_tokens")
