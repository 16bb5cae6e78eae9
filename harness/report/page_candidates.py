"""Candidates in report.html: what each is made of, how its adapter was trained, what it costs."""

from typing import Any

from harness.records import Adapter, CandidateResult, Run
from harness.report import marks, plots, text, view
from harness.report.links import link

MOST_PLOTS = 12


def _last(points: list[tuple[float, float]]) -> str:
    return f"{points[-1][1]:.3f}" if points else ""


def _loss(
    place: int, loss: list[tuple[float, float]], dev: list[tuple[float, float]], words: str
) -> Any:
    def paint(axes: Any) -> None:
        axes.plot(*zip(*_thin(loss), strict=True), color=plots.SERIES[0], linewidth=1.2)
        if dev:
            axes.plot(
                *zip(*_thin(dev), strict=True),
                color=plots.SERIES[1],
                marker="o",
                markersize=3,
                linestyle=(0, (4, 2)),
            )
        axes.set_xlabel("step")
        axes.set_ylabel("loss")
        axes.set_ylim(bottom=0)

    return plots.draw(f"loss{place}", words, paint, height=1.9)


def _thin(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """At most about 200 points, the last among them."""
    step = max(1, len(points) // 200)
    return [*points[:-1:step], points[-1]]


def _adapter(place: int, adapter: Adapter, names: list[str]) -> dict[str, Any]:
    record = adapter.record
    loss, dev = marks.curve(record.get("loss")), marks.curve(record.get("dev_loss"))
    recipe, versions = record.get("recipe"), record.get("versions")
    rate, padded = record.get("tokens_per_second"), record.get("padded_share")
    used = record.get("utilisation")
    details = {key: str(record.get(key, "")) for key in ("seed", "steps", "device", "dtype")}
    details["stopped early"] = {True: "yes", False: "no"}.get(record.get("stopped_early", ""), "")
    facts = {
        "used by": ", ".join(names),
        "rank": str(adapter.rank),
        "size": text.quantity(adapter.size, "B"),
        "training rows": text.count(record.get("rows")),
        "held-out rows": text.count(record.get("dev_rows")),
        "training time": text.seconds(record.get("seconds")),
        "tokens trained": text.count(record.get("tokens")),
        "padding": f"{100 * padded:.1f} % of tokens" if padded is not None else "",
        "utilisation": f"{100 * used:.0f} % of this machine's peak" if used is not None else "",
        "weights trained": text.count(record.get("trainable_params")),
        "speed": f"{rate:,.0f} tokens/s" if rate else "",
        "compute": text.quantity(record.get("flops"), "FLOP"),
        "peak memory": text.quantity(record.get("peak_memory_bytes"), "B"),
        "final loss": _last(loss),
        "final held-out loss": _last(dev),
        **details,
    }
    curve = f"loss {loss[0][1]:.2f} to {loss[-1][1]:.2f}" if loss else ""
    drawn = place < MOST_PLOTS and len(loss) > 1
    return {
        "name": adapter.name,
        "digest": adapter.digest,
        "facts": [(key, value) for key, value in facts.items() if value],
        "recipe": sorted(recipe.items()) if isinstance(recipe, dict) else [],
        "versions": sorted(versions.items()) if isinstance(versions, dict) else [],
        "loss": _loss(place, loss, dev, f"Training {curve}") if drawn else "",
        "dev": bool(dev),
        "curve": curve,
        "points": _told(loss, dev),
    }


def _told(
    loss: list[tuple[float, float]], dev: list[tuple[float, float]]
) -> list[tuple[str, str, str]]:
    """Up to twelve steps of the loss curve as (step, loss, held-out loss)."""
    held = dict(dev)
    places = sorted({round(at * (len(loss) - 1) / 7) for at in range(8)}) if loss else []
    steps = {loss[place][0]: loss[place][1] for place in places} | dict.fromkeys(held)
    known = dict(loss)
    return [
        (
            f"{step:,.0f}",
            "" if step not in known else f"{known[step]:.3f}",
            "" if step not in held else f"{held[step]:.3f}",
        )
        for step in sorted(steps)[:24]
    ]


def _cost(item: CandidateResult, per_1000: dict[str, float]) -> dict[str, str]:
    answers = item.answers or 1
    name = item.candidate.name
    rate = f"{item.answer_tokens / item.answer_seconds:,.1f}" if item.answer_seconds else ""
    money = per_1000.get(name)
    return {
        "name": name,
        "axes": view.axes(item),
        "answers": text.count(item.answers),
        "prompt": text.count(item.prompt_tokens / answers) if item.answers else "",
        "tokens": text.count(item.answer_tokens / answers) if item.answers else "",
        "seconds": text.seconds(item.answer_seconds),
        "rate": rate,
        "money": "" if money is None else f"{money:.3g}",
        "truncated": text.count(item.truncated),
        "link": link(candidate=name),
    }


def costs(run: Run) -> list[dict[str, str]]:
    """What answering took, by candidate; money where the decision has it."""
    needs = run.decision.needs if run.decision else ()
    money = {
        option.candidate: option.cost_per_1000
        for need in needs
        for option in need.options
        if option.cost_per_1000 is not None
    }
    # a need's price is of its own task; the run's is of all that a candidate was asked
    money |= {one.candidate: one.per_1000[0] for one in run.costs if one.per_1000}
    return [_cost(item, money) for item in run.candidates]


def training(run: Run) -> list[dict[str, str]]:
    """What training took, by adapter."""
    prices = {one.adapter: one for one in run.costs if one.adapter}

    def price(name: str, kind: str) -> str:
        value = getattr(prices.get(name), kind, None)
        return "" if value is None else f"{value:.3g} {prices[name].currency}"

    return [
        {
            "name": adapter.name,
            "price": price(adapter.name, "train_price"),
            "labels": price(adapter.name, "label_price"),
            "rows": text.count(adapter.record.get("rows")),
            "tokens": text.count(adapter.record.get("tokens")),
            "seconds": text.seconds(adapter.record.get("seconds")),
            "compute": text.quantity(adapter.record.get("flops"), "FLOP"),
            "memory": text.quantity(adapter.record.get("peak_memory_bytes"), "B"),
            "size": text.quantity(adapter.size, "B"),
            "device": str(adapter.record.get("device", "")),
        }
        for adapter, _ in view.adapters(run)
    ]


def build(run: Run) -> list[dict[str, Any]]:
    """Each adapter once, with its recipe and its loss curve."""
    return [_adapter(place, *item) for place, item in enumerate(view.adapters(run))]
