"""What oauthlib asks about a request for tokens: who asks, and what for."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from django.utils import timezone
from oauthlib.common import Request
from oauthlib.oauth2 import RequestValidator
from oauthlib.oauth2.rfc6749 import errors
from oauthlib.oauth2.rfc8628.grant_types import DeviceCodeGrant

from accounts import sealing
from accounts.audit import Actor
from oauth import clients, devices, liveness, proofs, scopes, tokens
from oauth.failures import InvalidTarget, Repeated
from oauth.models import Application, DeviceGrant, Grant, RefreshToken
from oauth.models.applications import CODE, DEVICE, REFRESH
from oauth.tokens import Order

DOUBLE_SUBMIT_SECONDS = 2
VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")  # RFC 7636 4.1


class TokenHooks(RequestValidator):
    """Sets on the request what it found: `client`, and `code_row`, `refresh_row` or
    `device_row`."""

    # Who asks

    def authenticate_client(self, request: Request, *_: Any) -> bool:
        shown = clients.presented(request.headers["Authorization"], request.parameters)
        application = self._named(request) or Application.objects.find(shown.client_id)
        if application is not None and application.client_id != shown.client_id:
            application = Application.objects.find(shown.client_id)
        address = request.actor.address
        request.client = clients.prove(shown, application, address=address)
        request.client_id = shown.client_id
        request.actor = replace(request.actor, id=request.client.public_id)
        clients.require_usable(request.client)
        proofs.check(request)
        return True

    def _named(self, request: Request) -> Application | None:
        """The application of the code, token or device that is shown: one query finds
        both."""
        parameters = request.parameters
        row: Any = None
        if request.grant_type == CODE and request.code:
            row = request.code_row = Grant.objects.find(sealing.digests(request.code))
        elif request.grant_type == REFRESH and request.refresh_token:
            digests = sealing.digests(request.refresh_token)
            row = request.refresh_row = RefreshToken.objects.find(digests)
        elif request.grant_type == DEVICE and parameters.get("device_code"):
            row = request.device_row = devices.find(parameters["device_code"])
            return row.application if row is not None else None
        if row is None:
            return None
        grant = row.grant if isinstance(row, RefreshToken) else row
        application: Application = grant.consent.application
        return application

    def validate_grant_type(
        self, client_id: str, grant_type: str, client: Any, request: Request, *_: Any
    ) -> bool:
        return grant_type in client.grant_types

    # A code

    def validate_code(
        self, client_id: str, code: str, client: Any, request: Request, *_: Any
    ) -> bool:
        grant: Grant | None = request.code_row
        if grant is None or grant.consent.application_id != client.pk:
            return False
        if grant.consumed_at is not None:
            _code_replayed(grant, by=request.actor)
            return False
        if grant.expires <= timezone.now():
            return False
        verifier = request.code_verifier
        # A verifier where no challenge was: somebody took it out (RFC 9700 4.8.2).
        if verifier and not (grant.code_challenge and VERIFIER.fullmatch(verifier)):
            return False
        if liveness.why_grant_dead(client, grant) is not None:
            return False
        request.user, request.scopes = grant.consent.user, grant.scopes
        proofs.check_binding(request, grant.dpop_jkt)
        return True

    def get_code_challenge(self, code: str, request: Request) -> str | None:
        return request.code_row.code_challenge or None

    def get_code_challenge_method(self, code: str, request: Request) -> str:
        return "S256"

    def confirm_redirect_uri(
        self,
        client_id: str,
        code: str,
        redirect_uri: str,
        client: Any,
        request: Request,
        *_: Any,
    ) -> bool:
        """RFC 6749 4.1.3: the one that was named at the authorization endpoint."""
        named = request.code_row.redirect_uri
        if named:
            same = redirect_uri == named and not request.using_default_redirect_uri
        else:
            same = redirect_uri == self.get_default_redirect_uri(client_id, request)
        if not same:
            raise errors.InvalidGrantError(
                "redirect_uri is not the one of the authorization request."
            )
        return True

    # A refresh token

    def validate_refresh_token(
        self, refresh_token: str, client: Any, request: Request, *_: Any
    ) -> bool:
        row: RefreshToken | None = request.refresh_row
        if row is None or row.grant.consent.application_id != client.pk:
            return False
        if liveness.why_grant_dead(client, row.grant) is not None:
            return False
        proofs.check_binding(request, row.dpop_jkt)
        if row.consumed_at is not None:
            self._used_again(refresh_token, row, by=request.actor)
            return False
        request.user = row.grant.consent.user
        return row.is_fresh(timezone.now())

    def _used_again(self, presented: str, row: RefreshToken, *, by: Actor) -> None:
        answer = tokens.repeat(presented, row)
        if answer is not None:
            raise Repeated(answer)
        tokens.revoke_grant(row.grant, reason="refresh_token_reused", by=by)

    def get_original_scopes(
        self, refresh_token: str, request: Request, *_: Any
    ) -> list[str]:
        return request.refresh_row.grant.scopes

    # A device

    def validate_device_code(
        self, client_id: str, device_code: str, request: Request, *_: Any
    ) -> str | None:
        device: DeviceGrant | None = request.device_row
        if device is None or device.application_id != request.client.pk:
            return None
        status = devices.poll(device)
        if status != DeviceCodeGrant.DEVICE_CODE_AUTHORIZED:
            return status
        grant: Any = device.grant
        if liveness.why_grant_dead(request.client, grant) is not None:
            return None
        request.user, request.scopes = grant.consent.user, grant.scopes
        return status

    # The answer

    def save_token(self, token: dict[str, Any], request: Request, *_: Any) -> None:
        """Consume what was shown, then mint, in one transaction."""
        answer = self._answer(request)
        if answer is None:
            raise errors.InvalidGrantError("It was used already.")
        token.clear()
        token.update(answer)

    def _answer(self, request: Request) -> tokens.Answer | None:
        order = _order(request)
        if request.grant_type == CODE:
            return tokens.redeem(request.code_row, order)
        if request.grant_type == DEVICE:
            return devices.redeem(request.device_row, order)
        if request.grant_type == REFRESH:
            return self._rotated(request, order)
        return tokens.issue(order)

    def _rotated(self, request: Request, order: Order) -> tokens.Answer | None:
        answer = tokens.rotate(request.refresh_token, request.refresh_row, order)
        if answer is None:
            row = RefreshToken.objects.get(pk=request.refresh_row.pk)
            row.grant = request.refresh_row.grant
            self._used_again(request.refresh_token, row, by=request.actor)
        return answer

    def invalidate_authorization_code(self, *_: Any) -> None:
        """It is consumed before anything is minted."""


def _code_replayed(grant: Grant, *, by: Actor) -> None:
    """RFC 6749 4.1.2: what came from the code ends. A double submit is no attack."""
    since = timezone.now() - (grant.consumed_at or timezone.now())
    if since.total_seconds() > DOUBLE_SUBMIT_SECONDS:
        tokens.revoke_grant(grant, reason="code_replayed", by=by)


def _order(request: Request) -> Order:
    grant: Grant | None = _grant_of(request)
    # Who named none at authorization may still ask for a token for fewer resources.
    allowed = (grant.resource if grant else ()) or request.resource
    try:
        resource = tokens.narrowed(request.resource, allowed)
    except ValueError as error:
        raise InvalidTarget("It was not asked for at authorization.") from error
    order = Order(
        application=request.client,
        scopes=request.scopes,
        resource=resource,
        grant=grant,
        key_thumbprint=request.key_thumbprint,
        refreshable=grant is not None and REFRESH in request.client.grant_types,
    )
    consent = grant.consent if grant is not None else None
    found = scopes.rights_under(consent, order.scopes, application=request.client)
    if not found.effective:
        raise errors.InvalidScopeError("Nothing of what was granted has effect now.")
    return order


def _grant_of(request: Request) -> Grant | None:
    if request.grant_type == CODE:
        return request.code_row
    if request.grant_type == REFRESH:
        return request.refresh_row.grant
    return request.device_row.grant if request.grant_type == DEVICE else None
