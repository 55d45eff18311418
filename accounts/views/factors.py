"""The second step of one's own sign-in: turn it on and off, and the recovery codes.

Secrets stand in the answer to one POST, and nowhere else: whoever loses that page
begins anew.
"""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts import login, qr_codes, step_up, totp
from accounts.forms import PlainForm
from accounts.pages import FORM, action, blame, page, show, told
from accounts.problems import Problem
from accounts.security_forms import NewAppForm, SavedCodeForm, SecondStepForm
from accounts.visitors import Visitor

NEW_APP = "settings/totp.html"
CODES = "settings/recovery_codes.html"


@action()
def enrol(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Begin, or begin anew: only the newest secret can be confirmed."""
    issuer = visitor.credential.product.name
    enrolment = totp.enrol(visitor.user, issuer=issuer, by=visitor.actor)
    return show(
        request,
        visitor,
        NEW_APP,
        form=NewAppForm(),
        secret=_in_groups(enrolment.secret),
        drawing=qr_codes.svg(enrolment.otpauth_uri),
    )


@action()
def confirm(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Turn it on by a first code. A wrong one shows the secret to nobody again."""
    form = NewAppForm(request.POST)
    if not form.is_valid():
        return show(request, visitor, NEW_APP, form=form)
    try:
        with login.braked(request, account=visitor.user.email_key):
            code = form.cleaned_data["totp_code"]
            codes = totp.confirm(visitor.user, code, by=visitor.actor)
    except Problem as problem:
        return _again(request, visitor, NEW_APP, (form, problem))
    step_up.remember(visitor.user, visitor.credential, by=visitor.actor)
    return _shown_once(request, visitor, codes)


@page(methods=FORM)
def remove(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Turn it off. It asks for a code: a session alone must not be enough for that."""
    question = _asked(request, visitor, "settings/totp_remove.html")
    if question is not None:
        return question
    totp.remove(visitor.user, by=visitor.actor)
    messages.success(request, _("The second step is off."))
    return redirect("security")


@page(methods=FORM)
def recovery_codes(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Ten new codes instead of those left, for a code."""
    question = _asked(request, visitor, "settings/recovery_codes_new.html")
    if question is not None:
        return question
    step_up.remember(visitor.user, visitor.credential, by=visitor.actor)
    codes = totp.renew_recovery_codes(visitor.user, by=visitor.actor)
    return _shown_once(request, visitor, codes)


@action(confirmed=False)
def prove_saved(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """Whether the codes were saved: one of them, which stays unused."""
    form = SavedCodeForm(request.POST)
    if not form.is_valid():
        return show(request, visitor, CODES, form=form)
    try:
        with login.braked(request, account=visitor.user.email_key):
            if not totp.holds(visitor.user, form.cleaned_data["totp_code"]):
                raise Problem("invalid_totp_code")
    except Problem as problem:
        return _again(request, visitor, CODES, (form, problem))
    messages.success(request, _("Your recovery codes are saved. Keep them apart."))
    return redirect("security")


@action(confirmed=False)
def codes_file(request: HttpRequest, visitor: Visitor) -> HttpResponse:
    """What the page shows, sent back as a file: it is stored nowhere to be read."""
    sent = request.POST.get("codes", "").split()[: totp.RECOVERY_CODES]
    codes = [code for code in sent if totp.RECOVERY_CODE.fullmatch(code)]
    answer = HttpResponse("\n".join([*codes, ""]), content_type="text/plain")
    name = 'attachment; filename="doorward-recovery-codes.txt"'
    answer.headers["Content-Disposition"] = name
    return answer


def _asked(
    request: HttpRequest, visitor: Visitor, template: str
) -> HttpResponse | None:
    """The page that asks for a code. None: it was given, and is used up."""
    if not totp.is_on(visitor.user):
        raise Problem("totp_not_enrolled", _("You have no second step yet."))
    form = SecondStepForm(request.POST or None)
    if not form.is_valid():
        return show(request, visitor, template, form=form)
    try:
        login.use_code(request, visitor.user, form.cleaned_data["totp_code"])
    except Problem as problem:
        return _again(request, visitor, template, (form, problem))
    return None


def _shown_once(
    request: HttpRequest, visitor: Visitor, codes: list[str]
) -> HttpResponse:
    return show(request, visitor, CODES, form=SavedCodeForm(), codes=codes)


def _again(
    request: HttpRequest,
    visitor: Visitor,
    template: str,
    refused: tuple[PlainForm, Problem],
) -> HttpResponse:
    """The form once more, with what was wrong with its code."""
    form, problem = refused
    if problem.code == "invalid_totp_code":
        why = _("This code is not right, or it was used before.")
        form.add_error("totp_code", why)
    elif problem.code == "totp_not_enrolled":
        form.add_error(None, _("No app waits for a code. Begin anew."))
    else:
        blame(form, problem)
    return told(show(request, visitor, template, form=form), problem)


def _in_groups(secret: str) -> str:
    """As people type it: four characters, a space."""
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
