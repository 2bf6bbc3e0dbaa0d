# SPDX-License-Identifier: EUPL-1.2
"""Valid containers and archives are changed in every way; no mutant that means something else verifies.

What a container means is its message and bodies, who signed, when it says so, and the time of its stamp. A
mutant may be good only when it means exactly the same: other compression, other order of files, names and
spaces that nothing signs.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from io import BytesIO

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.blocks.exchange.service.evidence import rig
from tests.blocks.exchange.service.evidence.rig import NOW, REGISTRY, TAX, country

from flagstone.blocks.exchange.contract.evidence import NamedFile, Report
from flagstone.blocks.exchange.model.linking import Link, chained, file_digest, written
from flagstone.blocks.exchange.service.evidence.making import Draft, sign
from flagstone.blocks.exchange.service.evidence.verifying import Verifier
from flagstone.platform.crypto.asice import read_container

Files = Mapping[str, bytes]
BOUNDED = settings(max_examples=60, deadline=None)
SIGNED = ("message.xml", "attachment1", "META-INF/signatures.xml")


@cache
def verifier() -> Verifier:
    return Verifier(country().configuration(), NOW)


@cache
def valid() -> tuple[bytes, ...]:
    """Return containers of each form, of two members and two times."""
    alone = rig.container(batch=False)
    together = [rig.contained(each) for each in sign(rig.drafts(3, body=b"b"), country().party(TAX), NOW)]
    (other,) = sign([Draft(rig.request_head(9, client=REGISTRY), (b"x",))], country().party(REGISTRY), NOW)
    return (
        alone,
        rig.container(b"one", b"two"),
        *together,
        rig.contained(other, at=NOW + timedelta(minutes=5)),
    )


@cache
def parts(which: int) -> Files:
    return dict(read_container(valid()[which]).parts)


def zipped(files: Files) -> bytes:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return out.getvalue()


def verify(content: bytes) -> Report:
    (report,) = verifier().verify([NamedFile("mutant.asice", content)])
    return report


def meaning(content: bytes, report: Report) -> tuple[object, ...]:
    """Return what a good verdict vouches for."""
    files = read_container(content).parts
    said = report.read
    bodies = tuple(files.get(uri[1:]) for uri in said.parts)
    return bodies, said.sender, said.signer, said.signed_at, said.stamped, said.message_id


def is_part(vouched: tuple[object, ...], whole: tuple[object, ...]) -> bool:
    """Tell whether all that is vouched for is in `whole`, by the same sender, signer and time."""
    bodies, every = vouched[0], whole[0]
    assert isinstance(bodies, tuple)
    assert isinstance(every, tuple)
    return set(bodies) <= set(every) and vouched[1:4] == whole[1:4]


def assert_harmless(which: int, mutant: bytes) -> None:
    report = verify(mutant)
    if report.good:
        assert meaning(mutant, report) == meaning(valid()[which], verify(valid()[which]))
    else:
        assert all(each.check.remedy for each in report.failed)


which_one = st.integers(0, 5)


def test_all_of_them_are_good_as_they_are() -> None:
    for which in range(6):
        assert verify(valid()[which]).good
        assert verify(zipped(parts(which))).good


@BOUNDED
@given(which_one, st.data())
def test_a_changed_byte_of_a_file(which: int, data: st.DataObject) -> None:
    files = dict(parts(which))
    name = data.draw(st.sampled_from(sorted(files)))
    at = data.draw(st.integers(0, len(files[name]) - 1))
    changed = bytearray(files[name])
    changed[at] ^= data.draw(st.integers(1, 255))
    files[name] = bytes(changed)
    assert_harmless(which, zipped(files))
    if name in SIGNED[:2]:
        assert not verify(zipped(files)).good


@BOUNDED
@given(which_one, st.data())
def test_a_changed_cut_or_doubled_piece_of_the_whole(which: int, data: st.DataObject) -> None:
    content = valid()[which]
    start = data.draw(st.integers(0, len(content) - 1))
    end = data.draw(st.integers(start, min(len(content), start + 64)))
    put = data.draw(st.one_of(st.just(b""), st.binary(max_size=16), st.just(content[start:end] * 2)))
    assert_harmless(which, content[:start] + put + content[end:])


@BOUNDED
@given(which_one, which_one, st.data())
def test_files_exchanged_between_containers(which: int, other: int, data: st.DataObject) -> None:
    files, others = dict(parts(which)), parts(other)
    names = data.draw(st.lists(st.sampled_from(sorted(set(files) | set(others))), min_size=1, max_size=4))
    for name in names:
        if name in others:
            files[name] = others[name]
        else:
            files.pop(name, None)
    mutant = zipped(files)
    report = verify(mutant)
    if report.good:
        same = {meaning(each, verify(each)) for each in (valid()[which], valid()[other])}
        vouched = meaning(mutant, report)
        if report.read.unverified:  # a body that is not kept stands by its digest, and the report says so
            assert any(is_part(vouched, each) for each in same), names
            return
        assert vouched in same or vouched[:4] in {each[:4] for each in same}, names


@BOUNDED
@given(which_one, st.data())
def test_elements_moved_doubled_or_taken_out_of_the_signature(which: int, data: st.DataObject) -> None:
    files = dict(parts(which))
    name = data.draw(
        st.sampled_from([each for each in sorted(files) if each.endswith(".xml") and b"<" in files[each]])
    )
    pieces = files[name].split(b"<")
    first, second = (data.draw(st.integers(1, max(1, len(pieces) - 1))) for _ in range(2))
    kind = data.draw(st.sampled_from(["drop", "double", "swap"]))
    if kind == "drop":
        del pieces[min(first, len(pieces) - 1)]
    elif kind == "double":
        pieces.insert(min(first, len(pieces) - 1), pieces[min(second, len(pieces) - 1)])
    elif first < len(pieces) and second < len(pieces):
        pieces[first], pieces[second] = pieces[second], pieces[first]
    files[name] = b"<".join(pieces)
    assert_harmless(which, zipped(files))


@BOUNDED
@given(which_one, st.sampled_from([b"Id=", b"URI=", b"Algorithm=", b"Type="]), st.data())
def test_attributes_that_say_something_else(which: int, attribute: bytes, data: st.DataObject) -> None:
    files = dict(parts(which))
    values = [
        b'"/message.xml"',
        b'"/attachment1"',
        b'"#signed-properties"',
        b'""',
        b'"http://www.w3.org/2000/09/xmldsig#sha1"',
    ]
    for name in sorted(files):
        places = files[name].count(attribute)
        if places and data.draw(st.booleans()):
            place = data.draw(st.integers(0, places - 1))
            head = attribute.join(files[name].split(attribute)[: place + 1])
            tail = files[name][len(head) + len(attribute) :]
            rest = tail[1:].partition(tail[:1])[2]
            files[name] = head + attribute + data.draw(st.sampled_from(values)) + rest
    assert_harmless(which, zipped(files))


@cache
def archive() -> tuple[Files, bytes]:
    """Return the containers of a good archive, and the archive itself."""
    files = {f"{n}.asice": content for n, content in enumerate(valid())}
    info = chained(Link(), [(name, file_digest(content)) for name, content in files.items()])
    return files, zipped({**files, "linkinginfo": written(info, "")})


def test_the_archive_is_good() -> None:
    assert verify(archive()[1]).good


@BOUNDED
@given(st.data())
def test_no_other_archive_is_good(data: st.DataObject) -> None:
    """Lines and containers changed, moved, doubled, left out, or chained anew from another beginning."""
    files, whole = dict(archive()[0]), archive()[1]
    with zipfile.ZipFile(BytesIO(whole)) as opened:
        lines = opened.read("linkinginfo").splitlines(keepends=True)
    before = (dict(files), list(lines))
    kind = data.draw(
        st.sampled_from(["line", "byte", "swap lines", "swap files", "drop file", "drop line", "rename"])
    )
    names = sorted(files)
    one, two = (data.draw(st.integers(0, len(names) - 1)) for _ in range(2))
    if kind == "line":
        lines[one + 1] = lines[two + 1]
    elif kind == "byte":
        at = data.draw(st.integers(0, len(lines[one]) - 1))
        lines[one] = (
            lines[one][:at] + bytes([lines[one][at] ^ data.draw(st.integers(1, 127))]) + lines[one][at + 1 :]
        )
    elif kind == "swap lines":
        lines[one + 1], lines[two + 1] = lines[two + 1], lines[one + 1]
    elif kind == "swap files":
        files[names[one]], files[names[two]] = files[names[two]], files[names[one]]
    elif kind == "drop file":
        del files[names[one]]
    elif kind == "drop line":
        del lines[one]
    else:
        files["renamed.asice"] = files.pop(names[one])
    report = verify(zipped({**files, "linkinginfo": b"".join(lines)}))
    assert report.good is ((files, lines) == before), kind
