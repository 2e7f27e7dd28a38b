"""Characters of UTF-8 byte by byte, over a partition of the characters into labels.

A part is what bytes of one character can have been read; parts that go on alike are one. Part 0 is
between two characters.

Shape letters: `S` blocks, `K` labels, `P` parts of a character, `N` anything listed.
"""

import numpy as np
from jaxtyping import Bool, Int, Int64

from serinette.constraints.charset import UNICODE_END
from serinette.constraints.spelling import N_BYTES
from serinette.constraints.tables import NEVER, Partition

_BLOCK = 64
_BLOCKS_OF_2 = 32
_LEAD_2, _LEAD_3, _LEAD_4 = 0xC0, 0xE0, 0xF0
_CONTINUATION = slice(0x80, 0xC0)


class Utf8Parts:
    """The beginnings of characters in UTF-8, told apart by the labels that they can become.

    Reference: the table of well-formed byte sequences of the Unicode Standard, chapter 3, 3-7.
    """

    def __init__(self, partition: Partition) -> None:
        widths = np.diff(np.append(partition.cuts, UNICODE_END))
        labels = np.repeat(partition.labels, widths)
        labels[0xD800:0xE000] = -1  # surrogates are no characters
        ones, one_of = _blocks(labels)
        one_of[:2] = -1  # below 0x80: one byte, and not two
        is_short = np.arange(len(one_of)) < _BLOCKS_OF_2  # two bytes, and not three
        twos, two_of = _blocks(np.where(is_short, -1, one_of))
        # 0x10000 and above: four bytes; 17 planes of 16 blocks, padded to whole lead bytes.
        padded = np.full(5 * _BLOCK, -1)
        padded[16 : len(two_of)] = two_of[16:]
        threes, three_of = _blocks(padded)
        counts = [1, len(ones), len(twos), len(threes)]
        begin = np.cumsum([0, *counts]).tolist()
        self.n_parts = begin[-1]
        self.bytes_to_go = np.repeat(np.arange(4), counts)
        self.completes = np.full((self.n_parts, N_BYTES), -1)
        self.leads_to = np.full((self.n_parts, N_BYTES), -1)
        self.completes[0, :0x80] = labels[:0x80]
        self.completes[begin[1] : begin[2], _CONTINUATION] = ones
        self.leads_to[begin[2] : begin[3], _CONTINUATION] = _shifted(twos, begin[1])
        self.leads_to[begin[3] :, _CONTINUATION] = _shifted(threes, begin[2])
        self.leads_to[0, _LEAD_2:_LEAD_3] = _shifted(one_of[:_BLOCKS_OF_2], begin[1])
        self.leads_to[0, _LEAD_3:_LEAD_4] = _shifted(two_of[:16], begin[2])
        self.leads_to[0, _LEAD_4 : _LEAD_4 + 5] = _shifted(three_of, begin[3])
        self.labels_in, self.begins = self._labels_in(partition.n_labels)
        self.cost_of_label = _costs_of_labels(labels, partition.n_labels)

    def _labels_in(self, n_labels: int) -> tuple[Int64[np.ndarray, " N"], Int64[np.ndarray, " P"]]:
        """Return the labels that each part but the first can become, and where each list begins."""
        inside = np.zeros((self.n_parts, n_labels + 1), dtype=bool)  # the last stands for -1
        for part in range(1, self.n_parts):  # those with fewer bytes to go come first
            inside[part, self.completes[part]] = True
            deeper = self.leads_to[part]
            inside[part] |= inside[deeper[deeper >= 0]].any(axis=0)
        parts, labels = np.nonzero(inside[1:, :-1])
        return labels.astype(np.int64), np.searchsorted(parts, np.arange(self.n_parts - 1))


def _blocks(
    values: Int[np.ndarray, " N"],
) -> tuple[Int64[np.ndarray, "P 64"], Int64[np.ndarray, " S"]]:
    """Cut into blocks of 64; return the distinct ones, and which each is (-1: all of it is)."""
    blocks = values.reshape(-1, _BLOCK)
    # Nearly all blocks hold one value; to sort rows of 64 costs a hundred times a number each.
    is_mixed = (blocks != blocks[:, :1]).any(axis=1)
    mixed, which_mixed = np.unique(blocks[is_mixed], axis=0, return_inverse=True)
    even, which_even = np.unique(blocks[~is_mixed, 0], return_inverse=True)
    rows = np.vstack([np.repeat(even[:, None], _BLOCK, axis=1), mixed])
    which = np.empty(len(blocks), dtype=np.int64)
    which[~is_mixed] = which_even.reshape(-1)
    which[is_mixed] = len(even) + which_mixed.reshape(-1)
    is_dead = (rows == -1).all(axis=1)
    number = np.where(is_dead, -1, np.cumsum(~is_dead) - 1)
    return rows[~is_dead].astype(np.int64), number[which].astype(np.int64)


def _shifted(numbers: Int[np.ndarray, "..."], begin: int) -> Int64[np.ndarray, "..."]:
    shifted: Int64[np.ndarray, "..."] = np.where(numbers >= 0, numbers + begin, -1)
    return shifted


def _costs_of_labels(labels: Int[np.ndarray, " N"], n_labels: int) -> Int64[np.ndarray, " K"]:
    """Return the bytes of the shortest character of every label."""
    cost = np.full(n_labels, NEVER, dtype=np.int64)
    for n_bytes, begin, end in ((4, 0x10000, UNICODE_END), (3, 0x800, 0x10000), (2, 0x80, 0x800)):
        present: Bool[np.ndarray, " K"] = (
            np.bincount(labels[begin:end] + 1, minlength=n_labels + 1)[1:] > 0
        )
        cost[present] = n_bytes
    cost[labels[:0x80]] = 1
    return cost
