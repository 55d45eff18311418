"""Every code that a refusal can have: its status, its title, and what to do."""

from __future__ import annotations

from dataclasses import dataclass

# The words of RFC 6750 3.1 for a WWW-Authenticate header.
INVALID_TOKEN = "invalid_token"  # noqa: S105 - a word of the standard, no secret
INSUFFICIENT_SCOPE = "insufficient_scope"
# And of RFC 9449 7.1.
INVALID_DPOP_PROOF = "invalid_dpop_proof"
# The schemes of that header.
BEARER, DPOP = "Bearer", "DPoP"


@dataclass(frozen=True, slots=True)
class Code:
    """One kind of refusal. `bearer_error` is the word of RFC 6750 3.1, if one fits.

    `scheme` is the one that the refusal asks for.
    """

    status: int
    title: str
    advice: str
    bearer_error: str = ""
    scheme: str = BEARER


Entries = dict[str, tuple[str, str]]


def _codes(status: int, entries: Entries, bearer_error: str = "") -> dict[str, Code]:
    return {
        name: Code(status, title, advice, bearer_error)
        for name, (title, advice) in entries.items()
    }


INVALID: Entries = {
    "invalid_request": (
        "The request is not valid",
        "Correct the fields that errors lists, then send the request again.",
    ),
    "two_credentials": (
        "More than one credential",
        "Send one credential: either X-API-Key or one Authorization header.",
    ),
    "credential_in_url": (
        "A credential in the address",
        "Send the credential in a header. Replace it: addresses end up in logs.",
    ),
    "invalid_token": (
        "The link is not valid",
        "Ask for a new link: this one is unknown, used, replaced or out of date.",
    ),
    "wrong_password": (
        "The present password is wrong",
        "Send your present password as current_password, or reset it.",
    ),
    "bad_host": (
        "Unknown host name",
        "Use the public address, or add this host name to DOORWARD_ALLOWED_HOSTS.",
    ),
}
UNPROVEN: Entries = {
    "invalid_credential": (
        "The credential is not valid",
        "Check that the credential is complete and current, or create a new one.",
    ),
    "token_expired": (
        "The access token has expired",
        "Get a new access token with the refresh token.",
    ),
    "session_ended": (
        "The session has ended",
        "Sign in again.",
    ),
    "key_revoked": (
        "The API key is revoked",
        "Create a new key.",
    ),
    "key_leaked": (
        "The API key leaked",
        "Use a new key: this one was found where others could read it.",
    ),
    "key_expired": (
        "The API key has expired",
        "Create a new key, or have the expiry of this one changed.",
    ),
    "key_disabled": (
        "The API key is disabled",
        "Have the key enabled by who may manage the organization's keys.",
    ),
    "grant_withdrawn": (
        "The access was withdrawn",
        "Ask the person, or the organization, to allow the application access again.",
    ),
    "application_inactive": (
        "The application is not active",
        "Ask who runs the application: it was switched off or its plan ended.",
    ),
    "owner_inactive": (
        "The owner is not active",
        "Ask an administrator of the organization: the key's owner was deactivated.",
    ),
    "organization_suspended": (
        "The organization is suspended",
        "Ask the operator of this service.",
    ),
}
UNAUTHENTICATED: Entries = {
    "credential_required": (
        "A credential is needed",
        "Send a key in X-API-Key, or a key or access token as Authorization: Bearer.",
    ),
    "invalid_login": (
        "Sign-in failed",
        "Check e-mail address and password. A forgotten password can be reset.",
    ),
    "totp_required": (
        "A second step is needed",
        "Send the six digits of the authenticator, or a recovery code, as totp_code.",
    ),
    "invalid_totp_code": (
        "The code is not valid",
        "Send the current six digits. Each code works once and for a short time.",
    ),
    "invalid_refresh_token": (
        "The refresh token is not valid",
        "Sign in again: the token is unknown, used, expired, or its session has ended.",
    ),
}
FORBIDDEN: Entries = {
    "ip_not_allowed": (
        "The address is not allowed",
        "Call from an address on the key's list, or have the list changed.",
    ),
    "environment_mismatch": (
        "Live and sandbox do not mix",
        "Use a live key for live objects and a sandbox key for sandbox objects.",
    ),
    "user_required": (
        "Only a person can do this",
        "Sign in and send the access token of that session.",
    ),
    "fresh_sign_in_required": (
        "A fresh sign-in is needed",
        "Sign in again, then repeat the request within a few minutes.",
    ),
    "sign_in_to_accept": (
        "Sign in to accept",
        "This address has an account. Sign in with it and send its access token.",
    ),
    "no_membership": (
        "No organization to work in",
        "Ask an administrator of the organization for an invitation.",
    ),
    "invalid_signature": (
        "The signature is not valid",
        "Sign the bytes of the body with a key that this service knows.",
    ),
    "beyond_own_rights": (
        "More than you hold yourself",
        "Ask for no more than your own scopes, role and lifetime allow.",
    ),
    "plan_limit": (
        "The plan does not allow this",
        "Remove what is no longer needed, or change the plan.",
    ),
    "policy_refused": (
        "The organization's policy does not allow this",
        "Send what the detail asks for, or have the policy of keys changed.",
    ),
    "csrf_failed": (
        "The form could not be checked",
        "Allow cookies for this site, go back, reload the page, send the form again.",
    ),
    "forbidden": (
        "Not allowed",
        "Ask an administrator of the organization for the right to do this.",
    ),
}
CONFLICTS: Entries = {
    "conflict": (
        "It conflicts with the present state",
        "Read the object again, then decide anew.",
    ),
    "last_owner": (
        "The last owner",
        "Make another member an owner first.",
    ),
    "totp_already_on": (
        "The second step is already on",
        "Remove the present authenticator before you add another one.",
    ),
    "totp_not_enrolled": (
        "No authenticator waits for a code",
        "Begin with POST /api/v1/auth/totp.",
    ),
    "already_member": (
        "Already a member",
        "Change the role of the existing member instead.",
    ),
    "idempotency_key_reused": (
        "The Idempotency-Key belongs to another request",
        "Send a new Idempotency-Key with a new body, or the old body with the old one.",
    ),
    "idempotency_key_used": (
        "The Idempotency-Key was used before",
        "The change is made; its answer could be had again for 10 minutes only.",
    ),
}
TOO_MANY: Entries = {
    "rate_limited": (
        "Too many requests",
        "Wait for the seconds that Retry-After names, then send the request again.",
    ),
    "too_many_attempts": (
        "Too many failed attempts",
        "Wait for the seconds that Retry-After names, then try again.",
    ),
}
CODES: dict[str, Code] = {
    **_codes(400, INVALID),
    **_codes(401, UNPROVEN, INVALID_TOKEN),
    "invalid_dpop_proof": Code(
        401,
        "The proof of possession is not valid",
        "Send the token as Authorization: DPoP, with a new proof in the DPoP header.",
        INVALID_DPOP_PROOF,
        DPOP,
    ),
    **_codes(401, UNAUTHENTICATED),
    "insufficient_scope": Code(
        403,
        "A scope is missing",
        "Use a credential with the missing scopes.",
        INSUFFICIENT_SCOPE,
    ),
    **_codes(403, FORBIDDEN),
    "not_found": Code(
        404,
        "Not found",
        "Check the address and the id, and that the credential may see the object.",
    ),
    "method_not_allowed": Code(
        405,
        "The method is not allowed here",
        "Use one of the methods that the Allow header names.",
    ),
    **_codes(409, CONFLICTS),
    "length_required": Code(
        411,
        "The length is missing",
        "Send the body with a Content-Length header, not in chunks.",
    ),
    "payload_too_large": Code(
        413,
        "The body is too large",
        "Send less at once.",
    ),
    "unsupported_media_type": Code(
        415,
        "The content type is not supported",
        "Send the body as application/json.",
    ),
    **_codes(429, TOO_MANY),
    "internal_error": Code(
        500,
        "Something went wrong here",
        "Try again. If it stays so, report the request_id to the operator.",
    ),
    "unavailable": Code(
        503,
        "Not available at the moment",
        "Try again after the seconds that Retry-After names.",
    ),
}
