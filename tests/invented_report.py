"""An evaluation with every feature of the report. All numbers and samples are invented."""

import math
from dataclasses import replace

from serinette.core.chart import Axis, Chart, Line
from serinette.core.metric import Metric
from serinette.evaluation.report.content import Copied, Evaluation, Section, Specimen, Verdict

SETTINGS = ("T=0.6", "T=0.8", "T=1.0", "top-p 0.95")
SONG = (
    "The lamp is low, the door is wide,\n"
    "and who goes out will not come in;\n"
    "the river walks on either side\n"
    "with silver buttons on its skin.\n\n"
    "O count the boats, O count them twice,\n"
    "the ferryman has lost his oar,\n"
    "he sold it for a cup of rice\n"
    "and does not row us any more."
)
STRANGE = (
    "<script>alert('no')</script> & <b>bold</b>\n"
    "a bell \x07, a nothing \x00, a turn \u202eback\u202c, a mark \u200f,\n"
    "half a pair \ud83d, שלום עולם, 春花秋月何時了，往事知多少。"
)


def evaluation() -> Evaluation:
    """Return the whole."""
    return Evaluation(
        subject="river-songs",
        headline=(
            "It writes songs that are hard to tell from real ones by what they are about, but not "
            "by how they are worded. At T=0.6 it repeats itself and copies from the training text; "
            "at T=0.8 it does neither."
        ),
        verdicts=_verdicts(),
        sections=(_prediction(), _overlap(), _copying()),
        specimens=_specimens(),
        charts=(_trade_off(), _novelty()),
        facts={
            "data": "songs.txt, 1,115,394 characters in 412 documents",
            "SHA-256 of the data": "9f2b6c0d41e7a835" * 4,
            "split": "90 % training, 5 % validation, 5 % test, by document",
            "samples": "2,500 pieces of 150 characters at each of 4 settings",
            "seed of the samples": "7",
            "versions": "serinette 0.1.0, numpy 2.3.1, onnxruntime 1.22.0",
            "command": "serinette evaluate river-songs --seed 7 --fail-on 'copy50>1%,bpc>2.2'",
        },
        notes=(
            "One training run was measured; another seed of training would differ a little.",
            "BLEU knows words, not meaning: true sentences in the wrong order score well.",
        ),
        is_quick=True,
    )


def _verdicts() -> tuple[Verdict, ...]:
    copying = "yellow above 1 point over held-out text (0.8 %), red above 5"
    fine = "No more is copied from the training text than people repeat by themselves."
    return (
        Verdict(
            light="green",
            name="Prediction",
            sentence="It predicts unseen text better than counting does.",
            rule="bits per character above the count model: yellow from 0, red from 5 %",
        ),
        Verdict(
            light="red",
            name="Copying",
            setting="T=0.6",
            sentence="6.3 % of the characters are taken word for word, 50 or more at a time.",
            rule=copying,
        ),
        Verdict(light="yellow", name="Copying", setting="T=0.8",
                sentence="2.4 % of the characters do.", rule=copying),
        Verdict(light="green", name="Copying", setting="T=1.0", sentence=fine, rule=copying),
        Verdict(light="green", name="Copying", setting="top-p 0.95", sentence=fine, rule=copying),
        Verdict(
            light="none",
            name="Planted lines",
            sentence="No lines were planted before training.",
            rule="exposure: yellow above 5 bits, red above 10",
        ),
    )  # fmt: skip


def _prediction() -> Section:
    return Section(
        key="prediction",
        title="How well it predicts unseen text",
        intro=(
            "The model reads songs that it has never seen and guesses every next character. The "
            "fewer bits a character costs, the better it knew what would come."
        ),
        metrics=(
            Metric(name="bits per character", key="bpc", value=1.6532, unit="bits", better="lower",
                   n=55_770, interval=(1.641, 1.665), baseline=1.987, seed=0),
            Metric(name="bits per byte", key="bpb", value=1.6011, unit="bits", better="lower",
                   n=57_580, baseline=1.9244),
            Metric(name="calibration error", key="ece", value=1.3, unit="%", better="lower",
                   n=55_770, interval=(0.9, 1.8), seed=0,
                   note="how far its probabilities are off on average"),
            Metric(name="best softmax temperature", key="temperature", value=1.0, unit="",
                   better="neither", n=55_770),
            Metric(name="undefined here", value=math.nan, unit="nats", better="neither", n=0),
        ),
        charts=(_reliability(),),
    )  # fmt: skip


def _row(figure: Metric, values: tuple[float, ...], half: float) -> tuple[Metric, ...]:
    """Return a figure at every setting, all with the same half of an interval."""
    return tuple(
        replace(
            figure,
            setting=setting,
            value=value,
            interval=(value - half, value + half),
            floor_interval=(figure.floor - half, figure.floor + half),
        )
        for setting, value in zip(SETTINGS, values, strict=True)
    )


