"""The people of the caller's organization, and the way in for invited ones."""

from __future__ import annotations

from typing import Any, cast

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import departures, invitations, joining, members
from accounts.credentials import Credential
from accounts.endpoints import Endpoint, checked, found
from accounts.joining import Acceptance
from accounts.models import AuditEvent, Membership, User
from accounts.serializers import (
    AcceptRequest,
    AuditEventObject,
    DepartureObject,
    InvitationRequest,
    InvitedObject,
    MemberChange,
    MemberObject,
)


class Users(Endpoint, generics.ListAPIView[Membership]):
    """The members of the organization."""

    required = {"GET": ["members_manage"], "POST": ["members_manage"]}
    refuses = {"POST": [409]}
    live_only = True
    serializer_class = MemberObject
    queryset = Membership.objects.none()

    def get_queryset(self) -> QuerySet[Membership]:
        current = self.credential.organization.memberships.current()
        return current.select_related("user")

    @extend_schema(tags=["members"])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)

    @extend_schema(
        request=InvitationRequest, responses={201: InvitedObject}, tags=["members"]
    )
    def post(self, request: Request) -> Response:
        """Invite somebody by e-mail."""
        wish = checked(InvitationRequest, request)
        invited = invitations.invite(
            self.credential.organization,
            wish["email"],
            role=wish["role"],
            inviter=self.credential,
            by=self.actor,
        )
        answer = {
            **MemberObject(invited.membership).data,
            "invitation_url": invited.url,
        }
        return Response(answer, status.HTTP_201_CREATED)


class MemberEndpoint(Endpoint):
    """What concerns one member of the organization."""

    live_only = True

    def member(self, user_id: str) -> Membership:
        of_organization = self.credential.organization.memberships.current()
        users = User.objects.with_public_id(user_id)
        membership = of_organization.select_related("user", "organization")
        row: Membership = found(membership.filter(user__in=users).first())
        return row


class UserDetail(MemberEndpoint):
    """One member of the organization."""

    required = {"PATCH": ["members_manage"], "DELETE": ["members_manage"]}
    refuses = {"PATCH": [409], "DELETE": [409]}

    @extend_schema(request=MemberChange, responses=MemberObject, tags=["members"])
    def patch(self, request: Request, user_id: str) -> Response:
        """Change the role, or whether the member is active."""
        changes = checked(MemberChange, request)
        membership = members.change(
            self.member(user_id), changes, changer=self.credential, by=self.actor
        )
        return Response(MemberObject(membership).data)

    @extend_schema(responses={204: None}, tags=["members"])
    def delete(self, request: Request, user_id: str) -> Response:
        """Remove the member. Their sessions and personal keys here end at once."""
        membership = self.member(user_id)
        members.remove(membership, remover=self.credential, by=self.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


class UserDeparture(MemberEndpoint):
    """What the going of one member would mean for keys."""

    required = {"GET": ["members_manage"]}

    @extend_schema(responses=DepartureObject, tags=["members"])
    def get(self, request: Request, user_id: str) -> Response:
        """Look before you remove or deactivate somebody."""
        departure = departures.departure(self.member(user_id))
        return Response(DepartureObject(departure).data)


class AcceptInvitation(Endpoint):
    """Join an organization.

    Who has an account sends its access token, or its password (and code) in the body.
    """

    permission_classes = ()
    refuses = {"POST": [401, 403]}

    @extend_schema(
        request=AcceptRequest,
        responses={201: MemberObject},
        auth=[{}, {"bearer": []}],  # type: ignore[list-item]
        tags=["members"],
    )
    def post(self, request: Request) -> Response:
        acceptance = Acceptance(**checked(AcceptRequest, request))
        credential = cast(Credential | None, request.auth)
        signed_in = credential.user if credential and credential.is_person else None
        membership = joining.join(request._request, acceptance, signed_in=signed_in)
        return Response(MemberObject(membership).data, status.HTTP_201_CREATED)


class AuditEvents(Endpoint, generics.ListAPIView[AuditEvent]):
    """What happened in the organization."""

    required = {"GET": ["audit_read"]}
    live_only = True
    serializer_class = AuditEventObject
    queryset = AuditEvent.objects.none()

    def get_queryset(self) -> QuerySet[AuditEvent]:
        return AuditEvent.objects.filter(organization=self.credential.organization)

    @extend_schema(tags=["audit"])
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().get(request, *args, **kwargs)
