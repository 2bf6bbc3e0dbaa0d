# SPDX-License-Identifier: EUPL-1.2
"""Requests and answers that must be refused: name, bytes, and the status that each deserves."""

from __future__ import annotations

LONG = b"a" * 9000

_LINE = b"GET / HTTP/1.1\r\nHost: x\r\n"


def _post(headers: bytes, body: bytes = b"") -> bytes:
    return b"POST / HTTP/1.1\r\nHost: x\r\n" + headers + b"\r\n" + body


REQUESTS: dict[str, tuple[int, bytes]] = {
    # framing: RFC 9112 6.1, 6.3
    "both lengths": (400, _post(b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n")),
    "both lengths, other order": (
        400,
        _post(b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n", b"0\r\n\r\n"),
    ),
    "two equal lengths": (400, _post(b"Content-Length: 5\r\nContent-Length: 5\r\n", b"abcde")),
    "two different lengths": (400, _post(b"Content-Length: 5\r\nContent-Length: 6\r\n", b"abcdef")),
    "a list of lengths": (400, _post(b"Content-Length: 5, 5\r\n", b"abcde")),
    "a signed length": (400, _post(b"Content-Length: +5\r\n", b"abcde")),
    "a negative length": (400, _post(b"Content-Length: -1\r\n")),
    "a hexadecimal length": (400, _post(b"Content-Length: 0x5\r\n", b"abcde")),
    "a length with zeros before": (400, _post(b"Content-Length: 05\r\n", b"abcde")),
    "a length with an underscore": (400, _post(b"Content-Length: 1_0\r\n", b"abcdeabcde")),
    "an empty length": (400, _post(b"Content-Length:\r\n")),
    "a length beyond 64 bits": (400, _post(b"Content-Length: 99999999999999999999999\r\n")),
    "a length of 19 digits": (400, _post(b"Content-Length: 1000000000000000000\r\n")),
    "arabic digits": (400, _post(b"Content-Length: \xd9\xa5\r\n", b"abcde")),
    "a length under another name": (400, _post(b"Content_Length: 5\r\n", b"abcde")),
    "a coding under another name": (400, _post(b"Transfer_Encoding: chunked\r\n", b"0\r\n\r\n")),
    "another coding": (501, _post(b"Transfer-Encoding: gzip\r\n")),
    "another coding before chunked": (501, _post(b"Transfer-Encoding: gzip, chunked\r\n", b"0\r\n\r\n")),
    "chunked not at the end": (400, _post(b"Transfer-Encoding: chunked, gzip\r\n", b"0\r\n\r\n")),
    "chunked twice": (400, _post(b"Transfer-Encoding: chunked, chunked\r\n", b"0\r\n\r\n")),
    "chunked in two headers": (
        400,
        _post(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
    ),
    "chunked and identity in two headers": (
        400,
        _post(b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n", b"0\r\n\r\n"),
    ),
    "something like chunked": (501, _post(b"Transfer-Encoding: xchunked\r\n", b"0\r\n\r\n")),
    "chunked in quotes": (501, _post(b'Transfer-Encoding: "chunked"\r\n', b"0\r\n\r\n")),
    "chunked behind a vertical tab": (400, _post(b"Transfer-Encoding: \x0bchunked\r\n", b"0\r\n\r\n")),
    "chunked with a parameter": (501, _post(b"Transfer-Encoding: chunked;q=1\r\n", b"0\r\n\r\n")),
    "an empty coding": (400, _post(b"Transfer-Encoding:\r\n", b"0\r\n\r\n")),
    "a space before the colon of the coding": (400, _post(b"Transfer-Encoding : chunked\r\n", b"0\r\n\r\n")),
    "a coding on a folded line": (400, _post(b"Transfer-Encoding:\r\n chunked\r\n", b"0\r\n\r\n")),
    # header lines: RFC 9112 2.2, 5.1, 5.2
    "a folded header": (400, _LINE + b"A: b\r\n c\r\n\r\n"),
    "a folded header with a tab": (400, _LINE + b"A: b\r\n\tc\r\n\r\n"),
    "a first header that begins with a space": (400, b"GET / HTTP/1.1\r\n Host: x\r\n\r\n"),
    "a space before the colon": (400, _LINE + b"A : b\r\n\r\n"),
    "a tab before the colon": (400, _LINE + b"A\t: b\r\n\r\n"),
    "no colon": (400, _LINE + b"nothing\r\n\r\n"),
    "no name": (400, _LINE + b": b\r\n\r\n"),
    "a space in a name": (400, _LINE + b"A b: c\r\n\r\n"),
    "brackets in a name": (400, _LINE + b"A(b): c\r\n\r\n"),
    "a name beyond ASCII": (400, _LINE + "Ä: c\r\n\r\n".encode()),
    "a NUL in a value": (400, _LINE + b"A: b\0c\r\n\r\n"),
    "a CR in a value": (400, _LINE + b"A: b\rc\r\n\r\n"),
    "a bare LF after a value": (400, _LINE + b"A: b\nC: d\r\n\r\n"),
    "bare LFs only": (400, b"GET / HTTP/1.1\nHost: x\n\n"),
    "an empty line of a bare LF": (400, b"GET / HTTP/1.1\r\nHost: x\r\n\n"),
    "a CR before CR LF": (400, _LINE + b"A: b\r\r\n\r\n"),
    "a delete character": (400, _LINE + b"A: b\x7fc\r\n\r\n"),
    "an escape character": (400, _LINE + b"A: \x1b[2J\r\n\r\n"),
    "too many headers": (431, _LINE + b"A: b\r\n" * 200 + b"\r\n"),
    "one header too large": (431, _LINE + b"A: " + LONG * 8 + b"\r\n\r\n"),
    "headers too large together": (
        431,
        _LINE + b"A: b" + b"c" * 900 + b"\r\n" + (b"A: " + b"c" * 900 + b"\r\n") * 80 + b"\r\n",
    ),
    "headers without end": (431, _LINE + b"A: " + LONG * 8),
    # Host: RFC 9112 3.2
    "no Host": (400, b"GET / HTTP/1.1\r\n\r\n"),
    "two Hosts": (400, b"GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n"),
    "two different Hosts": (400, b"GET / HTTP/1.1\r\nHost: x\r\nhost: y\r\n\r\n"),
    "an empty Host": (400, b"GET / HTTP/1.1\r\nHost:\r\n\r\n"),
    "a Host with a path": (400, b"GET / HTTP/1.1\r\nHost: x/y\r\n\r\n"),
    "a Host with a space": (400, b"GET / HTTP/1.1\r\nHost: x y\r\n\r\n"),
    "a Host with a user": (400, b"GET / HTTP/1.1\r\nHost: a@b\r\n\r\n"),
    # first line: RFC 9112 3
    "HTTP/1.0": (505, b"GET / HTTP/1.0\r\nHost: x\r\n\r\n"),
    "HTTP/2.0": (505, b"GET / HTTP/2.0\r\nHost: x\r\n\r\n"),
    "HTTP/1.2": (505, b"GET / HTTP/1.2\r\nHost: x\r\n\r\n"),
    "the preface of HTTP/2": (505, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "HTTP/0.9": (400, b"GET /\r\n\r\n"),
    "a version in lower case": (400, b"GET / http/1.1\r\nHost: x\r\n\r\n"),
    "a version of two digits": (400, b"GET / HTTP/1.10\r\nHost: x\r\n\r\n"),
    "another protocol": (400, b"GET / SIP/2.0\r\nHost: x\r\n\r\n"),
    "two spaces": (400, b"GET  / HTTP/1.1\r\nHost: x\r\n\r\n"),
    "a tab for a space": (400, b"GET\t/ HTTP/1.1\r\nHost: x\r\n\r\n"),
    "a space at the end of the line": (400, b"GET / HTTP/1.1 \r\nHost: x\r\n\r\n"),
    "a space before the method": (400, b" GET / HTTP/1.1\r\nHost: x\r\n\r\n"),
    "two empty lines before": (400, b"\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"),
    "a bracket in the method": (400, b"G(ET / HTTP/1.1\r\nHost: x\r\n\r\n"),
    "a method beyond ASCII": (400, "GËT / HTTP/1.1\r\nHost: x\r\n\r\n".encode()),
    "an unknown method": (501, b"FROB / HTTP/1.1\r\nHost: x\r\n\r\n"),
    "a method in lower case": (501, b"get / HTTP/1.1\r\nHost: x\r\n\r\n"),
    "TLS on a plain socket": (400, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
    "nothing but zeros": (400, b"\0" * 100),
    # target: RFC 9112 3.2
    "absolute form": (400, b"GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n"),
    "absolute form elsewhere": (400, b"GET http://127.0.0.1:22/ HTTP/1.1\r\nHost: x\r\n\r\n"),
    "authority form": (400, b"CONNECT x:443 HTTP/1.1\r\nHost: x\r\n\r\n"),
    "asterisk form": (400, b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n"),
    "no slash before": (400, b"GET a HTTP/1.1\r\nHost: x\r\n\r\n"),
    "a fragment": (400, b"GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n"),
    "a backslash in the path": (400, b"GET /a\\b HTTP/1.1\r\nHost: x\r\n\r\n"),
    "a path beyond ASCII": (400, "GET /ä HTTP/1.1\r\nHost: x\r\n\r\n".encode()),
    "a bare percent sign": (400, b"GET /100% HTTP/1.1\r\nHost: x\r\n\r\n"),
    "a percent sign before no digits": (400, b"GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n"),
    "a percent sign cut off": (400, b"GET /%4 HTTP/1.1\r\nHost: x\r\n\r\n"),
    "quotes in the path": (400, b'GET /"a" HTTP/1.1\r\nHost: x\r\n\r\n'),
    "angle brackets in the query": (400, b"GET /?a=<b> HTTP/1.1\r\nHost: x\r\n\r\n"),
    "a long path": (414, b"GET /" + LONG + b" HTTP/1.1\r\nHost: x\r\n\r\n"),
    "a long path without end": (414, b"GET /" + LONG),
    # Expect: RFC 9110 10.1.1
    "something else expected": (417, _post(b"Expect: 200-ok\r\nContent-Length: 1\r\n", b"a")),
    "two things expected": (
        417,
        _post(b"Expect: 100-continue\r\nExpect: 100-continue\r\nContent-Length: 1\r\n", b"a"),
    ),
}

_CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"

CHUNKED: dict[str, tuple[int, bytes]] = {
    # the handler reads the body, so these break it: RFC 9112 7.1
    "no size": (400, _CHUNKED + b"\r\nabc\r\n0\r\n\r\n"),
    "a size in words": (400, _CHUNKED + b"five\r\nabcde\r\n0\r\n\r\n"),
    "a size with 0x": (400, _CHUNKED + b"0x5\r\nabcde\r\n0\r\n\r\n"),
    "a signed size": (400, _CHUNKED + b"+5\r\nabcde\r\n0\r\n\r\n"),
    "a negative size": (400, _CHUNKED + b"-5\r\nabcde\r\n0\r\n\r\n"),
    "a size with an underscore": (400, _CHUNKED + b"1_0\r\nabcde\r\n0\r\n\r\n"),
    "a size with a space": (400, _CHUNKED + b"5 \r\nabcde\r\n0\r\n\r\n"),
    "a space before a size": (400, _CHUNKED + b" 5\r\nabcde\r\n0\r\n\r\n"),
    "a size beyond 64 bits": (400, _CHUNKED + b"fffffffffffffffff\r\nabcde\r\n0\r\n\r\n"),
    "a size after a bare LF": (400, _CHUNKED + b"5\nabcde\r\n0\r\n\r\n"),
    "more data than the size": (400, _CHUNKED + b"5\r\nabcdefg\r\n0\r\n\r\n"),
    "a bare LF after the data": (400, _CHUNKED + b"5\r\nabcde\n0\r\n\r\n"),
    "a NUL in an extension": (400, _CHUNKED + b"5;a=\0\r\nabcde\r\n0\r\n\r\n"),
    "a bare LF in an extension": (400, _CHUNKED + b"5;a=b\nc\r\nabcde\r\n0\r\n\r\n"),
    "a CR in an extension": (400, _CHUNKED + b"5;a=b\rc\r\nabcde\r\n0\r\n\r\n"),
    "a long extension": (400, _CHUNKED + b"5;" + b"a" * 2000 + b"\r\nabcde\r\n0\r\n\r\n"),
    "many extensions": (400, _CHUNKED + (b"5;" + b"a" * 200 + b"\r\nabcde\r\n") * 1000 + b"0\r\n\r\n"),
    "tiny chunks without end": (400, _CHUNKED + b"1\r\na\r\n" * 9000 + b"0\r\n\r\n"),
    "a trailer without a colon": (400, _CHUNKED + b"0\r\nabc\r\n\r\n"),
    "a folded trailer": (400, _CHUNKED + b"0\r\nA: b\r\n c\r\n\r\n"),
    "a NUL in a trailer": (400, _CHUNKED + b"0\r\nA: \0\r\n\r\n"),
    "long trailers": (400, _CHUNKED + b"0\r\n" + (b"A: " + b"b" * 500 + b"\r\n") * 30 + b"\r\n"),
}

ANSWERS: dict[str, bytes] = {
    "both lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
    "a list of lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 5, 5\r\n\r\nabcde",
    "another coding": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
    "chunks in HTTP/1.0": b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a folded header": b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n",
    "a bare LF": b"HTTP/1.1 200 OK\nContent-Length: 0\n\n",
    "a NUL": b"HTTP/1.1 200 OK\r\nA: \0\r\n\r\n",
    "a space before the colon": b"HTTP/1.1 200 OK\r\nContent-Length : 0\r\n\r\n",
    "no status": b"HTTP/1.1 OK\r\n\r\n",
    "a status of four digits": b"HTTP/1.1 2000 OK\r\n\r\n",
    "a status of 099": b"HTTP/1.1 099 OK\r\n\r\n",
    "a status of 999": b"HTTP/1.1 999 OK\r\n\r\n",
    "HTTP/2": b"HTTP/2 200\r\n\r\n",
    "not HTTP": b"SSH-2.0-OpenSSH_9.2p1\r\n\r\n",
    "a protocol nobody asked for": b"HTTP/1.1 101 S\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    "interim answers without end": b"HTTP/1.1 103 Early Hints\r\n\r\n" * 20,
    "headers too large": b"HTTP/1.1 200 OK\r\nA: " + LONG * 8 + b"\r\n\r\n",
    "too many headers": b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n",
    "control characters without end": b"\x16\x03\x03" * 30,
}
