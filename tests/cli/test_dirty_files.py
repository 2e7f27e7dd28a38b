"""Every dirty file is decided and the decision said, or refused in one line, in three locales."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import dirty_files
import pytest

LOCALES = {
    "C": {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
    "C.UTF-8": {"LC_ALL": "C.UTF-8"},
    "8 bits": {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": "latin-1"},
}
INSPECT_ALL = """
import json, os, sys, traceback
from serinette.cli.main import main
answers = {}
for name in json.loads(sys.argv[1]):
    saved = [os.dup(1), os.dup(2)]
    for stream in (1, 2):
        os.dup2(os.open(f"said-{stream}", os.O_RDWR | os.O_CREAT | os.O_TRUNC), stream)
    code = main(["inspect", name, "--kind", "text"])
    sys.stdout.flush(), sys.stderr.flush()
    for stream in (1, 2):
        os.dup2(saved[stream - 1], stream)
    said = [open(f"said-{stream}", "rb").read().decode("utf-8") for stream in (1, 2)]
    answers[name] = [code, *said]
print(json.dumps(answers))
"""


@pytest.fixture(scope="module", params=list(LOCALES))
def answers(request, tmp_path_factory):
    """What one process in a locale says of every file."""
    folder = tmp_path_factory.mktemp("dirty")
    dirty_files.make(folder)
    names = json.dumps([case.name for case in dirty_files.ALL])
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG", "PYTHONIO"))}
    found = subprocess.run(
        [sys.executable, "-c", INSPECT_ALL, names],
        cwd=folder,
        env=clean | LOCALES[request.param],
        capture_output=True,
        check=False,
    )
    assert found.returncode == 0, found.stderr.decode()
    return json.loads(found.stdout)


def test_there_are_sixty_of_them():
    assert len({case.name for case in dirty_files.ALL}) == len(dirty_files.ALL) >= 60


@pytest.mark.slow
def test_every_dirty_file_is_decided_or_refused_in_one_line(answers):
    wrong = []
    for case in dirty_files.ALL:
        code, said, told = answers[case.name]
        expected = case.said.replace("{}", case.name)
        if case.name == "locked.txt" and os.geteuid() == 0:
            continue  # nothing is locked to the superuser
        if case.code:
            is_right = (code, said, told) == (case.code, "", f"error: {expected}\n")
        else:
            is_right = code == 0 and expected in said + told and "Traceback" not in told
        if not is_right:
            wrong.append((case.name, code, said[-300:], told[-300:], expected))
    assert not wrong


@pytest.mark.parametrize("name", ["gedichte-ä-诗.txt", b"latin-\xe4.txt"])
@pytest.mark.parametrize("locale", list(LOCALES))
@pytest.mark.slow
def test_a_name_that_the_locale_cannot_write_is_read_all_the_same(name, locale, tmp_path):
    (tmp_path / os.fsdecode(name)).write_text(dirty_files.PLAIN, encoding="utf-8")
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG", "PYTHONIO"))}
    found = subprocess.run(
        [sys.executable, "-m", "serinette", "inspect", "--kind", "text", os.fsencode(name)],
        cwd=tmp_path,
        env=clean | LOCALES[locale],
        capture_output=True,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    assert re.search(rb"read as UTF-8", found.stdout)
    assert b"Traceback" not in found.stderr


def test_what_is_read_is_what_was_hashed_though_the_file_changes(tmp_path):
    import hashlib

    from serinette.kinds.text.files import read_bytes

    path = tmp_path / "log.txt"
    path.write_bytes(b"as it was")
    file = read_bytes(path, from_folder=False)
    path.write_bytes(b"as it is now, and longer")
    assert file.sha256 == hashlib.sha256(file.data).hexdigest()
    assert Path(file.path).exists()