def _overlap() -> Section:
    bleu = Metric(
        name="BLEU-4",
        key="bleu4",
        value=0.0,
        unit="",
        better="real",
        n=2_500,
        floor=0.343,
        baseline=0.281,
        seed=7,
    )
    among = replace(bleu, name="Self-BLEU-4", key="selfbleu4", floor=0.58, baseline=0.61)
    told = Metric(
        name="told from real text by meaning",
        key="accuracy",
        value=0.0,
        unit="%",
        better="lower",
        n=2_500,
        floor=50.3,
        baseline=78.0,
        seed=7,
        note="share of pieces that a linear classifier gets right; 50 % is guessing",
    )
    return Section(
        key="quality",
        title="How good and how varied the samples are",
        intro=(
            "Every figure stands beside what real songs score in the samples' place. A figure that "
            "is better than real text is a warning: only safe phrases reach it."
        ),
        metrics=(
            *_row(bleu, (0.462, 0.398, 0.289, 0.331), 0.009),
            *_row(among, (0.881, 0.757, 0.495, 0.571), 0.011),
            *_row(told, (71.2, 63.8, 66.1, 64.4), 1.6),
            Metric(name="Fréchet distance of embeddings", key="fed", value=0.0453, unit="",
                   better="lower", n=2_500, interval=(0.0431, 0.0479), floor=0.0262,
                   setting="T=0.8", seed=7),
        ),
        notes=("The count model draws its samples at T=1.0.",),
    )  # fmt: skip


def _copying() -> Section:
    values = {"T=0.6": 6.3, "T=0.8": 2.4, "T=1.0": 0.7, "top-p 0.95": 0.9}
    return Section(
        key="copying",
        title="What it copies",
        intro=(
            "People repeat sayings, refrains and names too. So the same is measured of real songs "
            "that were held back, and only what goes beyond is copying."
        ),
        metrics=tuple(
            Metric(name="characters in copied stretches of 50", key="copy50", value=value, unit="%",
                   better="real", n=n, interval=(value * 0.8, value * 1.2), floor=0.8,
                   setting=setting)
            for n, (setting, value) in enumerate(values.items(), 2_400)
        ),
        charts=(
            Chart(
                title="How soon a planted line is remembered",
                x=Axis(label="repeats before training", scale="log"),
                y=Axis(label="exposure, bits", low=0.0),
                lines=(
                    Line(
                        name="median of 20 lines",
                        points=((1.0, 0.9), (2.0, 1.4), (4.0, 3.8), (8.0, 9.6), (16.0, math.inf)),
                        band=((0.2, 1.7), (0.7, 2.4), (2.5, 5.2), (7.7, 11.8), (12.0, 18.0)),
                    ),
                ),
                note="Above 10 bits a line can be drawn out of the model.",
            ),
        ),
    )  # fmt: skip


def _trade_off() -> Chart:
    return Chart(
        title="BLEU-4 against Self-BLEU-4",
        x=Axis(label="Self-BLEU-4: samples like one another →"),
        y=Axis(label="↑ BLEU-4: samples like real text"),
        lines=(
            Line(
                name="this model",
                points=((0.881, 0.462), (0.82, 0.43), (0.757, 0.398), (0.61, 0.34), (0.495, 0.289)),
                labels=("T=0.6", "T=0.7", "T=0.8", "T=0.9", "T=1.0"),
                band=((0.45, 0.47), (0.42, 0.44), (0.39, 0.41), (0.33, 0.35), (0.28, 0.3)),
            ),
            Line(name="top-p 0.95", points=((0.571, 0.331),), is_joined=False,
                 band=((0.32, 0.34),)),
            Line(name="an earlier model", role="other", labels=("T=0.7", "T=0.8", "T=1.0"),
                 points=((0.86, 0.42), (0.79, 0.37), (0.53, 0.27))),
            Line(name="real songs", role="floor", points=((0.58, 0.343),), is_joined=False,
                 labels=("real",)),
            Line(name="count model", role="baseline", points=((0.61, 0.281),), is_joined=False),
        ),
        note=(
            "Further up samples look more like real songs, further right more like one another. "
            "The best place is where the real songs are."
        ),
    )  # fmt: skip


def _novelty() -> Chart:
    middles = (19, 14, 9, 11)
    orders = (1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0, 20.0, 30.0, 50.0, 100.0)

    def curve(middle):
        return tuple((n, 100 / (1 + (middle / n) ** 3)) for n in orders)

    return Chart(
        title="How much is new",
        x=Axis(label="length of the stretch, characters", scale="log"),
        y=Axis(label="new stretches, %", low=0.0, high=100.0),
        lines=(
            *(Line(name=s, points=curve(m)) for s, m in zip(SETTINGS, middles, strict=True)),
            Line(name="real songs, held out", role="floor", points=curve(12)),
            Line(name="count model", role="baseline", points=curve(6)),
        ),
        note="A curve to the right of the real songs copies more than people do.",
    )  # fmt: skip


def _reliability() -> Chart:
    shares = tuple(k / 10 for k in range(11))
    return Chart(
        title="When it says 70 %, is it right 70 times in 100?",
        x=Axis(label="predicted probability", low=0.0, high=1.0),
        y=Axis(label="how often it came true", low=0.0, high=1.0),
        lines=(
            Line(name="perfect", role="ideal", points=((0.0, 0.0), (1.0, 1.0))),
            Line(
                name="this model",
                points=tuple((p, p**1.12) for p in shares),
                band=tuple((max(p**1.12 - 0.03, 0.0), min(p**1.12 + 0.03, 1.0)) for p in shares),
            ),
        ),
    )


def _specimens() -> tuple[Specimen, ...]:
    start = SONG.index("the river walks")
    second = SONG.index("he sold it")
    return (
        Specimen(setting="T=0.6", text=SONG, seed=7, copied=(
            Copied(start=start, stop=start + 62, source="songs.txt", line=812, offset=29_114),
            Copied(start=second, stop=second + 28, source="more-songs.txt", offset=112),
        )),
        Specimen(setting="T=0.8", text=SONG[130:] + "\nThe " + "water under the water " * 14),
        Specimen(setting="T=0.8", text=STRANGE),
        Specimen(setting="T=1.0", text=SONG.replace("th", "d").replace("er", "ar")),
    )  # fmt: skip
