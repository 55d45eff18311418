"""Whether a credential that a service was shown is valid, and may do what it asks for.

Who may not see a credential gets the answer about one that does not exist.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from accounts import admission, authentication, denials, last_used
from accounts.codes import CODES
from accounts.credentials import Credential
from accounts.denials import DENIED, REPORTED, Kind
from accounts.models import Organization
from accounts.outcomes import OUTCOME_OF_CODE
from accounts.problems import Problem
from accounts.product_routes import find
from ratelimits import usage
from ratelimits.addresses import UNKNOWN
from ratelimits.counted import Counted, Use
from ratelimits.limits import Decision, foreseen
from ratelimits.stores import store

# What a question lacks, and so refuses itself. All other codes are those of refusals.
IP_REQUIRED = "ip_required"
NO_ROUTE = "no_route"
PROOF_REQUIRED = "proof_required"
RATE_LIMITED = "rate_limited"
TOO_MANY_ATTEMPTS = "too_many_attempts"
# How usage and the audit log name a question that no rule of the product fits.
ENDPOINT = "verify"


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked about one credential. What is empty is not asked.

    `method` and `path` stand together, in place of `scope`. `ip` is where the
    credential came from. `cost` is charged to it if it may; 0 leaves no trace.
    """

    credential: str
    scope: str = ""
    method: str = ""
    path: str = ""
    ip: str = ""
    cost: int = 1


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer. `code` is empty where it is allowed; `credential` and `decision` are
    none where it is not valid. `required_scope` is the one that was looked for."""

    valid: bool
    allowed: bool
    code: str
    required_scope: str = ""
    credential: Credential | None = None
    decision: Decision | None = None
    endpoint: str = ENDPOINT


UNKNOWN_CREDENTIAL = Verdict(valid=False, allowed=False, code="invalid_credential")


def verify(question: Question, *, caller: Credential, address: str) -> Verdict:
    """Judge one credential, charge it, and note its use. The caller holds `judge`, and
    asks from `address`."""
    try:
        credential = authentication.judge(question.credential, address=address)
    except Problem as refusal:
        return _dead(refusal, question, caller)
    if not _reaches(caller, credential.organization):
        return UNKNOWN_CREDENTIAL
    verdict = _judge(credential, question, caller)
    if question.cost:
        _note(verdict, credential, question)
    return verdict


def _dead(refusal: Problem, question: Question, caller: Credential) -> Verdict:
    # Not that it is unknown: nobody has looked, and it may well be alive.
    if refusal.code == TOO_MANY_ATTEMPTS:
        return Verdict(valid=False, allowed=False, code=refusal.code)
    counted = refusal.counted
    if counted is None or not _reaches_counted(caller, counted):
        return UNKNOWN_CREDENTIAL
    if question.cost:
        now = time.time_ns()
        usage.note(counted, _use(refusal.code, question), now=now)
        _deny(counted, refusal.code, question, ENDPOINT)
    return Verdict(valid=False, allowed=False, code=refusal.code)


def _reaches_counted(caller: Credential, counted: Counted) -> bool:
    if counted.organization == caller.organization.public_id:
        return True
    # Only who judges a whole product pays the query for the dead of other tenants.
    if not caller.judges_product:
        return False
    found = Organization.objects.with_public_id(counted.organization).first()
    return found is not None and _reaches(caller, found)


def _reaches(caller: Credential, organization: Organization) -> bool:
    """A service key of an operator sees its product, all others their organization."""
    if caller.judges_product:
        return organization.product_slug == caller.organization.product_slug
    return organization.pk == caller.organization.pk


def _judge(credential: Credential, question: Question, caller: Credential) -> Verdict:
    """What stands against it, the first of all; if nothing does, its limits decide."""
    scope, endpoint = _wanted(credential, question)
    code = _objection(credential, question, caller)
    if not code and question.path and not scope:
        code = NO_ROUTE
    if not code and scope and scope not in credential.scopes:
        code = "insufficient_scope"
    decision = _charge(credential, 0 if code else question.cost)
    if not code and not decision.allowed:
        code = RATE_LIMITED
    return Verdict(True, not code, code, scope, credential, decision, endpoint)


def _wanted(credential: Credential, question: Question) -> tuple[str, str]:
    """The scope that is looked for, if one is, and the endpoint as usage names it."""
    if not question.path:
        return question.scope, ENDPOINT
    route = find(credential.product.routes, question.method, question.path)
    if route is None:
        return "", ENDPOINT
    return route.scope, f"{question.method} {route.path}"


def _objection(credential: Credential, question: Question, caller: Credential) -> str:
    """Why it may do nothing at all here, from there: a code, or nothing."""
    if credential.is_live and not caller.is_live:
        return "environment_mismatch"
    # Whoever stole a bound token could show it too: the proof stands in another header,
    # over the address of a request that we do not see (RFC 9449 7).
    if credential.key_thumbprint:
        return PROOF_REQUIRED
    is_bound = credential.networks and not credential.is_trying_networks
    if is_bound and not question.ip:
        return IP_REQUIRED
    try:
        admission.require_environment(credential)
        if question.ip:
            admission.require_address(credential, question.ip)
    except Problem as refusal:
        return refusal.code
    return ""


def _charge(credential: Credential, cost: int) -> Decision:
    """Cost 0 counts nothing and says what one request would be told."""
    limits = credential.limits
    decision = store().check(credential.rate_key, limits, cost=cost)
    return decision if cost else foreseen(limits, decision)


def _note(verdict: Verdict, credential: Credential, question: Question) -> None:
    """The same traces that its own request would have left."""
    counted, decision = credential.counted, verdict.decision
    use = _use(verdict.code, question)._replace(
        endpoint=verdict.endpoint, reports=tuple(sorted(credential.reports))
    )
    if verdict.allowed:
        scopes = (verdict.required_scope,) if verdict.required_scope else ()
        use = use._replace(charged=question.cost, scopes=scopes)
        for row in credential.rows:
            last_used.recorder.note(row, question.ip or UNKNOWN)
    elif verdict.code != RATE_LIMITED:
        _deny(counted, verdict.code, question, verdict.endpoint)
    for name in credential.reports:
        _remember(Kind(REPORTED, counted, name), question, verdict.endpoint)
    usage.note(counted, use, now=decision.reading.now if decision else time.time_ns())


def _use(code: str, question: Question) -> Use:
    known = CODES.get(code)
    status = known.status if known is not None else 403
    outcome = OUTCOME_OF_CODE.get(code, "refused")
    if code in ("", RATE_LIMITED):
        outcome = "limited" if code else "allowed"
    return Use(
        outcome=outcome,
        charged=0,
        status=status if code else 200,
        endpoint=ENDPOINT,
        address=question.ip,
    )


def _deny(counted: Counted, code: str, question: Question, endpoint: str) -> None:
    _remember(Kind(DENIED, counted, code), question, endpoint)


def _remember(kind: Kind, question: Question, endpoint: str) -> None:
    denials.note(kind, address=question.ip, route=endpoint, request_id="")
