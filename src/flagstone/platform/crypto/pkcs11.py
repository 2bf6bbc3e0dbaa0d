# SPDX-License-Identifier: EUPL-1.2
"""Keys in a hardware security module (PKCS#11 3.0): made, used and destroyed there, never taken out.

The binding initialises a module as for a single thread (PKCS#11 5.4, `C_Initialize` with NULL), so calls of
a process take turns; processes do not wait for each other. A session is opened when it is first needed, and
one that fails is thrown away and the work tried once more. A forked child initialises the module anew.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, TypeVar

import pkcs11
from asn1crypto.keys import PublicKeyInfo  # type: ignore[import-untyped]
from pkcs11 import Attribute, KeyType, Mechanism, ObjectClass
from pkcs11.util.ec import encode_ec_public_key, encode_ecdsa_signature, encode_named_curve_parameters
from pkcs11.util.rsa import encode_rsa_public_key

from flagstone.platform.crypto.digests import digest_of
from flagstone.platform.crypto.keys import read_private
from flagstone.platform.crypto.pkcs11_door import HsmKeyMissing, HsmUnusable, Token
from flagstone.platform.crypto.signing import Algorithm, Family, PrivateKeyUnusable

Done = TypeVar("Done")
CURVES = {"ec-p256": "secp256r1", "ec-p384": "secp384r1"}
RSA_MECHANISMS = {
    Algorithm.RSA_SHA224: Mechanism.SHA224_RSA_PKCS,
    Algorithm.RSA_SHA256: Mechanism.SHA256_RSA_PKCS,
    Algorithm.RSA_SHA384: Mechanism.SHA384_RSA_PKCS,
    Algorithm.RSA_SHA512: Mechanism.SHA512_RSA_PKCS,
}
PSS_MECHANISMS = {
    Algorithm.PSS_SHA224: (Mechanism.SHA224_RSA_PKCS_PSS, Mechanism.SHA224, pkcs11.MGF.SHA224),
    Algorithm.PSS_SHA256: (Mechanism.SHA256_RSA_PKCS_PSS, Mechanism.SHA256, pkcs11.MGF.SHA256),
    Algorithm.PSS_SHA384: (Mechanism.SHA384_RSA_PKCS_PSS, Mechanism.SHA384, pkcs11.MGF.SHA384),
    Algorithm.PSS_SHA512: (Mechanism.SHA512_RSA_PKCS_PSS, Mechanism.SHA512, pkcs11.MGF.SHA512),
}
SENSITIVE = {Attribute.TOKEN: True, Attribute.PRIVATE: True, Attribute.SENSITIVE: True}


class _Turn:
    """The turn to call modules: one thread of a process at a time; a forked child begins afresh."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.process = os.getpid()
        os.register_at_fork(after_in_child=self._begin)

    def _begin(self) -> None:
        """Forget who had the turn in the parent."""
        self.lock = threading.RLock()


_turn = _Turn()


