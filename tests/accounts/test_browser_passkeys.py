"""Passkeys in Chromium, with its virtual authenticator."""

import pytest
from django_otp_webauthn.models import WebAuthnCredential

from accounts import passkeys
from accounts.audit import SYSTEM
from accounts.models import Session, User
from tests.accounts.soft_passkeys import encoded
from tests.accounts.virtual_passkeys import VirtualDevice
from tests.browser import MARKS
from tests.cast import PASSWORD
from tests.surfing import age

pytestmark = MARKS

SIGN_IN, SECOND_STEP = "Sign in with a passkey", "Use a passkey"
REFUSED = "This passkey opens nothing here. Use another one."


@pytest.fixture
def device(desk):
    return VirtualDevice(desk.open())


@pytest.fixture
def holder(alice, desk, device):
    """alice, who made a passkey on the security page and has signed out since."""
    desk.come_in(alice)
    desk.go("/settings/security")
    desk.press("Add a passkey")
    desk.page.get_by_role("link", name="Rename").wait_for()
    assert len(device.passkeys()) == 1
    sign_out(desk)
    return alice


def sign_out(desk):
    """Nothing stays in the browser."""
    desk.go("/docs/problems")
    desk.page.context.clear_cookies()


def arrives(desk):
    desk.page.wait_for_url(f"{desk.url}/docs/problems")


def said(desk):
    line = desk.page.locator("#passkey-said")
    line.wait_for()
    return line.inner_text()


def type_password(desk, person):
    desk.page.get_by_label("E-mail").fill(person.user.email)
    desk.page.get_by_label("Password", exact=True).fill(PASSWORD)
    desk.press("Sign in")


def test_the_field_offers_the_passkey_by_itself(desk, holder):
    desk.go("/login?next=/docs/problems")
    arrives(desk)
    assert Session.objects.latest("id").factors == ["pop", "mfa"]
    assert desk.complaints == []


def test_a_button_signs_in_by_keyboard_alone(desk, holder, device):
    device.answers(of_itself=False)
    page = desk.go("/login?next=/docs/problems")
    button = page.get_by_role("button", name=SIGN_IN)
    while not button.evaluate("it => it === document.activeElement"):
        page.keyboard.press("Tab")
    device.answers(of_itself=True)
    page.keyboard.press("Enter")
    arrives(desk)
    assert desk.complaints == []


def test_a_passkey_is_a_second_step(desk, holder, enrol, device):
    enrol(holder)
    device.answers(of_itself=False)
    desk.go("/login?next=/docs/problems")
    type_password(desk, holder)
    desk.sees("Two-step sign-in")
    device.answers(of_itself=True)
    desk.page.get_by_label("Trust this browser for 30 days").check()
    desk.press(SECOND_STEP)
    arrives(desk)
    assert Session.objects.latest("id").factors == ["pwd", "pop", "mfa"]
    assert holder.user.trusted_browsers.count() == 1
    assert desk.complaints == []


def test_a_passkey_confirms_and_the_page_goes_on(desk, holder, device):
    session = desk.come_in(holder)
    age(session)
    desk.go("/settings/confirm?next=/docs/problems")
    desk.sees("Confirm it is you")
    desk.press(SECOND_STEP)
    arrives(desk)
    session.refresh_from_db()
    assert session.confirmed_at is not None
    assert desk.complaints == []


def test_adding_one_long_after_the_sign_in_asks_first(desk, alice, device):
    age(desk.come_in(alice))
    desk.go("/settings/security")
    desk.press("Add a passkey")
    desk.sees("Confirm it is you")
    assert device.passkeys() == []


def test_a_device_that_holds_one_says_so(desk, holder, device):
    desk.come_in(holder)
    desk.go("/settings/security")
    desk.press("Add a passkey")
    assert said(desk) == "This device already holds a passkey of yours."
    assert passkeys.of(holder.user).count() == 1


def remove_it(person):
    passkeys.remove(passkeys.of(person.user).get(), by=SYSTEM)


def disable(person):
    User.objects.filter(pk=person.user.pk).update(is_active=False)


@pytest.mark.parametrize("end", [remove_it, disable])
def test_what_opens_nothing_says_so(desk, holder, end):
    end(holder)
    desk.go("/login")
    assert said(desk) == REFUSED
    assert desk.page.url.endswith("/login")
    assert desk.findings() == []


def test_a_wrong_finger_opens_nothing(desk, holder, device):
    device.knows_its_person(False)
    desk.go("/login")
    desk.press(SIGN_IN)
    assert said(desk).startswith("The passkey was not used.")
    assert desk.page.url.endswith("/login")


def test_a_passkey_of_somebody_else_is_no_second_step(
    desk, holder, carol, enrol, device
):
    """The device is made to claim that it holds one of carol's."""
    enrol(carol)
    stolen = passkeys.of(holder.user).get()
    desk.page.route("**/login/code/passkey/begin", lambda route: offer(route, stolen))
    device.answers(of_itself=False)
    desk.go("/login")
    type_password(desk, carol)
    desk.sees("Two-step sign-in")
    add_by_hand(carol)
    desk.page.reload()
    device.answers(of_itself=True)
    desk.press(SECOND_STEP)
    assert said(desk) == REFUSED
    in_browsers = Session.objects.filter(is_browser=True)
    assert not in_browsers.filter(membership=carol.membership).exists()


def offer(route, passkey):
    """The server's question, for a passkey that it did not name."""
    answer = route.fetch()
    told = answer.json()
    name = encoded(bytes(passkey.credential_id))
    told["options"]["allowCredentials"] = [{"type": "public-key", "id": name}]
    route.fulfill(response=answer, json=told)


def add_by_hand(person):
    """So that the page has the button."""
    WebAuthnCredential.objects.create(
        user=person.user, name="Key", credential_id=b"carol", public_key=b""
    )


def test_an_answer_that_is_sent_again_signs_nobody_in(desk, holder):
    """With the cookies of before: whoever copied them holds nothing."""
    copies, page = [], desk.page

    def copy(route):
        copies.append((route.request.all_headers(), route.request.post_data))
        route.continue_()

    page.route("**/login/passkey/complete", copy)
    desk.go("/login")
    page.wait_for_url(f"{desk.url}/")
    headers, body = copies[0]
    page.context.clear_cookies()
    path = f"{desk.url}/login/passkey/complete"
    again = page.request.post(path, headers=headers, data=body)
    assert (again.status, again.json()["code"]) == (400, "invalid_request")
    assert Session.objects.filter(second_step_at__isnull=False).count() == 1


def test_another_origin_is_refused(desk, holder, settings):
    settings.OTP_WEBAUTHN_ALLOWED_ORIGINS = ["https://doorward.example"]
    desk.go("/login")
    assert said(desk) == REFUSED


def test_without_a_script_there_is_no_button(desk, alice):
    page = desk.open(java_script_enabled=False)
    desk.go("/login")
    assert page.get_by_role("button", name=SIGN_IN).count() == 0
    type_password(desk, alice)
    page.wait_for_url(desk.url + "/")
    assert desk.complaints == []
