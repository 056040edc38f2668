"""What must hold between the keys of `verify`, and between them and those of the source that it belongs to."""

from collections.abc import Iterator
from dataclasses import dataclass

from hookrules.engine.config.codes import Code
from hookrules.engine.config.published import Published
from hookrules.engine.config.signature_settings import SignatureFields, VerifyEd25519, VerifyHmac
from hookrules.engine.config.source_settings import SourceSettings
from hookrules.engine.config.verifiers import verifier_of
from hookrules.engine.config.verify_settings import KINDS, Proof, VerifyJwt, leaves
from hookrules.engine.config.yaml_nodes import Path
from hookrules.engine.secret import secrets_in, values_in
from hookrules.engine.sources.provider import Credentials


@dataclass(frozen=True, slots=True)
class Said:
    """What is wrong at a path below the source."""

    code: Code
    message: str
    path: Path


def check_proof(verify: Proof, source: SourceSettings) -> Iterator[Said]:
    proofs = list(leaves(verify, ("verify",)))
    for path, proof in proofs:
        found = [*_secret(proof, source, path), *(_signature(proof, path) if isinstance(proof, VerifyHmac | VerifyEd25519) else ())]
        yield from found or _keys(proof, source, path)
    if source.secret and not any(_takes_secret(proof) for _, proof in proofs):
        yield Said(Code.PROOF_CONFLICT, "'secret' has no use beside this 'verify', which says itself what proves a delivery", ("secret",))
    if "tolerance" in source.model_fields_set and not any(isinstance(proof, SignatureFields) and proof.signs_time for _, proof in proofs):
        yield Said(Code.PROOF_CONFLICT, "'tolerance' is about timestamps, and 'verify' has no 'timestamp_header'", ("tolerance",))


def signs_url(source: SourceSettings) -> bool:
    """Whether the described proof is one of the URL, too."""
    if source.verify is None or source.verify == "none":
        return False
    return any(isinstance(proof, SignatureFields) and proof.names("url") for _, proof in leaves(source.verify))


def _takes_secret(proof: Proof) -> bool:
    return isinstance(proof, VerifyHmac) or (isinstance(proof, VerifyJwt) and proof.jwt.shares_secret)


def _secret(proof: Proof, source: SourceSettings, path: Path) -> Iterator[Said]:
    if not _takes_secret(proof):
        return
    inner = proof.secret if isinstance(proof, VerifyHmac) else proof.jwt.secret if isinstance(proof, VerifyJwt) else None
    if not (inner or source.secret):
        yield Said(Code.NO_PROOF, "a signature needs a secret; add 'secret: {env: NAME}'", path)
    if inner and source.secret:
        yield Said(Code.PROOF_CONFLICT, "the secret stands here and in 'verify'; delete one", ("secret",))


def _signature(proof: SignatureFields, path: Path) -> Iterator[Said]:
    listed = proof.header_format
    if proof.timestamp_header and listed and listed.timestamp:
        yield _conflict("the time stands in a header of its own, or in the list of 'header_format'; delete one", path, "timestamp_header")
    if proof.signs_time and not proof.names("timestamp"):
        message = 'the timestamp is not part of what is signed, so anyone can renew it; write signed: "{timestamp}.{body}"'
        yield _conflict(message, path, "timestamp_header" if proof.timestamp_header else "header_format")
    if proof.names("timestamp") and not proof.signs_time:
        yield _conflict("'signed' names {timestamp}, and no 'timestamp_header' says where it stands", path, "signed")
    if "timestamp_format" in proof.model_fields_set and not proof.signs_time:
        yield _conflict("'timestamp_format' is about a time, and no 'timestamp_header' says where it stands", path, "timestamp_format")
    if proof.id_header and not proof.names("id"):
        yield _conflict("'id_header' names what is not signed, so it proves nothing; write signed: \"{id}.{body}\"", path, "id_header")
    if proof.names("id") and not proof.id_header:
        yield _conflict("'signed' names {id}, and no 'id_header' says where it stands", path, "signed")
    if listed and proof.prefix:
        yield _conflict("a signature in a list has a name and no prefix; delete 'prefix'", path, "prefix")


def _conflict(message: str, path: Path, key: str) -> Said:
    return Said(Code.PROOF_CONFLICT, message, (*path, key))


def _keys(proof: Proof, source: SourceSettings, path: Path) -> Iterator[Said]:
    """What can't be a key of this proof, where it was looked up."""
    placeholders = [secret.placeholder for _, secret in (*secrets_in(proof), *secrets_in(source.secrets))]
    placeholders += [text.placeholder for _, text in values_in(proof, Published)]
    if not any(placeholders):
        try:
            verifier_of(proof, Credentials(tuple(secret.reveal() for secret in source.secrets)))
        except ValueError as fault:
            kind = next(kind for kind, model in KINDS.items() if isinstance(proof, model))
            yield Said(Code.SECRET_MALFORMED, str(fault), (*path, kind))
