"""How a codec's decisions are told to people."""

from serinette.kinds.series.codec import SeriesCodec

_MODES = {
    "level": "drawn as it stands",
    "increment": "drawn as its change from the row before",
    "curve": "drawn as the change of its change",
}


def described(codec: SeriesCodec) -> list[str]:
    """Say how each column is drawn, and how long sequences are."""
    lines = [
        f"{code.name}: {_MODES[code.mode]}"
        + (", as a share of itself" if code.is_log else "")
        + (f", {len(code.atoms)} values that repeat" if code.atoms else "")
        + (", heavy tails by their normal scores" if code.knots else "")
        + (", missing cells drawn too" if code.missing else "")
        for code in codec.parallel_values
    ]
    lines += [f"{code.name}: one of {code.size} values" for code in codec.symbols]
    low, high = codec.lengths[0], codec.lengths[-1]
    if codec.is_single:
        lines.append(f"one long series, learnt in windows of {codec.window} rows")
    elif codec.has_end:
        lines.append(f"sequences of {low:,} to {high:,} rows; their ends are drawn")
        if codec.clock.until is not None:
            lines.append(
                f"{codec.clock.unseen_share:.0%} of the sequences end where the data end, and may "
                "go on unseen: that is not learnt as an end, and what is written ends there too "
                "(--data.censoring false: an end like any other)"
            )
    else:
        lines.append(f"sequences of {high:,} rows each")
    return lines
