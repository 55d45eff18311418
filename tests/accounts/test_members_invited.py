"""Inviting somebody: who may, into which role, and what answer and mail hold."""

import re

import pytest
from django.utils import timezone

from accounts.models import Invitation, Membership, User
from accounts.roles import Role
from tests.cast import person, send

USERS = "/api/v1/users"


@pytest.fixture
def invite(alice):
    """invite("new@acme.test", "member") -> the answer to alice, or to `by`."""

    def ask(email="dora@new.test", role="member", by=None, **extra):
        return (by or alice).call(
            "POST", USERS, {"email": email, "role": role, **extra}
        )

    return ask


@pytest.fixture
def admin(alice):
    return person("adam@acme.test", alice.organization, Role.ADMIN)


def test_an_invited_person_is_a_member_who_waits(invite, alice):
    invited = invite("dora@new.test", "viewer")
    assert invited.status_code == 201
    member = invited.json()
    assert re.fullmatch(
        r"http://localhost:8000/invitations/[\w-]{43}", member.pop("invitation_url")
    )
    assert member.pop("id").startswith("usr_")
    assert member == {
        "email": "dora@new.test",
        "name": "",
        "role": "viewer",
        "status": "invited",
    }
    listed = alice.call("GET", USERS).json()["data"]
    assert [(row["email"], row["status"]) for row in listed] == [
        ("dora@new.test", "invited"),
        ("alice@acme.test", "active"),
    ]


def test_the_answer_is_kept_by_no_cache_and_the_link_by_no_table(invite):
    invited = invite()
    assert invited.headers["Cache-Control"] == "no-store"
    token = invited.json()["invitation_url"].rpartition("/")[2]
    row = Invitation.objects.get()
    assert token.encode() not in bytes(row.shown_digest) + bytes(row.mailed_digest)


def test_another_link_goes_by_mail(invite, post):
    with post() as mails:
        shown = invite().json()["invitation_url"]
    (sent,) = mails
    assert sent.to == ["dora@new.test"]
    assert sent.subject == "You are invited to Acme"
    mailed = re.search(r"http://localhost:8000/invitations/[\w-]{43}", sent.body)
    assert mailed is not None
    assert mailed[0] != shown
    assert shown not in sent.body


def test_an_invited_person_can_do_nothing_yet(invite):
    invite()
    waiting = User.objects.get(email="dora@new.test")
    assert not waiting.has_usable_password()
    for password in ("", "plum otter 42 lantern"):
        body = {"email": "dora@new.test", "password": password}
        assert send("POST", "/api/v1/auth/login", body).status_code in (400, 401)


def test_an_existing_account_is_found_whatever_the_spelling(invite, carol):
    invited = invite("CAROL@Other.TEST").json()
    assert invited["id"] == carol.user.public_id
    assert User.objects.with_email("carol@other.test").count() == 1


def test_an_invitation_leaves_an_existing_account_as_it_is(invite, carol):
    before = carol.user.password
    invite(carol.user.email)
    carol.user.refresh_from_db()
    assert carol.user.password == before
    told = carol.call("GET", "/api/v1/auth/whoami").json()
    assert told["organization"] == carol.organization.public_id


def test_name_and_spelling_of_an_account_are_told_once_its_person_has_joined(
    invite, carol, alice
):
    invited = invite("CAROL@other.test").json()
    assert (invited["name"], invited["email"]) == ("", "CAROL@other.test")
    body = {"token": invited["invitation_url"].rpartition("/")[2]}
    carol.call("POST", "/api/v1/auth/invitations/accept", body)
    listed = alice.call("GET", USERS).json()["data"][0]
    assert (listed["name"], listed["email"]) == ("Carol", "carol@other.test")


