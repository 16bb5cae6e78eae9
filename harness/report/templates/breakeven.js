// Fine-tuning against RAG in money per day: the formulas of harness/compare/upkeep.py.
// Every function takes an object of numbers by input name (docs/costs.md): {name: value} of
// BreakEven.inputs. Pure, without globals beside `BreakEvenMath`.
const BreakEvenMath = (() => {
  "use strict";
  const SHORTEST = 1 / 24;
  const LONGEST = 36500;
  const FASTEST = 24;
  const STEPS = 200;

  // Share of answers about changing facts that rest on a superseded value.
  function staleness(rate, every, lag = 0) {
    const x = rate * every;
    const ageing = Math.abs(x) < 1e-5 ? x / 2 - (x * x) / 6 : 1 + Math.expm1(-x) / x;
    const stale = -Math.expm1(-rate * lag);
    return stale + (1 - stale) * ageing;
  }

  // A root between low and high of f, which is positive at one end only.
  function bisect(f, low, high) {
    const positive = f(low) > 0;
    for (let step = 0; step < STEPS; step += 1) {
      const middle = (low + high) / 2;
      if ((f(middle) > 0) === positive) low = middle;
      else high = middle;
    }
    return high;
  }

  // Longest days between trainings that keep staleness at target: null where none does,
  // Infinity where facts do not change.
  function retrainEvery(rate, target, lag = 0) {
    if (!(rate > 0)) return Infinity;
    if (!(target > 0 && target < 1) || staleness(rate, 0, lag) >= target) return null;
    const within = 1 - (1 - target) * Math.exp(rate * lag);
    return bisect((x) => staleness(1, x) - within, 0, 2 / (1 - within)) / rate;
  }

  function tokenPrice(i) {
    const machine = (i.serve_hour / 3600) * i.seconds_per_mtok;
    return [(i.prompt_mtok + machine * i.prompt_weight) / 1e6, (i.answer_mtok + machine) / 1e6];
  }

  function tunedParts(i) {
    const changed = i.facts * -Math.expm1(-i.change_rate * i.retrain_days);
    const stale = staleness(i.change_rate, i.retrain_days, i.lag_days);
    const wrong = stale * i.wrong_if_changed + (1 - stale) * i.wrong_if_unchanged;
    const [read, written] = tokenPrice(i);
    const queries = i.queries_per_day;
    return {
      labels: (i.label * i.examples_per_fact * changed) / i.retrain_days,
      training: (i.train_hour * i.train_seconds) / 3600 / i.retrain_days,
      evaluation: i.evaluation / i.retrain_days,
      serving: queries * (i.prompt_tokens * read + i.tuned_tokens * written),
      "bad answers": queries * i.fact_share * wrong * i.bad_answer,
    };
  }

  function ragParts(i) {
    const [read, written] = tokenPrice(i);
    const queries = i.queries_per_day;
    const prompt = i.prompt_tokens + i.added_tokens;
    const wrong =
      i.recall * i.wrong_if_found * i.bad_answer +
      (1 - i.recall) * i.wrong_if_missed * i.missed_passage;
    return {
      index: i.index_day,
      search: queries * i.retrieval,
      serving: queries * (prompt * read + i.rag_tokens * written),
      "bad answers": queries * i.fact_share * wrong,
    };
  }

  const whole = (parts) => Object.values(parts).reduce((sum, part) => sum + part, 0);
  const tunedPerDay = (i) => whole(tunedParts(i));
  const ragPerDay = (i) => whole(ragParts(i));

  // Money per day by which RAG is cheaper; negative where fine-tuning is.
  const advantage = (i) => tunedPerDay(i) - ragPerDay(i);

  // Queries per day at which both cost the same, Infinity where one way costs less at every volume.
  function volumeCrossover(i) {
    const fixed = advantage({ ...i, queries_per_day: 0 });
    const slope = advantage({ ...i, queries_per_day: 1 }) - fixed;
    const volume = -fixed / slope;
    return Number.isFinite(volume) && volume > 0 ? volume : Infinity;
  }

  // Changes per fact and day at which both cost the same: 0 where RAG costs less even for facts
  // that never change, Infinity where fine-tuning does even for facts that change hourly.
  function rateCrossover(i) {
    const at = (rate) => advantage({ ...i, change_rate: rate });
    if (at(0) > 0 === at(FASTEST) > 0) return at(0) > 0 ? 0 : Infinity;
    return bisect(at, 0, FASTEST);
  }

  // Days between trainings at which fine-tuning costs least, null where that is never.
  function cheapestInterval(i) {
    const cost = (logDays) => tunedPerDay({ ...i, retrain_days: Math.exp(logDays) });
    const first = Math.log(SHORTEST);
    const step = (Math.log(LONGEST) - first) / STEPS;
    let best = 0;
    for (let n = 1; n <= STEPS; n += 1) {
      if (cost(first + n * step) < cost(first + best * step)) best = n;
    }
    if (best === STEPS) return null;
    let low = first + Math.max(0, best - 1) * step;
    let high = first + (best + 1) * step;
    const golden = (Math.sqrt(5) - 1) / 2;
    while (high - low > 1e-9) {
      const left = high - golden * (high - low);
      const right = low + golden * (high - low);
      if (cost(left) <= cost(right)) high = right;
      else low = left;
    }
    return Math.exp((low + high) / 2);
  }

  return {
    staleness, retrainEvery, tokenPrice, tunedParts, ragParts, tunedPerDay, ragPerDay,
    advantage, volumeCrossover, rateCrossover, cheapestInterval,
  };
})();
