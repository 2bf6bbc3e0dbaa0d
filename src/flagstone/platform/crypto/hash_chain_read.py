# SPDX-License-Identifier: EUPL-1.2
"""Hash chains and their results, read strictly (`http://cyber.ee/hashchain`).

A document that is letter for letter of the form that is written here needs no parser; any other goes through
one, and only the elements of the schema are taken, in their order.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple, TypeAlias

from lxml import etree

from flagstone.kernel.errors import Fault, Kind
from flagstone.platform.crypto import digests, hash_chain_form
from flagstone.platform.crypto.digests import Digest, DigestRefused
from flagstone.platform.crypto.hash_chain_form import HASH_CHAIN, ValueForm
from flagstone.platform.crypto.xml import EVIDENCE, INCLUSIVE, XmlRefused, parse
from flagstone.platform.crypto.xmldsig import (
    DS,
    SignatureRefused,
    blank,
    children,
    decoded,
    digest_method,
    from_base64,
    local,
)

STEPS_MAX = 4_096
DIGEST_OCTETS_MAX = 64
OWN_BYTES_MAX = 1 << 16
PART_URI = re.compile(r"/[!-~]{1,255}", re.ASCII)


class HashChainRefused(Fault):
    """A hash chain is not of the accepted form, or cannot be made of what was given."""

    code = "crypto.hash-chain-refused"
    kind = Kind.INVALID
    title = "The hash chain is not accepted"
    remedy = "Fetch the container again; the detail says what of the chain cannot be followed."


class HashValue(NamedTuple):
    """A value that is given as it is: the digest of a neighbour."""

    digest: Digest
    value: bytes


class StepRef(NamedTuple):
    """A value that is the digest of another step."""

    digest: Digest
    uri: str


class DataRef(NamedTuple):
    """A value that is the digest of a part; `canonical` says that its canonical bytes are meant."""

    digest: Digest
    uri: str
    value: bytes
    canonical: bool = False


Value: TypeAlias = HashValue | StepRef | DataRef
Steps: TypeAlias = Mapping[str, tuple[Value, ...]]


@dataclass(frozen=True)
class Result:
    """The top: the step that it is the digest of, as `/sig-hashchain.xml#STEP0`, and that digest."""

    uri: str
    digest: Digest
    value: bytes = field(repr=False)


@lru_cache(maxsize=64)
def read_result(document: bytes) -> Result:
    """Return what a HashChainResult document says; HashChainRefused where it is not of the form."""
    return _own_result(document) or parsed_result(document)


def parsed_result(document: bytes) -> Result:
    """Return the same as `read_result`, always by the parser."""
    with _Refusing():
        root = _root(document, "HashChainResult")
        method, value = children(root, _ds("DigestMethod"), _ds("DigestValue"))
        return Result(root.get("URI", ""), digest_method(method), _digest_value(value))


def read_chain(document: bytes) -> Steps:
    """Return the steps of a HashChain document by their identifiers; HashChainRefused.

    A document that is letter for letter of the form that is written here needs no parser.
    """
    return _own_chain(document) or parsed_chain(document)


def parsed_chain(document: bytes) -> Steps:
    """Return the same as `read_chain`, always by the parser."""
    with _Refusing():
        root = _root(document, "HashChain")
        found = children(root, _hc("DefaultDigestMethod?"), _hc("HashStep*"))
        default = digest_method(found[0]) if found and found[0].tag == _hc("DefaultDigestMethod") else None
        steps = [each for each in found if each.tag == _hc("HashStep")]
        if len(steps) > STEPS_MAX:
            raise SignatureRefused(f"{len(steps)} steps; at most {STEPS_MAX} are read")
        read = {each.get("id", ""): _step(each, default) for each in steps}
        if len(read) != len(steps):
            raise SignatureRefused("two steps have the same identifier")
        return read


class _Refusing:
    """Gives every refusal of a chain's XML as HashChainRefused."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, XmlRefused | DigestRefused):
            raise HashChainRefused(f"{error.title}: {error.detail}") from None
        if isinstance(error, SignatureRefused):
            raise HashChainRefused(error.detail) from None


