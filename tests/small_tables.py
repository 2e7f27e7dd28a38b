"""Small tables that tests of time series learn from."""

import numpy as np

from serinette.kinds.series.config import SeriesConfig
from serinette.kinds.series.fitting import fit_codec
from serinette.kinds.series.table import Column, Table


def mixed_table(n_sequences=30, seed=0, *, is_regular=True):
    """Sequences of different lengths: numbers with holes, a category, a counter, facts."""
    r = np.random.default_rng(seed)
    lengths = r.integers(6, 18, size=n_sequences)
    starts = np.r_[0, lengths.cumsum()]
    n = int(starts[-1])
    owner = np.repeat(np.arange(n_sequences), lengths)
    first = starts[:-1][owner]
    walk = np.cumsum(r.normal(size=n)).round(2)
    level = r.normal(size=n).round(3)
    level[r.random(n) < 0.1] = np.nan
    rain = np.where(r.random(n) < 0.5, 0.0, r.exponential(size=n).round(1))
    jump = r.integers(1, 9, size=n)
    total = np.cumsum(jump)
    counter = (total - total[first] + 100 + owner).astype(float)
    gaps = np.full(n, 60.0) if is_regular else r.integers(1, 500, size=n).astype(float)
    moments = np.cumsum(gaps)
    times = moments - moments[first] + 1_500_000_000.0
    colour = r.integers(3, size=n).astype(float)
    place = r.integers(2, size=n_sequences)[owner].astype(float)
    age = r.integers(20, 60, size=n_sequences)[owner].astype(float)
    columns = (
        Column(name="id", type="identifier", values=owner.astype(float)),
        Column(name="when", type="datetime", values=times),
        Column(name="walk", type="real", values=walk, decimals=2),
        Column(name="above", type="real", values=walk + abs(level.round(2)), decimals=2),
        Column(name="level", type="real", values=level, decimals=3),
        Column(name="rain", type="real", values=rain, decimals=1),
        Column(name="counter", type="integer", values=counter, decimals=0),
        Column(name="colour", type="category", values=colour, levels=("r", "g", "b")),
        Column(name="place", type="category", values=place, levels=("n", "s")),
        Column(name="age", type="integer", values=age, decimals=0),
    )
    return Table(
        columns=columns, starts=starts, entity=("id",), time="when", statics=("place", "age")
    )


def waves(n=400, seed=0):
    """One long smooth series of two columns."""
    r = np.random.default_rng(seed)
    t = np.arange(n)
    a = np.sin(t / 9) + np.cumsum(r.normal(size=n)) * 1e-3
    b = np.cumsum(r.normal(size=n))
    columns = (Column(name="a", type="real", values=a), Column(name="b", type="real", values=b))
    return Table(columns=columns, starts=np.array([0, n]))


def prices(n=300, seed=0):
    """One long series of two columns that go close beside each other, with holes."""
    r = np.random.default_rng(seed)
    opened = np.cumsum(r.normal(size=n))
    closed = opened + 0.1 * r.normal(size=n)
    closed[r.random(n) < 0.05] = np.nan
    columns = (
        Column(name="open", type="real", values=opened),
        Column(name="close", type="real", values=closed),
    )
    return Table(columns=columns, starts=np.array([0, n]))


def shares(n=400, seed=0):
    """One long series that moves by shares of itself: low, price and high, two decimals."""
    r = np.random.default_rng(seed)
    price = 20 * np.exp(np.cumsum(r.normal(size=n) * 0.05))
    columns = [
        Column(name=name, type="real", values=(price * factor).round(2), decimals=2)
        for name, factor in (
            ("price", np.ones(n)),
            ("low", np.exp(-0.02 * abs(r.normal(size=n)))),
            ("high", np.exp(0.02 * abs(r.normal(size=n)))),
        )
    ]
    return Table(columns=tuple(columns), starts=np.array([0, n]))


def paced(n=400, seed=0):
    """One long series whose rows come now faster, now slower, for a while."""
    r = np.random.default_rng(seed)
    gaps = np.maximum(1.0, (600 + np.cumsum(r.normal(size=n) * 20)).round())
    columns = (
        Column(name="when", type="datetime", values=1_500_000_000.0 + np.cumsum(gaps)),
        Column(name="x", type="real", values=r.normal(size=n)),
    )
    return Table(columns=columns, starts=np.array([0, n]), time="when")


def fitted(table, **settings):
    """Return codec and steps, fitted on all sequences."""
    config = SeriesConfig(**settings)
    return fit_codec(table, config, np.arange(table.n_sequences), table.starts)
