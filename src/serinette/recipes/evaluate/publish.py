"""Where a report goes: a file of the user's choice, or the model's own folder."""

from collections.abc import Mapping
from pathlib import Path

from serinette.artifact.archive import is_packed
from serinette.artifact.card import with_evaluation
from serinette.artifact.folder import CARD, CONFIG, EVALUATION, REPORT, WEIGHTS, Artifact
from serinette.core import manifest, plain_json
from serinette.core.disk import read_bytes
from serinette.core.durable import read_folder, write_file
from serinette.core.errors import ArtifactError, ConfigError, ResourceError
from serinette.evaluation.report.content import Evaluation
from serinette.evaluation.report.page import page


def save_report(evaluation: Evaluation, path: Path) -> tuple[Path, ...]:
    """Write a report.

    Args:
        evaluation: What was found.
        path: Ends in `.html` or `.json`.

    Raises:
        ConfigError: If it ends in something else.
        ResourceError: If the disk refuses.
    """
    if path.suffix == ".json":
        write_file(path, plain_json.dump(evaluation.to_json()))
    elif path.suffix == ".html":
        write_file(path, page(evaluation).encode())
    else:
        raise ConfigError(f"{path}: a report's name must end in .html or .json")
    return (path,)


def check_place(artifact: Artifact) -> None:
    """Refuse to put a report where none can stand, before one is made.

    Raises:
        ConfigError: If the model is packed.
    """
    if is_packed(artifact.folder):
        raise ConfigError(f"{artifact.folder}: no report fits into a zip; give -o report.html")


def publish(evaluation: Evaluation, artifact: Artifact) -> tuple[Path, ...]:
    """Put the report, its figures and a filled model card into the model's folder.

    What people wrote on the card outside its section "Evaluation" stays.

    Raises:
        ConfigError: If the model is packed.
        ArtifactError: If the folder holds another model by now.
        ResourceError: If the folder cannot be written; the evaluation is then only in memory.
    """
    check_place(artifact)
    folder = artifact.folder
    files = dict(read_folder(folder, lenient=(CARD, EVALUATION, REPORT)).files)
    _check_same(artifact, files)
    # What people wrote while the evaluation ran.
    card = files.get(CARD, b"").decode("utf-8", "replace")
    written = {
        REPORT: page(evaluation).encode(),
        EVALUATION: plain_json.dump(
            {"metrics": artifact.evaluation.get("metrics", []), "report": evaluation.to_json()}
        ),
        CARD: with_evaluation(card, evaluation.metrics, evaluation.headline).encode(),
    }
    try:
        # One by one: whatever people put beside them stays, and a crash in between leaves a model
        # that loads, with a warning about the file that is newer than the manifest.
        for name, content in written.items():
            write_file(folder / name, content)
        # A training may have put another model here meanwhile; its manifest must not be ours.
        _check_same(artifact, {name: read_bytes(folder / name) for name in (CONFIG, WEIGHTS)})
        write_file(folder / manifest.NAME, manifest.encode({**files, **written}))
    except ResourceError as error:
        raise ResourceError(f"{error}; give another place with -o report.html") from error
    return (folder / REPORT,)


def _check_same(artifact: Artifact, files: Mapping[str, bytes]) -> None:
    if any(files.get(name) != artifact.files[name] for name in (CONFIG, WEIGHTS)):
        raise ArtifactError(f"{artifact.folder} holds another model by now; evaluate it again")