@pytest.mark.parametrize(
    "look_alike",
    [
        "\u212aarl@new.test",
        "\u212ae\u0301arl@new.test",
        "\uff2barl@new.test",
        "o\ufb03ce@new.test",
        "karl@\uff4eew.test",
    ],
)
def test_a_look_alike_of_an_address_is_nobodys(invite, look_alike):
    """Compatibility forms of ASCII letters: the Kelvin sign, full width, ligatures."""
    refused = invite(look_alike)
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["field"] == "email"
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    "email",
    [
        *("", "dora", "dora@", "@new.test", "dora@new", "a@b@new.test", " ", None, 7),
        *(
            "dora@new.test\n",
            " dora@new.test",
            "do\u202era@new.test",
            "x" * 250 + "@a.b",
        ),
        *("dora@new.test,eve@new.test", "Dora <dora@new.test>", ["dora@new.test"]),
    ],
)
def test_what_is_no_address_is_refused(invite, email):
    refused = invite(email)
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["field"] == "email"
    assert User.objects.count() == 1


@pytest.mark.parametrize("role", ["", "Owner", "operator", None, 1, ["member"]])
def test_what_is_no_role_is_refused(invite, role):
    refused = invite(role=role)
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["field"] == "role"


@pytest.mark.parametrize(
    "extra", ["is_active", "status", "name", "password", "organization", "is_staff"]
)
def test_nothing_else_can_be_set(invite, extra):
    refused = invite(**{extra: "x"})
    assert refused.json()["errors"][0]["field"] == extra
    assert User.objects.count() == 1


def test_who_is_a_member_already_is_not_invited(invite, bob):
    refused = invite(bob.user.email)
    assert (refused.status_code, refused.json()["code"]) == (409, "already_member")


def test_who_was_removed_can_be_invited_again(invite, bob):
    bob.membership.removed_at = timezone.now()
    bob.membership.save()
    again = invite(bob.user.email)
    assert again.status_code == 201
    assert Membership.objects.filter(user=bob.user).count() == 2


def test_a_second_invitation_replaces_the_first(invite):
    first = invite(role="viewer").json()
    second = invite(role="member").json()
    assert second["id"] == first["id"]
    assert second["role"] == "member"
    assert Invitation.objects.count() == Membership.objects.count() - 1 == 1
    body = {"token": first["invitation_url"].rpartition("/")[2]}
    refused = send("POST", "/api/v1/auth/invitations/accept", body)
    assert refused.json()["code"] == "invalid_token"


def test_an_invitation_that_was_deactivated_works_again_when_it_is_repeated(
    invite, alice
):
    member = invite().json()
    path = f"{USERS}/{member['id']}"
    assert alice.call("PATCH", path, {"is_active": False}).status_code == 200
    token = invite().json()["invitation_url"].rpartition("/")[2]
    body = {"token": token, "name": "Dora", "password": "seven blue lanterns"}
    accepted = send("POST", "/api/v1/auth/invitations/accept", body)
    assert accepted.status_code == 201


def test_an_open_invitation_of_an_owner_is_not_replaced_by_an_admin(invite, admin):
    invite(role="owner")
    refused = invite(role="viewer", by=admin)
    assert (refused.status_code, refused.json()["code"]) == (403, "beyond_own_rights")
    assert Membership.objects.get(joined_at=None).role == "owner"


def test_an_open_invitation_is_not_raised_beyond_ones_own_role(invite, admin):
    invite(role="viewer")
    refused = invite(role="owner", by=admin)
    assert (refused.status_code, refused.json()["code"]) == (403, "beyond_own_rights")
    assert Membership.objects.get(joined_at=None).role == "viewer"


@pytest.mark.parametrize("role", ["viewer", "member", "admin"])
def test_an_admin_invites_up_to_their_own_role(invite, admin, role):
    assert invite(role=role, by=admin).status_code == 201


def test_only_an_owner_invites_an_owner(invite, admin):
    refused = invite(role="owner", by=admin)
    assert (refused.status_code, refused.json()["code"]) == (403, "beyond_own_rights")
    assert not User.objects.filter(email="dora@new.test").exists()
    assert invite(role="owner").status_code == 201


def test_a_member_invites_nobody(invite, bob):
    refused = invite(by=bob)
    assert (refused.status_code, refused.json()["code"]) == (403, "insufficient_scope")
    assert refused.json()["missing"] == ["users_manage"]


def test_an_invitation_is_audited_without_its_links(invite, alice, events):
    shown = invite().json()["invitation_url"]
    assert events()[-1] == "member.invited"
    told = alice.call("GET", "/api/v1/audit-events").content.decode()
    assert shown.rpartition("/")[2] not in told