def _own_result(document: bytes) -> Result | None:
    """Return a result in the form that is written here; None where the parser is to say what it is."""
    form = hash_chain_form.recognise_result(document) if len(document) <= OWN_BYTES_MAX else None
    try:
        return form and Result(f"{form.uri}#STEP0", _believed(form.method), _digest(form.value))
    except (DigestRefused, ValueError):
        return None


def _own_chain(document: bytes) -> Steps | None:
    """Return a chain in the form that is written here; None where the parser is to say what it is."""
    form = hash_chain_form.recognise_chain(document) if len(document) <= OWN_BYTES_MAX else None
    if form is None or len(form.steps) > STEPS_MAX:
        return None
    try:
        digest = _believed(form.method)
        return {
            f"STEP{place}": tuple(_own_value(each, digest) for each in values)
            for place, values in enumerate(form.steps)
        }
    except (DigestRefused, ValueError):
        return None


def _own_value(form: ValueForm, digest: Digest) -> Value:
    step, neighbour, uri, value = form
    if step:
        return StepRef(digest, f"#STEP{step.decode('ascii')}")
    if neighbour:
        return HashValue(digest, _digest(neighbour))
    return DataRef(digest, uri.decode("ascii"), _digest(value))


def _believed(uri: str) -> Digest:
    digest = digests.by_uri(uri)
    if digest is Digest.SHA1:
        raise DigestRefused
    return digest


def _digest(letters: bytes) -> bytes:
    value = from_base64(letters)
    if len(value) > DIGEST_OCTETS_MAX:
        raise ValueError
    return value


@lru_cache(maxsize=64)
def _hc(name: str) -> str:
    return f"{{{HASH_CHAIN}}}{name}"


@lru_cache(maxsize=64)
def _ds(name: str) -> str:
    return f"{{{DS}}}{name}"


_HASH_VALUE, _STEP_REF, _DATA_REF = _hc("HashValue"), _hc("StepRef"), _hc("DataRef")
_DIGEST_METHOD, _TRANSFORMS = _ds("DigestMethod"), _ds("Transforms")
_SHAPES = {
    _HASH_VALUE: (_ds("DigestMethod?"), _ds("DigestValue")),
    _STEP_REF: (_ds("DigestMethod?"),),
    _DATA_REF: (_ds("DigestMethod?"), _ds("Transforms?"), _ds("DigestValue")),
}


def _root(document: bytes, name: str) -> etree._Element:
    root = parse(document, EVIDENCE)
    if root.tag != _hc(name):
        raise SignatureRefused(f"the document is {local(root)}, not {name}")
    return root


def _step(step: etree._Element, default: Digest | None) -> tuple[Value, ...]:
    blank(step, list(step))
    if not step.get("id") or not len(step):
        raise SignatureRefused("a step has no identifier or no values")
    return tuple(_value(each, default) for each in step)


def _value(element: etree._Element, default: Digest | None) -> Value:
    """Return one value of a step, its form checked."""
    shape = _SHAPES.get(str(element.tag))
    if shape is None:
        raise SignatureRefused(f"{local(element)} is not a value of a step")
    found = children(element, *shape)
    digest = digest_method(found[0]) if found and found[0].tag == _DIGEST_METHOD else default
    if digest is None:
        raise SignatureRefused("a value names no digest method, and the chain has no default")
    if element.tag == _HASH_VALUE:
        return HashValue(digest, _digest_value(found[-1]))
    uri = element.get("URI", "")
    if element.tag == _STEP_REF:
        return StepRef(digest, uri)
    if not PART_URI.fullmatch(uri):
        raise SignatureRefused(f"{uri[:80]!r} is not a part of a message")
    transforms = found[-2] if len(found) > 1 and found[-2].tag == _TRANSFORMS else None
    return DataRef(
        digest, uri, _digest_value(found[-1]), transforms is not None and _is_canonical(transforms)
    )


def _is_canonical(transforms: etree._Element) -> bool:
    names = [each.get("Algorithm", "") for each in children(transforms, _ds("Transform+"))]
    if names != [INCLUSIVE] or len(transforms[0]):
        raise SignatureRefused("a part is transformed otherwise than by Canonical XML 1.0")
    return True


def _digest_value(element: etree._Element) -> bytes:
    value = decoded(element)
    if len(value) > DIGEST_OCTETS_MAX:
        raise SignatureRefused(f"a digest of {len(value)} bytes")
    return value
