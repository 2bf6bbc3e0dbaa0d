# SPDX-License-Identifier: EUPL-1.2
"""Distinguished names as XML signatures write them (RFC 2253; XML Signature 1.0, section 4.4.4.1)."""

from __future__ import annotations

from asn1crypto import x509  # type: ignore[import-untyped]  # it ships no types

_KEYWORDS = {
    "2.5.4.3": "CN",
    "2.5.4.7": "L",
    "2.5.4.8": "ST",
    "2.5.4.10": "O",
    "2.5.4.11": "OU",
    "2.5.4.6": "C",
    "2.5.4.9": "STREET",
    "0.9.2342.19200300.100.1.25": "DC",
    "0.9.2342.19200300.100.1.1": "UID",
}


def issuer_name(name_der: bytes) -> str:
    """Return the RFC 2253 text of a Name (DER): last name first, types without a keyword as `1.2.3=#0c01..`.

    ValueError for bytes that are not a Name.
    """
    parts = x509.Name.load(name_der, strict=True).chosen
    return ",".join("+".join(_pair(each) for each in part) for part in reversed(list(parts)))


def _pair(pair: x509.NameTypeAndValue) -> str:
    keyword = _KEYWORDS.get(pair["type"].dotted)
    if keyword is None or not isinstance(pair["value"].native, str):
        return f"{keyword or pair['type'].dotted}=#{pair['value'].dump().hex()}"
    return f"{keyword}={_escaped(pair['value'].native)}"


def _escaped(value: str) -> str:
    """Return `value` escaped as RFC 2253 section 2.4 says, control characters as hexadecimal pairs."""
    made = "".join(_character(each) for each in value)
    if value[:1] in {"#", " "}:
        made = "\\" + made
    return made[:-1] + "\\ " if len(value) > 1 and value.endswith(" ") else made


def _character(each: str) -> str:
    if each in ',+"\\<>;=':
        return "\\" + each
    if each < " " or "\x7f" <= each < "\xa0" or each in "\ufffe\uffff":
        return "".join(f"\\{octet:02X}" for octet in each.encode("utf-8"))
    return each