class Hsm:
    """One token. Safe to share between threads."""

    def __init__(self, token: Token) -> None:
        """Use `token`; nothing is opened before the first use."""
        self._token = token
        self._session: Any = None
        self._process = os.getpid()

    def make(self, key_id: str, type_: str) -> HsmKey:
        """Make a key of `type_` (`rsa-2048`, `ec-p256`) under the name `key_id`; HsmUnusable."""

        def work(session: Any) -> None:
            self._generate(session, key_id, type_)

        self.perform(work)
        return self.key(key_id)

    def key(self, key_id: str) -> HsmKey:
        """Return the key made under that name; HsmKeyMissing, HsmUnusable."""
        public_der, is_rsa = self.perform(lambda session: _public_of(session, key_id))
        algorithm = Algorithm.RSA_SHA512 if is_rsa else Algorithm.ECDSA_SHA512
        return HsmKey(public_der, algorithm, key_id, self)

    def destroy(self, key_id: str) -> None:
        """Destroy both halves of a key for good; nothing happens when they are gone; HsmUnusable."""

        def work(session: Any) -> None:
            for kind in (ObjectClass.PRIVATE_KEY, ObjectClass.PUBLIC_KEY):
                found = {Attribute.CLASS: kind, Attribute.ID: key_id.encode()}
                for each in list(session.get_objects(found)):
                    each.destroy()

        self.perform(work)

    def perform(self, work: Callable[[Any], Done]) -> Done:
        """Return what `work` returns on a session, tried twice; HsmUnusable when both fail."""
        with _turn.lock:
            with suppress(pkcs11.PKCS11Error, RuntimeError):
                return self._attempt(work)
            try:
                return self._attempt(work)
            except (pkcs11.PKCS11Error, RuntimeError) as error:
                raise HsmUnusable(type(error).__name__) from error

    def close(self) -> None:
        """Close the session; the next use opens another."""
        with _turn.lock:
            session, self._session = self._session, None
            if session is not None and self._process == os.getpid():
                with suppress(pkcs11.PKCS11Error):
                    session.close()

    def _attempt(self, work: Callable[[Any], Done]) -> Done:
        """Do `work` once; a session that failed is not used again."""
        if self._process != os.getpid():
            self._session, self._process = None, os.getpid()
        if self._session is None:
            self._session = self._opened()
        try:
            return work(self._session)
        except (pkcs11.PKCS11Error, RuntimeError):
            self.close()
            raise

    def _opened(self) -> Any:
        """Return a fresh session, logged in."""
        pin = read_private(self._token.pin_file).decode("utf-8").strip()
        token = self._found()
        try:
            return token.open(rw=True, user_pin=pin)
        except pkcs11.UserAlreadyLoggedIn:
            return token.open(rw=True)

    def _found(self) -> Any:
        """Return the token; a forked child initialises the module anew."""
        module = pkcs11.lib(str(self._token.module))
        if _turn.process != os.getpid():
            module.reinitialize()
            _turn.process = os.getpid()
        return module.get_token(token_label=self._token.label)

    def _generate(self, session: Any, key_id: str, type_: str) -> None:
        """Make the pair; HsmUnusable when the name is taken or the kind of key is not made."""
        name = key_id.encode()
        taken = {Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.ID: name}
        if next(iter(list(session.get_objects(taken))), None) is not None:
            raise HsmUnusable("a key of that name is there already")
        private = {**SENSITIVE, Attribute.EXTRACTABLE: False, Attribute.SIGN: True}
        options = {"id": name, "label": key_id, "store": True, "private_template": private}
        if type_ in CURVES:
            parameters = session.create_domain_parameters(
                KeyType.EC,
                {Attribute.EC_PARAMS: encode_named_curve_parameters(CURVES[type_])},
                local=True,
            )
            parameters.generate_keypair(**options)
        elif type_.startswith("rsa-"):
            session.generate_keypair(KeyType.RSA, int(type_.removeprefix("rsa-")), **options)
        else:
            raise HsmUnusable(f"{type_[:20]!r} is not made")


@dataclass(frozen=True)
class HsmKey:
    """A private key in a module; keeps `signing.PrivateKey`."""

    public_der: bytes
    algorithm: Algorithm
    key_id: str
    _hsm: Hsm = field(repr=False, compare=False)

    def sign(self, data: bytes, algorithm: Algorithm | None = None) -> bytes:
        """Return the signature of `data`; PrivateKeyUnusable for other kinds, HsmUnusable, HsmKeyMissing."""
        wanted = algorithm or self.algorithm
        is_ec = self.algorithm.family is Family.ECDSA
        if (wanted.family is Family.ECDSA) is not is_ec:
            raise PrivateKeyUnusable(f"the key does not sign {wanted.title}")
        return self._hsm.perform(lambda session: _signature(session, self.key_id, data, wanted))


@contextmanager
def _named(key_id: str) -> Iterator[None]:
    """Say which key is missing; that the module works is not in doubt then."""
    try:
        yield
    except (pkcs11.NoSuchKey, pkcs11.MultipleObjectsReturned) as error:
        raise HsmKeyMissing(key_id) from error


def _public_of(session: Any, key_id: str) -> tuple[bytes, bool]:
    """Return the SubjectPublicKeyInfo of a key, and whether it is RSA."""
    with _named(key_id):
        found = session.get_key(object_class=ObjectClass.PUBLIC_KEY, id=key_id.encode())
    if found.key_type is KeyType.RSA:
        return bytes(PublicKeyInfo.wrap(encode_rsa_public_key(found), "rsa").dump()), True
    return bytes(encode_ec_public_key(found)), False


def _signature(session: Any, key_id: str, data: bytes, algorithm: Algorithm) -> bytes:
    """Sign in the module: the digest too for RSA; for curves the digest here, r and s there."""
    with _named(key_id):
        key = session.get_key(object_class=ObjectClass.PRIVATE_KEY, id=key_id.encode())
    if algorithm in RSA_MECHANISMS:
        return bytes(key.sign(data, mechanism=RSA_MECHANISMS[algorithm]))
    if algorithm in PSS_MECHANISMS:
        mechanism, digest, mask = PSS_MECHANISMS[algorithm]
        options = (digest, mask, algorithm.digest.octets)
        return bytes(key.sign(data, mechanism=mechanism, mechanism_param=options))
    digested = digest_of(data, algorithm.digest)
    return bytes(encode_ecdsa_signature(key.sign(digested, mechanism=Mechanism.ECDSA)))
