"""The OAuth flows of both guides: the guides' own samples, and what they promise.

Where the guides lie beside the project, their addresses, requests and answers are taken
out of them (tests/guide_samples.py) and run against a live server, with a browser.
"""

import json
from datetime import timedelta
from urllib.parse import parse_qsl, urlsplit

import jwt
import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from accounts.products import products
from tests import guide_samples
from tests.cast import founder
from tests.guide_samples import oauth_samples, with_guides
from tests.live import bearer, needs, run
from tests.oauth.conftest import Browser, register
from tests.oauth.live_browser import browsing
from tests.oauth.live_browser import register as register_live
from tests.oauth.registering import ask, refused
from tests.running import clean_environment

# A real server and real clients.
pytestmark = pytest.mark.slow

# As both guides write it.
CALLBACK = "https://your-app.com/callback"
PRODUCTS = ["netrecon", "netallion"]
PREFIXES = {"netrecon": ("nr_oat_", "nr_ort_"), "netallion": ("cpf_oat_", "cpf_ort_")}
TOKEN_TYPE = {"netrecon": "bearer", "netallion": "Bearer"}
SCOPE = {"netrecon": "scans_read", "netallion": "scan:read"}
both_products = pytest.mark.parametrize("product", PRODUCTS)


@pytest.fixture(scope="module")
def reader(live):
    """reader("netrecon") -> what a reader of that guide puts into its samples."""
    made = {}

    def values(product):
        if product not in made:
            scopes = ["openid", "email", *products()[product].scopes]
            wish = {"redirect_uris": [CALLBACK], "scopes": scopes}
            made[product] = register_live(live, live.account(product), **wish)
        secrets = {name: made[product][name] for name in ("client_id", "client_secret")}
        return {"url": live.url, "redirect_uri": CALLBACK, **secrets}

    return values


@pytest.fixture
def follow(live):
    """follow("netrecon", address) -> where its reader's browser ends, and with what."""

    def followed(product, address):
        with browsing(live, live.account(product)) as browser:
            place, _, query = browser.visit(address).partition("?")
        return place, dict(parse_qsl(query))

    return followed


@pytest.fixture
def code(reader, follow):
    """code("netrecon") -> what the guide's own address brings."""

    def brought(product):
        shown = oauth_samples("authorize")
        (sample,) = [sample for sample in shown if sample.guide == product]
        return follow(product, guide_samples.address(sample.filled(reader(product))))

    return brought


def exchanged(live, sample, values):
    """The answer to the exchange that a sample shows, as a request or as curl."""
    text = sample.filled(values)
    if sample.kind == "curl":
        needs("curl")
        return json.loads(run(["bash", "-c", text], clean_environment(None)))
    request = guide_samples.read(text)
    options = {"headers": request.headers, "content": request.content}
    answer = live.send(request.method, request.path, **options)
    assert answer.status_code == 200, answer.text
    return answer.json()


def the_exchange(product):
    shown = [*oauth_samples("http"), *oauth_samples("curl")]
    (sample,) = [sample for sample in shown if sample.guide == product]
    return sample


@pytest.fixture
def tokens(live, reader, code):
    """tokens("netrecon") -> what the guide's own exchange of that code answers."""

    def answered(product):
        values = {**reader(product), "code": code(product)[1]["code"]}
        return exchanged(live, the_exchange(product), values)

    return answered


# The guides' own samples


@with_guides
@pytest.mark.parametrize("sample", oauth_samples("authorize"), ids=str)
def test_every_authorization_address_of_the_guides_leads_back_with_a_code(
    live, reader, follow, sample
):
    address = guide_samples.address(sample.filled(reader(sample.guide)))
    place, given = follow(sample.guide, address)
    assert place == CALLBACK
    assert given.pop("code")
    sent = dict(parse_qsl(urlsplit(address).query)).get("state")
    assert given.pop("state", None) == sent
    assert given == {"iss": live.url}


@with_guides
@both_products
def test_every_token_exchange_of_the_guides_succeeds(live, tokens, product):
    given = tokens(product)
    access, refresh = PREFIXES[product]
    assert given["access_token"].startswith(access)
    assert given["refresh_token"].startswith(refresh)
    assert (given["token_type"], given["expires_in"]) == (TOKEN_TYPE[product], 3600)
    scans = live.send("GET", "/api/v1/scans", headers=bearer(given["access_token"]))
    assert scans.status_code == 200


@with_guides
@pytest.mark.parametrize("sample", oauth_samples("answer"), ids=str)
def test_every_token_answer_in_the_guides_is_the_answer_given(tokens, sample):
    shown = guide_samples.answer(sample)
    assert guide_samples.differences(shown, tokens(sample.guide)) == []


@with_guides
@pytest.mark.parametrize("sample", oauth_samples("refresh"), ids=str)
def test_every_token_refresh_of_the_guides_succeeds(live, reader, tokens, sample):
    path, grant_type = guide_samples.refreshing(sample)
    first, values = tokens(sample.guide), reader(sample.guide)
    body = {
        "grant_type": grant_type,
        "client_id": values["client_id"],
        "client_secret": values["client_secret"],
        "refresh_token": first["refresh_token"],
    }
    answer = live.send("POST", path, json=body)
    assert answer.status_code == 200, answer.text
    renewed = answer.json()
    assert renewed.keys() == first.keys()
    assert renewed["access_token"] != first["access_token"]
    proven = live.send("GET", "/api/v1/scans", headers=bearer(renewed["access_token"]))
    assert proven.status_code == 200


