"""Every promise of the two guides, where it stands, and the test that holds it.

Lines are those of the guides' files. What this version does not have yet says so.
"""

from __future__ import annotations

from dataclasses import dataclass

SAMPLES = "tests/test_guides.py::"
LIVE = "tests/test_guide_promises.py::"
FACTS = "tests/test_guide_words.py::"
OAUTH = "tests/test_guide_oauth.py::"
PAGES = "tests/test_guide_pages.py::"


@dataclass(frozen=True, slots=True)
class Promise:
    """In our own words. `held_by` names tests; `missing` what has yet to be built."""

    guide: str
    first: int
    last: int
    says: str
    held_by: tuple[str, ...] = ()
    missing: str = ""

    def __str__(self) -> str:
        return f"{self.guide}:{self.first} {self.says}"


def _netrecon(
    first: int, last: int, says: str, *held_by: str, missing: str = ""
) -> Promise:
    return Promise("netrecon", first, last, says, held_by, missing)


def _netallion(
    first: int, last: int, says: str, *held_by: str, missing: str = ""
) -> Promise:
    return Promise("netallion", first, last, says, held_by, missing)


EVERY_ENDPOINT = f"{LIVE}test_a_key_and_a_token_are_accepted_on_every_endpoint"
SECOND_STEP = f"{LIVE}test_the_second_step_is_asked_for_only_where_it_is_on"
NO_PERSON = f"{LIVE}test_a_key_works_without_a_person"
A_PERSON = f"{LIVE}test_a_person_signs_in_and_uses_the_token"
TOKEN_ENDS = f"{LIVE}test_an_access_token_ends_when_its_guide_says"
OUTLIVES = f"{LIVE}test_a_refresh_token_outlives_its_access_token"
SEVEN_DAYS = f"{LIVE}test_a_refresh_token_ends_after_seven_days"
NAME_AND_SCOPES = f"{LIVE}test_a_key_has_a_name_scopes_and_an_optional_expiry"
SHOWN_ONCE = f"{LIVE}test_a_key_is_shown_once"
PREFIX = f"{LIVE}test_a_key_has_the_prefix_and_48_hex_characters"
GRANULAR = f"{LIVE}test_a_key_may_do_what_its_scopes_say_and_nothing_else"
REVOKED = f"{LIVE}test_a_revoked_key_is_refused_at_once"
SCAN = f"{LIVE}test_a_scan_is_started_listed_and_stopped"
PLAN_LIMITS = f"{LIVE}test_every_answer_tells_the_limits_of_the_plan"
HEADERS = f"{LIVE}test_every_answer_carries_the_rate_limit_headers"
TOO_MANY = f"{LIVE}test_too_many_requests_get_429_and_are_let_in_after_retry_after"
PER_KEY = f"{LIVE}test_limits_are_counted_per_key"
PER_SESSION = f"{LIVE}test_limits_are_counted_per_session_and_a_refresh_buys_nothing"
SCOPES = f"{FACTS}test_the_scopes_are_the_guides_word_for_word"
PLANS = f"{FACTS}test_the_plans_are_the_guides_table"
WORDS = f"{FACTS}test_the_words_of_the_pages_are_the_guides_words"
REQUEST_RUNS = f"{SAMPLES}test_every_raw_request_of_the_guides_succeeds"
HEADER_RUNS = f"{SAMPLES}test_every_header_of_the_guides_proves_the_caller"
CURL_RUNS = f"{SAMPLES}test_every_curl_sample_of_the_guides_succeeds"
ANSWER_FITS = f"{SAMPLES}test_every_answer_in_the_guides_is_the_answer_given"
PYTHON_RUNS = f"{SAMPLES}test_every_python_sample_of_the_guides_runs"
TYPESCRIPT_RUNS = f"{SAMPLES}test_every_typescript_sample_of_the_guides_runs"
CLIENT_RUNS = f"{SAMPLES}test_our_client_goes_the_whole_way"
LEADS_THERE = f"{PAGES}test_the_dashboard_leads_to_the_api_keys"
BUTTON = f"{PAGES}test_the_button_has_the_words_of_the_guide"
FORM_SCOPES = f"{PAGES}test_the_form_offers_every_scope_of_the_guide"
MADE_ON_A_PAGE = f"{PAGES}test_a_key_is_made_and_shown_once"
SANDBOX_ON_A_PAGE = f"{PAGES}test_a_sandbox_key_has_the_prefix_of_the_sandbox"
REVOKED_ON_A_PAGE = f"{PAGES}test_a_key_is_revoked_on_its_page"
ENTERPRISE = f"{OAUTH}test_netrecon_keeps_applications_for_enterprise"
OPENID = f"{OAUTH}test_a_person_signs_in_to_an_application_by_openid_connect"
OTHERS = f"{OAUTH}test_an_application_of_others_works_for_who_lets_it_in"
AUTHORIZE = (
    f"{OAUTH}test_every_authorization_address_of_the_guides_leads_back_with_a_code"
)
EXCHANGE = f"{OAUTH}test_every_token_exchange_of_the_guides_succeeds"
TOKENS_FIT = f"{OAUTH}test_every_token_answer_in_the_guides_is_the_answer_given"
RENEWED = f"{OAUTH}test_every_token_refresh_of_the_guides_succeeds"
PER_GRANT = f"{OAUTH}test_limits_are_counted_per_grant_and_a_refresh_buys_nothing"
HOUR = f"{OAUTH}test_an_applications_access_token_ends_after_an_hour"

