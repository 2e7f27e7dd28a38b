import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from serinette.core.errors import ConfigError, DataError
from serinette.recipes.manuscript import MODEL, YOU, Manuscript, Session, Span, session_of

ALIEN = {"at": 0, "gone": [], "come": [{"by": "you", "text": "z"}]}
"""A change that does not fit the text."""
step = st.tuples(st.integers(0, 30), st.integers(0, 9), st.text("ab \n", max_size=5),
                 st.sampled_from([YOU, MODEL]))  # fmt: skip


def after(steps):
    """A manuscript and the characters of a slow twin, each with its author."""
    manuscript, twin = Manuscript(), []
    for at, n_gone, text, by in steps:
        place = min(at, len(twin))
        manuscript = manuscript.put(place, n_gone, text, by)
        twin[place : place + n_gone] = [(by, character) for character in text]
    return manuscript, twin


@given(st.lists(step, max_size=12))
def test_every_character_keeps_its_author(steps):
    manuscript, twin = after(steps)
    assert [(span.by, c) for span in manuscript.spans for c in span.text] == twin
    assert all(span.text for span in manuscript.spans)
    neighbours = zip(manuscript.spans, manuscript.spans[1:], strict=False)
    assert all(one.by != other.by for one, other in neighbours)


@given(st.lists(step, max_size=12), st.integers(0, 12))
def test_undo_and_redo_walk_through_every_state_that_was(steps, n_back):
    states = [Manuscript()]
    for at, n_gone, text, by in steps:
        new = states[-1].put(min(at, len(states[-1].text)), n_gone, text, by)
        states += [new] if new is not states[-1] else []
    manuscript = states[-1]
    n_back = min(n_back, len(states) - 1)
    for k in range(n_back):
        manuscript = manuscript.undo()
        assert manuscript.spans == states[-2 - k].spans
    for k in range(n_back):
        manuscript = manuscript.redo()
        assert manuscript.spans == states[len(states) - n_back + k].spans
    assert manuscript == states[-1]


@given(st.lists(step, max_size=8), st.integers(0, 5), st.text(max_size=5))
def test_a_session_comes_back_from_its_file_as_it_was(steps, n_back, ban):
    manuscript, _ = after(steps)
    for _ in range(min(n_back, len(manuscript.done))):
        manuscript = manuscript.undo()
    banned = (ban,) if ban.isprintable() and ban else ()
    session = Session(model="notes", manuscript=manuscript, seed=7, round=3, banned=banned)
    assert session_of(session.to_bytes(), "x.json") == session


def test_a_new_change_forgets_what_was_undone():
    manuscript = Manuscript().write("a", YOU).write("b", MODEL).undo().write("c", YOU)
    assert manuscript.spans == (Span(YOU, "ac"),)
    with pytest.raises(ConfigError, match="there is nothing to do again"):
        manuscript.redo()
    with pytest.raises(ConfigError, match="there is nothing to undo"):
        Manuscript().undo()


def test_shares_are_of_characters():
    manuscript = Manuscript().write("abc", YOU).write("d", MODEL)
    assert (manuscript.share_of(MODEL), Manuscript().share_of(YOU)) == (0.25, 0)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda plain: b"no JSON", "x.json is no session of the desk; give another file"),
        (lambda plain: b"[1]", "x.json is no session of the desk; give another file"),
        (lambda plain: {**plain, "format": "2"}, "x.json is no session of the desk"),
        (lambda plain: {**plain, "spans": []}, r"x.json: the session is damaged .*spans and text"),
        (
            lambda plain: {**plain, "done": [ALIEN]},
            r"the session is damaged .*a change does not fit the text",
        ),
        (lambda plain: {**plain, "seed": "x"}, r"the session is damaged \(ValueError: .*'text'"),
        (lambda plain: {k: v for k, v in plain.items() if k != "undone"}, "damaged .KeyError"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_session_is_refused(change, message):
    plain = json.loads(Session(model="m", manuscript=Manuscript().write("a", YOU)).to_bytes())
    content = change(plain)
    with pytest.raises(DataError, match=message):
        session_of(
            content if isinstance(content, bytes) else json.dumps(content).encode(), "x.json"
        )