@with_guides
def test_each_guide_shows_an_address_and_an_exchange_that_are_run_here():
    guides = [sample.guide for sample in oauth_samples("authorize")]
    assert sorted(guides) == sorted(PRODUCTS)
    assert {the_exchange(guide).kind for guide in PRODUCTS} == {"http", "curl"}
    assert [sample.guide for sample in oauth_samples("answer")] == ["netallion"]
    assert [sample.guide for sample in oauth_samples("refresh")] == ["netallion"]


# What they promise


@pytest.fixture
def maker(product, alice, nadia):
    """Who owns an organization of that product that may have applications."""
    return {"netrecon": alice, "netallion": nadia}[product]


@pytest.mark.parametrize("plan", ["starter", "professional", "enterprise"])
@both_products
def test_netrecon_keeps_applications_for_enterprise(plan, product, signing_keys):
    owner = founder("owner@plans.test", "Plans", product=product, plan=plan)
    answer = ask(owner)
    if product == "netallion" or plan == "enterprise":
        assert answer.status_code == 201
    else:
        detail = refused(answer, 403, "plan_limit")["detail"]
        assert detail.endswith("These plans have them: Enterprise.")


def test_a_person_signs_in_to_an_application_by_openid_connect(live, reader, follow):
    values, account = reader("netrecon"), live.account("netrecon")
    asked = {"response_type": "code", "scope": "openid email", "nonce": "n-0S6_WzA2Mj"}
    asked |= {"client_id": values["client_id"], "redirect_uri": CALLBACK}
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    _, given = follow("netrecon", f"/api/v1/auth/oauth2/authorize?{query}")
    body = {"grant_type": "authorization_code", "redirect_uri": CALLBACK}
    body |= {name: values[name] for name in ("client_id", "client_secret")}
    body["code"] = given["code"]
    answer = live.send("POST", "/api/v1/auth/oauth2/token", data=body).json()
    discovered = live.send("GET", "/.well-known/openid-configuration").json()
    keys = jwt.PyJWKClient(discovered["jwks_uri"])
    token = answer["id_token"]
    claims = jwt.decode(
        token,
        keys.get_signing_key_from_jwt(token),
        algorithms=["RS256"],
        audience=values["client_id"],
        issuer=discovered["issuer"],
    )
    session = live.sign_in(account)["access_token"]
    me = live.send("GET", "/api/v1/auth/whoami", headers=bearer(session)).json()
    assert (claims["sub"], claims["email"]) == (me["user"], account["email"])
    assert claims["nonce"] == asked["nonce"]


@both_products
def test_an_application_of_others_works_for_who_lets_it_in(maker, product):
    app = register(maker, published_at=timezone.now())
    person = founder("guest@guests.test", "Guests", product=product, plan="starter")
    tokens = Browser(person).sign_in().tokens(app, scope=SCOPE[product])
    told = _told(tokens, "/api/v1/auth/whoami")
    assert told["user"] == person.user.public_id
    assert told["organization"] == person.organization.public_id
    assert told["scopes"] == [SCOPE[product]]
    assert _told(tokens, "/api/v1/scans") == {"data": [], "next_cursor": None}


@both_products
def test_an_applications_access_token_ends_after_an_hour(maker, product):
    begun, app = timezone.now(), register(maker)
    with time_machine.travel(begun, tick=False) as clock:
        tokens = Browser(maker).sign_in().tokens(app, scope=SCOPE[product])
        clock.move_to(begun + timedelta(seconds=3599))
        assert _told(tokens, "/api/v1/auth/whoami")["kind"] == "oauth"
        clock.move_to(begun + timedelta(seconds=3601))
        assert _told(tokens, "/api/v1/auth/whoami")["code"] == "token_expired"
        renewed = app.refresh(tokens["refresh_token"]).json()
        assert _told(renewed, "/api/v1/auth/whoami")["kind"] == "oauth"


@both_products
def test_limits_are_counted_per_grant_and_a_refresh_buys_nothing(maker, product):
    app, browser = register(maker), Browser(maker).sign_in()
    first = browser.tokens(app, scope=SCOPE[product])
    second = browser.tokens(app, scope=SCOPE[product])
    renewed = app.refresh(first["refresh_token"]).json()
    elsewhere = browser.tokens(register(maker), scope=SCOPE[product])
    most = maker.organization.plan.limits.per_minute
    left = [_left(tokens) for tokens in (first, second, renewed, elsewhere)]
    assert left == [most - 1, most - 2, most - 3, most - 1]


@both_products
def test_an_applications_own_tokens_share_one_count(maker, product):
    app = register(maker, type="machine")
    wish = {"grant_type": "client_credentials", "scope": SCOPE[product]}
    most = maker.organization.plan.limits.per_minute
    left = [_left(app.token(**wish).json()) for _ in range(2)]
    assert left == [most - 1, most - 2]


def _left(tokens):
    answer = Client().get("/api/v1/scans", headers=bearer(tokens["access_token"]))
    return int(answer.headers["X-RateLimit-Remaining"])


def _told(tokens, path):
    headers = bearer(tokens["access_token"])
    return Client().get(path, headers=headers).json()