PROMISES = [
    _netrecon(2, 2, "tokens and keys, both on every endpoint", EVERY_ENDPOINT),
    _netrecon(5, 11, "the sign-in request", REQUEST_RUNS, CLIENT_RUNS),
    _netrecon(10, 10, "a code only where two-step sign-in is on", SECOND_STEP),
    _netrecon(12, 18, "the sign-in answer: members, bearer, 3600", ANSWER_FITS),
    _netrecon(20, 21, "the token as Bearer", HEADER_RUNS),
    _netrecon(23, 23, "the access token ends after an hour", TOKEN_ENDS),
    _netrecon(23, 28, "the refresh token gets a new one", REQUEST_RUNS, OUTLIVES),
    _netrecon(30, 30, "keys for programs, without a person", NO_PERSON),
    _netrecon(32, 32, "a page for keys", LEADS_THERE),
    _netrecon(33, 33, "the button's words", WORDS, BUTTON),
    _netrecon(
        *(34, 34, "a key's name, permissions, optional expiry"),
        *(NAME_AND_SCOPES, FORM_SCOPES),
    ),
    _netrecon(35, 35, "a key is shown once", SHOWN_ONCE, MADE_ON_A_PAGE),
    _netrecon(37, 38, "the key in X-API-Key", HEADER_RUNS, CLIENT_RUNS),
    _netrecon(40, 40, "nr_live_ and 48 hex characters", PREFIX),
    _netrecon(42, 42, "a key may do what its permissions say", GRANULAR),
    _netrecon(43, 58, "14 permissions with their descriptions", SCOPES),
    _netrecon(45, 46, "scans are read, started and stopped", SCAN),
    _netrecon(60, 61, "a key is revoked over the API", REVOKED, REQUEST_RUNS),
    _netrecon(60, 60, "a page that revokes keys", REVOKED_ON_A_PAGE),
    _netrecon(
        63, 63, "applications for enterprise, single sign-on", ENTERPRISE, OPENID
    ),
    _netrecon(64, 70, "the authorization request", AUTHORIZE),
    _netrecon(71, 78, "the code for tokens, as a form", EXCHANGE),
    _netallion(3, 3, "keys between servers, tokens for people", NO_PERSON, A_PERSON),
    _netallion(3, 3, "OAuth for third parties", OTHERS),
    _netallion(7, 7, "keys for integrations and pipelines", NO_PERSON),
    _netallion(9, 13, "a page for keys", LEADS_THERE),
    _netallion(15, 19, "the button's words", WORDS, BUTTON),
    _netallion(
        *(19, 19, "a key's name, four scopes"),
        *(NAME_AND_SCOPES, SCOPES, FORM_SCOPES),
    ),
    _netallion(21, 25, "a key is shown once", SHOWN_ONCE, MADE_ON_A_PAGE),
    _netallion(
        25, 25, "prefixes for production and sandbox", PREFIX, WORDS, SANDBOX_ON_A_PAGE
    ),
    _netallion(27, 33, "the key as Bearer", HEADER_RUNS, CLIENT_RUNS),
    _netallion(37, 37, "e-mail and password get a short-lived token", A_PERSON),
    _netallion(41, 41, "the sign-in request", REQUEST_RUNS),
    _netallion(42, 42, "15 minutes, 7 days", TOKEN_ENDS, OUTLIVES, SEVEN_DAYS),
    _netallion(43, 43, "the token as Bearer", A_PERSON),
    _netallion(44, 44, "refresh when the access token has ended", OUTLIVES),
    _netallion(45, 48, "sign-in with curl", CURL_RUNS, CLIENT_RUNS),
    _netallion(50, 56, "the sign-in answer: members, Bearer, 900", ANSWER_FITS),
    _netallion(58, 61, "refresh with curl", CURL_RUNS, CLIENT_RUNS),
    _netallion(65, 65, "the code flow for integrations of others", OTHERS),
    _netallion(69, 69, "the authorization request", AUTHORIZE),
    _netallion(70, 70, "the token address", EXCHANGE),
    _netallion(71, 71, "refresh at the token address", RENEWED),
    _netallion(72, 81, "the code for tokens, as JSON with curl", EXCHANGE),
    _netallion(83, 90, "the token answer: members, Bearer, 3600", TOKENS_FIT, HOUR),
    _netallion(94, 94, "limits per key or token", PER_KEY, PER_SESSION, PER_GRANT),
    _netallion(94, 99, "limits by plan, as in the table", PLANS, PLAN_LIMITS),
    _netallion(101, 101, "three headers on every response", HEADERS),
    _netallion(101, 101, "429 with Retry-After", TOO_MANY),
    _netallion(105, 110, "list scans with curl", CURL_RUNS),
    _netallion(112, 116, "start a scan with curl", CURL_RUNS, CLIENT_RUNS),
    _netallion(118, 138, "list and start a scan with Python", PYTHON_RUNS, CLIENT_RUNS),
    _netallion(139, 161, "the same with TypeScript", TYPESCRIPT_RUNS, CLIENT_RUNS),
]
# Headings, and the numbers of a list of steps: they promise nothing.
TITLES = {
    "netrecon": {1, 3, 4, 19, 22, 29, 31, 36, 39, 41, 59, 62},
    "netallion": {1, 5, 35, 39, 63, 67, 92, 103},
}
