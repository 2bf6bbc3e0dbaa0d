# SPDX-License-Identifier: EUPL-1.2
"""What can go wrong with trust services, each with a stable code and what to do next."""

from __future__ import annotations

from flagstone.kernel.errors import Fault, Kind


class RequestInvalid(Fault):
    """A certificate request cannot be read, proves nothing, or has a key that is not accepted."""

    code = "trust.request-invalid"
    kind = Kind.INVALID
    title = "The certificate request cannot be used"
    remedy = "Send a PKCS#10 request, PEM or DER, signed by its own key: RSA of 2048 bits or more, or P-256."


class HolderInvalid(Fault):
    """The holder lacks something that the profile needs, or has something that cannot be in a name."""

    code = "trust.holder-invalid"
    kind = Kind.INVALID
    title = "The holder does not fit the kind of certificate"
    remedy = "Give what the kind needs: member INSTANCE/CLASS/CODE, server code, host names, or the person."


class RequestUnknown(Fault):
    """There is no such request."""

    code = "trust.request-unknown"
    kind = Kind.MISSING
    title = "There is no such request"
    remedy = "Go back to the list of requests."


class RequestDecided(Fault):
    """The request has been decided."""

    code = "trust.request-decided"
    kind = Kind.CONFLICT
    title = "The request has been decided"
    remedy = "Look at the decision; a new certificate needs a new request."


class FourEyesNeeded(Fault):
    """Another official must decide as well."""

    code = "trust.four-eyes-needed"
    kind = Kind.CONFLICT
    title = "A second official must decide"
    remedy = "Ask another trust officer to look at the request; one person cannot decide twice."


class RenewalRefused(Fault):
    """The certificate cannot be renewed with this request."""

    code = "trust.renewal-refused"
    kind = Kind.CONFLICT
    title = "The certificate cannot be renewed like this"
    remedy = "Renew before it expires, while it is valid, with a new key for the same holder and kind."


class CertificateUnknown(Fault):
    """The authority did not issue such a certificate."""

    code = "trust.certificate-unknown"
    kind = Kind.MISSING
    title = "There is no such certificate"
    remedy = "Check the serial number; it has 32 hexadecimal digits."


class StandingFinal(Fault):
    """A revoked certificate stays revoked, and one that is not signed yet cannot change."""

    code = "trust.standing-final"
    kind = Kind.CONFLICT
    title = "The certificate cannot change any more"
    remedy = "Issue a new certificate; a revocation is for good."


class NotSuspended(Fault):
    """The certificate is not suspended."""

    code = "trust.not-suspended"
    kind = Kind.CONFLICT
    title = "The certificate is not suspended"
    remedy = "Look at how it stands now; only a suspension can be ended."


class AuthorityNotReady(Fault):
    """The authority has no certificate of its own yet."""

    code = "trust.authority-not-ready"
    kind = Kind.UNAVAILABLE
    title = "The certification authority is not ready"
    remedy = "Make the issuing key, sign its request in a root ceremony, and adopt the certificate."


class AuthorityAbsent(Fault):
    """The site has no certification authority."""

    code = "trust.authority-absent"
    kind = Kind.MISSING
    title = "There is no certification authority here"
    remedy = "Ask the site of the country that runs it."


class CeremonyInvalid(Fault):
    """The root's folder, or what it is to sign, cannot be used."""

    code = "trust.ceremony-invalid"
    kind = Kind.INVALID
    title = "The ceremony cannot go on"
    remedy = "Use an empty folder for a new root, or the folder of the root, and a request of a CA's key."


class KeyUnknown(Fault):
    """The site has no such key."""

    code = "trust.key-unknown"
    kind = Kind.MISSING
    title = "There is no such key"
    remedy = "Look at the list of keys; a certificate is adopted by the site that made its key."


class KeyInUse(Fault):
    """An active key cannot be destroyed."""

    code = "trust.key-in-use"
    kind = Kind.CONFLICT
    title = "The key is in use"
    remedy = (
        "Make a new key for the same purpose first; when its certificate is adopted, the old key retires."
    )


class KeyGone(Fault):
    """The key is retired or destroyed."""

    code = "trust.key-gone"
    kind = Kind.CONFLICT
    title = "The key signs nothing more"
    remedy = "Make a new key."


class KeyStoreUnusable(Fault):
    """The place of the keys cannot be reached or opened."""

    code = "trust.key-store-unusable"
    kind = Kind.UNAVAILABLE
    title = "The key store cannot be used"
    remedy = "Check trust.passphrase_file, or the module, token and PIN file of trust.pkcs11_module."


class CredentialsMissing(Fault):
    """The site has no certificate for this yet."""

    code = "trust.credentials-missing"
    kind = Kind.UNAVAILABLE
    title = "This site has no certificate for that yet"
    remedy = "Wait until the certification authority has decided on the site's request, then try again."


class StatusUnavailable(Fault):
    """The status of our own certificate cannot be had."""

    code = "trust.status-unavailable"
    kind = Kind.UNAVAILABLE
    title = "The status of this site's certificate cannot be asked for"
    remedy = "Check that the OCSP responder of the certification authority answers."


class ClockBehind(Fault):
    """The machine's clock is behind a time that was stamped already."""

    code = "trust.clock-behind"
    kind = Kind.UNAVAILABLE
    title = "The clock went backwards"
    remedy = "Set the clock right; no time is stamped until it has passed the last stamp."


class NotPermitted(Fault):
    """The caller's office does not permit this."""

    code = "trust.not-permitted"
    kind = Kind.FORBIDDEN
    title = "Your office does not permit this"
    remedy = "Ask a trust officer of the organisation that runs the certification authority."


class WordsInvalid(Fault):
    """What was written beside a decision is too long, or missing where it is needed."""

    code = "trust.words-invalid"
    kind = Kind.INVALID
    title = "The remark cannot be kept"
    remedy = "Write between 1 and 500 characters."
