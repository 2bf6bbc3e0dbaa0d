# SPDX-License-Identifier: EUPL-1.2
"""The form in which hash chains are written here (`http://cyber.ee/hashchain`), to write and to recognise.

A document of this form, letter for letter, needs no parser to be read; whatever differs is left to it.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from flagstone.platform.crypto.xmldsig import DS

HASH_CHAIN = "http://cyber.ee/hashchain"
_DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_NAMESPACES = f'xmlns:hc="{HASH_CHAIN}" xmlns:ds="{DS}"'
RESULT = (
    f'{_DECLARATION}<hc:HashChainResult {_NAMESPACES} URI="',
    '#STEP0"><ds:DigestMethod Algorithm="',
    '"/><ds:DigestValue>',
    "</ds:DigestValue></hc:HashChainResult>",
)
HEAD = (f'{_DECLARATION}<hc:HashChain {_NAMESPACES}><hc:DefaultDigestMethod Algorithm="', '"/>')
TAIL = "</hc:HashChain>"
STEP = ('<hc:HashStep id="STEP', '">', "</hc:HashStep>")
STEP_REF = ('<hc:StepRef URI="#STEP', '"/>')
HASH_VALUE = ("<hc:HashValue><ds:DigestValue>", "</ds:DigestValue></hc:HashValue>")
DATA_REF = ('<hc:DataRef URI="', '"><ds:DigestValue>', "</ds:DigestValue></hc:DataRef>")

_BASE64 = "[A-Za-z0-9+/]++={0,2}+"
_PART = "/[A-Za-z0-9./-]{1,255}+"
_METHOD = "[A-Za-z0-9:/.#_-]++"


ValueForm = tuple[bytes, bytes, bytes, bytes]
"""One value: a step below by its number; a neighbour by base64 of its digest; or a part by URI and digest."""


class ChainForm(NamedTuple):
    """A chain of this form: its digest method, and the values of its steps, which are numbered from 0."""

    method: str
    steps: tuple[list[ValueForm], ...]


class ResultForm(NamedTuple):
    """A result of this form: the chain's URI, the digest method, and base64 of the digest at the top."""

    uri: str
    method: str
    value: bytes


def recognise_result(document: bytes) -> ResultForm | None:
    """Return the parts of a result of this form, or None."""
    match = _RESULT.fullmatch(document)
    return match and ResultForm(match[1].decode("ascii"), match[2].decode("ascii"), match[3])


def recognise_chain(document: bytes) -> ChainForm | None:
    """Return the parts of a chain of this form, or None."""
    match = _CHAIN.fullmatch(document)
    if match is None:
        return None
    steps = _STEP.findall(match[2])
    if [number for number, _ in steps] != [b"%d" % each for each in range(len(steps))]:
        return None
    return ChainForm(match[1].decode("ascii"), tuple(_VALUE.findall(values) for _, values in steps))


def _joined(*parts: str) -> re.Pattern[bytes]:
    return re.compile("".join(parts).encode())


_exact = re.escape
_VALUES = (
    f"{_exact(STEP_REF[0])}([0-9]++){_exact(STEP_REF[1])}"
    f"|{_exact(HASH_VALUE[0])}({_BASE64}){_exact(HASH_VALUE[1])}"
    f"|{_exact(DATA_REF[0])}({_PART}){_exact(DATA_REF[1])}({_BASE64}){_exact(DATA_REF[2])}"
)
_STEPS = f"{_exact(STEP[0])}([0-9]++){_exact(STEP[1])}((?:{_VALUES})++){_exact(STEP[2])}"
_VALUE = _joined(_VALUES)
_STEP = re.compile(f"{_exact(STEP[0])}([0-9]++){_exact(STEP[1])}(.*?){_exact(STEP[2])}".encode(), re.DOTALL)
_CHAIN = _joined(_exact(HEAD[0]), f"({_METHOD})", _exact(HEAD[1]), f"((?:{_STEPS})++)", _exact(TAIL))
_RESULT = _joined(
    f"{_exact(RESULT[0])}({_PART}){_exact(RESULT[1])}({_METHOD}){_exact(RESULT[2])}({_BASE64}){_exact(RESULT[3])}"
)
