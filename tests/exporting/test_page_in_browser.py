"""The page as a person meets it: in Chromium, with a mouse and with keys."""

import importlib.util
import re
from pathlib import Path

import pytest
import text_models

from serinette.recipes.model import Model

ROOT = Path(__file__).parents[2]
_spec = importlib.util.spec_from_file_location("chromium", ROOT / "benchmarks" / "chromium.py")
chromium = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(chromium)

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(chromium.find_chromium() is None, reason="no Chromium here"),
]


@pytest.fixture(scope="module")
def tab():
    with chromium.browser() as page:
        yield page


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    model = Model(text_models.save_model(folder / "wolken", "word", labels=("<x>", "y")))
    model.export(folder / "fp32.html", weights="fp32")
    return model, folder / "fp32.html"


@pytest.fixture
def opened(tab, model):
    tab.open(model[1])
    tab.errors.clear()
    return tab


def fill(tab, **values):
    for name, value in values.items():
        tab.run(f"byId({name.replace('_', '-')!r}).value = {value!r}; null")


def written(tab):
    tab.wait("writer === null && paper.textContent !== ''")
    return tab.run("paper.textContent")


def test_it_writes_what_generate_writes_and_asks_the_network_for_nothing(opened, model):
    fill(opened, prompt="Über ", seed="11", top_p="0.9", length="400", label="2")
    opened.run("byId('write').click()")
    (sample,) = model[0].generate(1, prefix="Über ", seed=11, top_p=0.9, max_steps=400, label="y")
    assert written(opened) == sample.full_text
    assert opened.run("model.network.isFast")
    assert opened.errors == []
    assert opened.requests
    assert all(address.startswith(("file:", "about:", "data:")) for address in opened.requests)
    command = opened.run("byId('command').textContent")
    assert command == (
        "serinette generate wolken --prefix 'Über ' --seed 11 --top-p 0.9 --max-steps 400 --label y"
    )
    told = opened.run("told.textContent")
    assert re.fullmatch(
        r"The length was reached\. [\d,]+ characters, [\d,]+ a second, \d\.\d\d bits each\.", told
    )


def test_what_nobody_expected_has_a_colour(opened):
    opened.run("byId('write').click()")
    written(opened)
    tints = opened.run("[...new Set([...paper.children].map(one => one.className))].sort()")
    assert len(tints) > 1
    assert set(tints) <= {f"s{k}" for k in range(8)}
    opened.run("byId('is-coloured').click()")
    assert opened.run("getComputedStyle(paper.lastChild).backgroundColor") == "rgba(0, 0, 0, 0)"


def test_keys_write_halt_and_write_another(opened):
    fill(opened, length="2000000", prompt="die ")
    opened.run("byId('prompt').focus()")
    opened.press("Enter", control=True)
    opened.wait("paper.textContent.length > 200")
    assert opened.run("byId('write').textContent") == "Halt"
    opened.press("Escape")
    assert opened.run("told.textContent").startswith("Halted.")
    assert opened.run("paper.getAttribute('aria-busy')") == "false"
    fill(opened, length="50")
    opened.run("byId('another').click()")
    written(opened)
    assert opened.run("byId('seed').value") == "1"


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("seed", "x", "Seed: a whole number."),
        ("top-k", "0", "Top-k: a whole number from 1, or nothing."),
        ("top-p", "1.5", "Top-p: above 0 and at most 1, or nothing."),
        ("length", "", "Length: a whole number from 1."),
    ],
)
def test_a_value_that_cannot_be_is_named_and_nothing_is_written(opened, field, value, words):
    fill(opened, **{field: value})
    opened.run("byId('write').click()")
    assert opened.run("byId('problem').textContent") == words
    assert opened.run("document.activeElement.id") == field
    assert opened.run("paper.textContent") == ""


@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_nothing_is_wider_than_the_screen_and_text_can_be_read(tab, model, width, dark):
    tab.open(model[1], width=width, dark=dark)
    tab.run("byId('write').click()")
    written(tab)
    assert tab.run("document.documentElement.scrollWidth <= innerWidth")
    least = tab.run(CONTRAST)
    assert least >= 4.5


CONTRAST = """
(() => {
  const parts = colour => colour.match(/[\\d.]+/g).map(Number);
  const light = colour => {
    const [r, g, b] = parts(colour).map(each => {
      const part = each / 255;
      return part <= .04045 ? part / 12.92 : ((part + .055) / 1.055) ** 2.4;
    });
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const behind = node => {
    for (; node; node = node.parentElement) {
      const colour = getComputedStyle(node).backgroundColor;
      if (parts(colour).length === 3) return colour;
    }
  };
  for (let k = 0; k < 8; k++) show([{text: "x", nats: k * 10 / 7 * LOG2}]);
  const nodes = document.querySelectorAll(
    "p,dt,dd,label,button,span,h1,h2,textarea,summary,input[type=text]");
  return Math.min(...[...nodes].filter(each => each.offsetParent).map(each => {
    const [a, b] = [getComputedStyle(each).color, behind(each)].map(light).sort((x, y) => x - y);
    return (b + .05) / (a + .05);
  }));
})()
"""


def test_a_browser_without_vectors_writes_the_same_slowly(opened, model):
    fill(opened, seed="4", length="60")
    opened.run("WebAssembly.Module = function () { throw Error(); }; byId('write').click()")
    (sample,) = model[0].generate(1, seed=4, max_steps=60)
    assert written(opened) == sample.text
    assert "no vectors of WebAssembly" in opened.run("told.textContent")
