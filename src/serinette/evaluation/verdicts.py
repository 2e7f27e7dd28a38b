"""Traffic lights: what the figures mean, in plain words, with the threshold that was used."""

from collections.abc import Sequence

from serinette.core.metric import Metric
from serinette.evaluation.report.content import Light, Verdict
from serinette.evaluation.verdict_rules import MODEL_RULES, SAMPLE_RULES, Found, Rule

_ORDER: Sequence[Light] = ("red", "yellow", "green", "none")


def sample_verdicts(metrics: Sequence[Metric]) -> list[Verdict]:
    """Judge the samples of every setting.

    Args:
        metrics: All metrics, those of the real text among them.
    """
    settings = list(dict.fromkeys(m.setting for m in metrics if m.setting))
    found = []
    for setting in settings:
        by_key = {m.key: m for m in metrics if m.setting in ("", setting)}
        found += [v for rule in SAMPLE_RULES if (v := _judge(rule, by_key, setting))]
    return found


def model_verdicts(metrics: Sequence[Metric]) -> list[Verdict]:
    """Judge what is measured without samples: prediction, calibration, what leaks."""
    by_key = {m.key: m for m in metrics if not m.setting}
    return [v for rule in MODEL_RULES if (v := _judge(rule, by_key, ""))]


def headline(verdicts: Sequence[Verdict]) -> str:
    """Say in a few sentences where nothing is wrong, what is wrong elsewhere, and what to watch.

    A fault that shows in several settings is told once, by its first sentence in the first of them.
    """
    if not verdicts:
        return "Nothing could be judged: too little was measured."
    settings = list(dict.fromkeys(v.setting for v in verdicts if v.setting))
    wrong = [v for v in verdicts if v.light in ("red", "yellow")]
    if not wrong:
        good = dict.fromkeys(v.sentence for v in verdicts if v.light == "green")
        return " ".join(["Nothing is wrong by these measures.", *list(good)[:2]])
    sound = [name for name in settings if name not in {v.setting for v in wrong}]
    where = f"At {_listed(sound)} the" if len(settings) > 1 and sound else "The"
    parts = [f"{where} samples pass every test."] if sound else []
    for light, opening in (("red", "Wrong"), ("yellow", "To watch")):
        lit = [v for v in wrong if v.light == light]
        faults = [_fault([v for v in lit if v.name == n], settings) for n in _names(lit)]
        parts += [f"{opening}. {' '.join(faults)}"] if faults else []
    return " ".join(parts)


def _names(verdicts: Sequence[Verdict]) -> list[str]:
    return list(dict.fromkeys(v.name for v in verdicts))


def _fault(verdicts: Sequence[Verdict], settings: Sequence[str]) -> str:
    """Tell one fault: its name, where it shows, and its first sentence."""
    shown = [v.setting for v in verdicts if v.setting]
    where = f" at {_listed(shown)}" if shown and len(settings) > 1 else ""
    sentence, stop, _ = verdicts[0].sentence.partition(". ")
    told = sentence[:1].lower() + sentence[1:]
    return f"{verdicts[0].name}{where}: {told}{'.' if stop else ''}"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _judge(rule: Rule, by_key: Found, setting: str) -> Verdict | None:
    measures = rule.measures(by_key)
    if not measures:
        return None
    light = min((m.light for m in measures), key=_ORDER.index)
    worst_first = sorted(measures, key=lambda m: -m.excess / max(m.red, 1e-9))
    wrong = [m.sentence for m in worst_first if m.light == light and light != "green"]
    return Verdict(
        light=light,
        name=rule.name,
        sentence=" ".join(wrong) or rule.good,
        rule=rule.threshold,
        setting=setting,
    )
