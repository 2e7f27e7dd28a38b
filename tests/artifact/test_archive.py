"""A packed model is read back whole, or refused with one line; nothing of it touches the disk."""

import io
import stat
import warnings
import zipfile

import pytest
import text_models
from hypothesis import given
from hypothesis import strategies as st

from serinette.artifact import archive
from serinette.artifact.folder import load
from serinette.artifact.runs import find_model
from serinette.core import manifest
from serinette.core.errors import ArtifactError, NotFoundError

NAMES = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,8}", fullmatch=True)
FILES = st.dictionaries(NAMES.filter(lambda name: name != manifest.NAME), st.binary(max_size=40))
SMALL = {"config.json": b"{}", "a": b"hello"}


def write(path, content):
    path.write_bytes(content)
    return path


@given(files=FILES)
def test_what_is_packed_is_read_back_and_packed_alike_again(tmp_path_factory, files):
    content = archive.pack(files)
    assert content == archive.pack(dict(reversed(files.items())))
    path = write(tmp_path_factory.mktemp("zip") / "m.zip", content)
    assert archive.read(path).files == files


@given(data=st.data())
def test_a_damaged_zip_is_refused_or_holds_the_same_files(tmp_path_factory, data):
    content = bytearray(archive.pack(SMALL))
    place = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        content[place] ^= data.draw(st.integers(1, 255))
    else:
        del content[place:]
    path = write(tmp_path_factory.mktemp("zip") / "m.zip", bytes(content))
    found = outcome(path)
    assert found == SMALL or ("m.zip" in found and "\n" not in found)


def outcome(path):
    """The files, or what is said of them."""
    try:
        return archive.read(path).files
    except ArtifactError as error:
        return str(error)


def zip_of(entries, compression=zipfile.ZIP_STORED):
    """A zip as strangers make it: (name or entry, content)."""
    buffer = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(buffer, "w", compression) as made:
        warnings.simplefilter("ignore", UserWarning)  # of two entries of one name
        for name, content in entries:
            made.writestr(name, content)
    return buffer.getvalue()


def entry(name, mode):
    found = zipfile.ZipInfo(name)
    found.external_attr = mode << 16
    return found


LISTED = (manifest.NAME, manifest.encode(SMALL))
BAD = {
    "'../evil' is no plain file": [LISTED, ("../evil", b"x"), *SMALL.items()],
    "'/etc/evil' is no plain file": [LISTED, ("/etc/evil", b"x"), *SMALL.items()],
    r"'a\\\\b' is no plain file": [LISTED, ("a\\b", b"x"), *SMALL.items()],
    "'m/config.json' is no plain file": [("m/config.json", b"{}")],
    "'folder/' is no plain file": [LISTED, ("folder/", b""), *SMALL.items()],
    "'a' is no plain file": [LISTED, ("config.json", b"{}"), (entry("a", stat.S_IFLNK), b"/etc")],
    "a name stands in it twice": [LISTED, *SMALL.items(), ("a", b"hello")],
    "it has no manifest.json": [*SMALL.items()],
    "'more' is not in its manifest.json": [LISTED, *SMALL.items(), ("more", b"x")],
    "a is missing": [LISTED, ("config.json", b"{}")],
}


@pytest.mark.parametrize("reason", BAD)
def test_what_we_never_write_is_refused_by_name(tmp_path, reason):
    path = write(tmp_path / "m.zip", zip_of(BAD[reason]))
    with pytest.raises(ArtifactError, match=reason) as caught:
        archive.read(path)
    assert str(caught.value).endswith("; get it again, or write it again with serinette export")
    assert [one.name for one in tmp_path.iterdir()] == ["m.zip"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"hello", r"m\.zip is not a packed model: it cannot be read \(File is not a zip file\)"),
        (b"", "it cannot be read"),
        (zip_of([LISTED, *SMALL.items()], zipfile.ZIP_DEFLATED), "is compressed or encrypted"),
        (
            zip_of([LISTED, ("config.json", b"{}"), ("a", b"hallo")]),
            r"a is not to be used: its SHA-256",
        ),
        (
            zip_of([LISTED, ("config.json", b"{}"), ("a", b"hello!")]),
            "a is damaged: 6 bytes where 5 were saved",
        ),
        (zip_of([(manifest.NAME, b"{}")]), r"manifest\.json is damaged"),
    ],
)
def test_what_is_damaged_is_refused_with_the_reason(tmp_path, content, reason):
    with pytest.raises(ArtifactError, match=reason):
        archive.read(write(tmp_path / "m.zip", content))


def test_entries_that_share_their_bytes_are_refused(tmp_path):
    content = bytearray(zip_of([("a", b"x" * 50), ("b", b"x" * 50), ("c", b"x" * 90)]))
    centre = content.index(b"PK\x01\x02")
    for _ in range(3):  # every entry claims as many bytes as the whole file has
        for offset in (20, 24):
            content[centre + offset : centre + offset + 4] = len(content).to_bytes(4, "little")
        centre = content.find(b"PK\x01\x02", centre + 4)
    path = write(tmp_path / "m.zip", bytes(content))
    with pytest.raises(ArtifactError, match="its files overlap"):
        archive.read(path)


def test_a_packed_model_is_found_and_loaded_like_a_folder(tmp_path):
    artifact = text_models.save_model(tmp_path / "wolken")
    path = write(tmp_path / "packed.zip", archive.pack(artifact.files))
    assert find_model(str(path), tmp_path / "runs") == path
    packed = load(path)
    assert packed.files == artifact.files
    assert (packed.name, artifact.name) == ("packed", "wolken")
    assert packed.warnings == ()
    with pytest.raises(NotFoundError):
        find_model(str(tmp_path / "none.zip"), tmp_path / "runs")


def test_an_edited_card_is_packed_as_it_is(tmp_path):
    text_models.save_model(tmp_path / "m")
    (tmp_path / "m" / "README.md").write_text("# Mine\n", encoding="utf-8")
    path = write(tmp_path / "m.zip", archive.pack(load(tmp_path / "m").files))
    assert load(path).card == "# Mine\n"
