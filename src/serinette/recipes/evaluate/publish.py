"""Where a report goes: a file of the user's choice, or the model's own folder."""

from pathlib import Path

from serinette.artifact.card import with_evaluation
from serinette.artifact.folder import CARD, EVALUATION, REPORT, Artifact
from serinette.core import plain_json
from serinette.core.durable import read_folder, write_file, write_folder
from serinette.core.errors import ConfigError, ResourceError
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


def publish(evaluation: Evaluation, artifact: Artifact) -> tuple[Path, ...]:
    """Put the report, its figures and a filled model card into the model's folder.

    What people wrote on the card outside its section "Evaluation" stays.

    Raises:
        ResourceError: If the folder cannot be written; the evaluation is then only in memory.
    """
    folder = artifact.folder
    files = dict(read_folder(folder, lenient=(CARD, EVALUATION, REPORT)).files)
    files[REPORT] = page(evaluation).encode()
    files[EVALUATION] = plain_json.dump(
        {"metrics": artifact.evaluation.get("metrics", []), "report": evaluation.to_json()}
    )
    files[CARD] = with_evaluation(artifact.card, evaluation.metrics, evaluation.headline).encode()
    try:
        write_folder(folder, files, replace=True)
    except ResourceError as error:
        raise ResourceError(f"{error}; give another place with -o report.html") from error
    return (folder / REPORT,)
