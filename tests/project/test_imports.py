"""Where torch is needed, and where it is not; what may never be in the package."""

import ast
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import serinette

PACKAGE = Path(serinette.__file__).parent
NEEDS_TORCH = {
    "serinette.batching.documents",
    "serinette.batching.replay",
    "serinette.batching.segments",
    "serinette.batching.streams",
    "serinette.batching.windows",
    "serinette.nets.critic",
    "serinette.nets.critics",
    "serinette.nets.dropout",
    "serinette.nets.fields",
    "serinette.nets.heads",
    "serinette.nets.latent",
    "serinette.nets.model",
    "serinette.nets.residuals",
    "serinette.nets.state",
    "serinette.nets.stepper",
    "serinette.nets.symbol_critic",
    "serinette.nets.window_writers",
    "serinette.recipes.fit.dry_run",
    "serinette.recipes.fit.execute",
    "serinette.recipes.fit.fine_tuning",
    "serinette.recipes.fit.finish",
    "serinette.recipes.fit.game",
    "serinette.recipes.fit.game_probe",
    "serinette.recipes.fit.guide",
    "serinette.recipes.fit.keeping",
    "serinette.recipes.fit.planning",
    "serinette.recipes.fit.probe",
    "serinette.recipes.series.baseline",
    "serinette.recipes.series.begin",
    "serinette.recipes.series.contents",
    "serinette.recipes.series.dry_run",
    "serinette.recipes.series.guide",
    "serinette.recipes.series.plan",
    "serinette.recipes.series.train",
    "serinette.recipes.series.trial",
    "serinette.recipes.series.window_judge",
    "serinette.recipes.series.window_training",
    "serinette.training.average",
    "serinette.training.calibration",
    "serinette.training.candidates",
    "serinette.training.game.anchors",
    "serinette.training.game.credit",
    "serinette.training.game.critic_eye",
    "serinette.training.game.critic_rival",
    "serinette.training.game.drawing",
    "serinette.training.game.joint",
    "serinette.training.game.ledger",
    "serinette.training.game.losses",
    "serinette.training.game.lstm_gan",
    "serinette.training.game.mediator",
    "serinette.training.game.mediator_rival",
    "serinette.training.game.on_real",
    "serinette.training.game.rival",
    "serinette.training.game.rivals",
    "serinette.training.game.rows",
    "serinette.training.game.timegan",
    "serinette.training.game.trainer",
    "serinette.training.game.windows",
    "serinette.training.gradients",
    "serinette.training.latent",
    "serinette.training.latent_autoencoder",
    "serinette.training.latent_data",
    "serinette.training.latent_game",
    "serinette.training.loop",
    "serinette.training.logistic",
    "serinette.training.machine",
    "serinette.training.narrow_gru",
    "serinette.training.optimisers",
    "serinette.training.soap",
    "serinette.training.spectral",
    "serinette.training.supply",
    "serinette.training.timegan_judges",
    "serinette.training.trainer",
    "serinette.training.validation",
    "serinette.training.windows",
}
BLOCKED = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {"torch", "onnx"}:
            raise ImportError(f"{name} is blocked")

sys.meta_path.insert(0, Blocker())
"""


def all_modules():
    found = pkgutil.walk_packages([str(PACKAGE)], "serinette.")
    return {module.name for module in found if not module.name.endswith("__main__")}


def run(code, *arguments, cwd=None):
    return subprocess.run(
        [sys.executable, "-c", BLOCKED + code, *arguments],
        check=False,
        capture_output=True,
        text=True,
        cwd=cwd,
    )


def test_every_other_module_imports_with_torch_blocked():
    free = sorted(all_modules() - NEEDS_TORCH)
    done = run(f"import importlib\nfor name in {free!r}:\n    importlib.import_module(name)")
    assert done.returncode == 0, done.stderr


def test_the_list_of_modules_that_need_torch_is_not_longer_than_it_must_be():
    names = sorted(NEEDS_TORCH - {"serinette.batching.segments"})
    code = f"""
import importlib
for name in {names!r}:
    try:
        importlib.import_module(name)
    except ImportError:
        continue
    print(name)
"""
    done = run(code)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr
    assert all_modules() >= NEEDS_TORCH


@pytest.mark.slow
def test_a_model_generates_scores_and_is_explained_with_torch_blocked(tmp_path):
    settings = {"updates": 2, "model__hidden_size": 8, "model__embedding_size": 4}
    text = "a b c d e f g h i j k l m n o p q r s t u v w x y z\n" * 40
    (tmp_path / "letters.txt").write_text(text, encoding="utf-8")
    serinette.train(
        tmp_path / "letters.txt",
        runs=tmp_path / "runs",
        name="m",
        split__test_share=0,
        training__precision="fp32",
        **settings,
    )
    code = """
import serinette
model = serinette.load("m")
print(len(model.generate(2, seed=1, max_steps=9)))
print(model.score(["a b c d"]).n_characters)
print(model.explain("a b c d", cells=("0:1",)).n_symbols)
assert "torch" not in sys.modules
"""
    done = run(code, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["2", "8", "8"]


def test_training_without_torch_names_what_to_install():
    code = """
from serinette.core.errors import MissingExtraError
from serinette.recipes.train import require_train_extra
try:
    require_train_extra()
except MissingExtraError as error:
    print(error, error.exit_code)
"""
    done = run(code)
    assert "pip install 'serinette[train]' 2" in done.stdout


FORBIDDEN_IMPORTS = {"pickle", "shelve", "marshal", "dill", "joblib", "cloudpickle", "yaml"}
FORBIDDEN_CALLS = {"eval", "exec", "__import__"}


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: p.stem)
def test_no_pickle_and_no_code_from_data(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            assert not {alias.name.split(".")[0] for alias in node.names} & FORBIDDEN_IMPORTS
        if isinstance(node, ast.ImportFrom):
            assert (node.module or "").split(".")[0] not in FORBIDDEN_IMPORTS
        if isinstance(node, ast.Call):
            called = node.func
            if isinstance(called, ast.Name):
                assert called.id not in FORBIDDEN_CALLS
            if isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name):
                assert (called.value.id, called.attr) not in {("torch", "load"), ("torch", "save")}
            for keyword in node.keywords:
                is_off = isinstance(keyword.value, ast.Constant) and keyword.value.value is False
                assert keyword.arg != "allow_pickle" or is_off
                is_true = isinstance(keyword.value, ast.Constant) and keyword.value.value is True
                assert not (keyword.arg == "shell" and is_true)


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: p.stem)
def test_no_file_is_longer_than_400_lines(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400
