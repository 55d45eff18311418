"""Which addresses may be registered, and which of them a browser is sent to."""

import pytest

from oauth import redirects

EVERYWHERE = ("web", "spa", "native")
GOOD = [
    *("https://app.example.com/callback", "https://app.example.com", "https://a.b/"),
    *("https://a.example.com:8443/cb?from=doorward&x=%20y", "https://[2001:db8::1]/cb"),
    *("http://localhost/cb", "http://localhost:3000/cb", "http://127.0.0.1:8000/cb"),
    *("http://[::1]/cb", "https://a.example.com/a..b/c", "https://a.example.com/x;y=1"),
]
OWN_SCHEMES = ["com.example.app:/callback", "com.example.app://callback", "org.a-b.c:x"]
BAD = {
    "http://app.example.com/cb": "https",
    "http://127.0.0.2/cb": "https",
    "http://localhost.evil.test/cb": "https",
    "http://LOCALHOST/cb": "https",
    "http://127.0.0.1.evil.test/cb": "https",
    "http://2130706433/cb": "https",
    "https://app.example.com/cb#top": "fragment",
    "https://app.example.com/cb#": "fragment",
    "https://user@app.example.com/cb": "user",
    "https://user:secret@app.example.com/cb": "user",
    "https://app.example.com\\@evil.test/cb": "\\",
    "https://*.example.com/cb": "*",
    "https://app.example.com/*": "*",
    "https://app.example.com/cb d": "spaces",
    "https://app.example.com/cb\n": "spaces",
    "https://app.example.com/\tcb": "spaces",
    " https://app.example.com/cb": "spaces",
    "https://äpp.example.com/cb": "ASCII",
    'https://app.example.com/"cb': '"',
    "https://app.example.com/<cb>": "<",
    "https://app.example.com/'": "'",
    "https://app.example.com/%zz": "hexadecimal",
    "https://app.example.com/a/../b": "path",
    "https://app.example.com/..": "path",
    "https://app.example.com/./b": "path",
    "https://app.example.com/%2e%2e/b": "path",
    "https://app.example.com/%2E/b": "path",
    "https://app.example.com/a%2Fb": "path",
    "https://app.example.com/a%5cb": "path",
    "https://": "host",
    "https:///cb": "host",
    "https:app.example.com/cb": "host",
    "https:/app.example.com/cb": "host",
    "https://app.example.com:/cb": "host",
    "https://app.example.com:0/cb": "host",
    "https://app.example.com:65536/cb": "host",
    "https://app.example.com:99999999999/cb": "host",
    "https://[::1/cb": "host",
    "https://[]/cb": "host",
    "https://evil.test%2f@app.example.com/cb": "user",
    "https://evil.test%2fapp.example.com/cb": "host",
    "//app.example.com/cb": "whole address",
    "/callback": "whole address",
    "app.example.com/cb": "whole address",
    "HTTPS://app.example.com/cb": "whole address",
    "": "ASCII",
    "javascript:alert(1)": "javascript",
    "JavaScript:alert(1)": "whole address",
    "data:text/html,x": "data",
    "file:///etc/passwd": "file",
    "blob:https://app.example.com/x": "blob",
    "about:blank": "about",
    "vbscript:x": "vbscript",
    "https://app.example.com/" + "x" * 2000: "2000",
}
ON_PORTS = [
    "http://127.0.0.1/cb",
    "http://[::1]:8000/cb?a=1",
    "http://127.0.0.1:1234/other",
]


@pytest.mark.parametrize("uri", GOOD)
@pytest.mark.parametrize("application_type", EVERYWHERE)
def test_an_exact_address_is_taken(uri, application_type):
    redirects.check(uri, application_type=application_type)


@pytest.mark.parametrize("uri", BAD)
@pytest.mark.parametrize("application_type", EVERYWHERE)
def test_anything_else_is_refused_with_the_reason(uri, application_type):
    with pytest.raises(ValueError, match=r".") as refusal:
        redirects.check(uri, application_type=application_type)
    told = str(refusal.value)
    assert BAD[uri] in told
    assert told.endswith((".", "callback"))


@pytest.mark.parametrize("uri", OWN_SCHEMES)
def test_only_native_applications_have_schemes_of_their_own(uri):
    redirects.check(uri, application_type="native")
    for application_type in ("web", "spa"):
        with pytest.raises(ValueError, match="native"):
            redirects.check(uri, application_type=application_type)


@pytest.mark.parametrize("uri", ["myapp:/cb", "myapp://cb", "ftp://a.b/c", "com.:x"])
def test_a_scheme_of_ones_own_is_a_domain_turned_round(uri):
    with pytest.raises(ValueError, match=r"com\.example\.app"):
        redirects.check(uri, application_type="native")


def test_an_address_that_we_call_is_https_or_on_loopback():
    redirects.check_https("https://app.example.com/logout")
    redirects.check_https("http://localhost:3000/logout")
    for uri in ("http://app.example.com/logout", "com.example.app:/logout"):
        with pytest.raises(ValueError, match="https"):
            redirects.check_https(uri)


@pytest.mark.parametrize("application_type", EVERYWHERE)
@pytest.mark.parametrize("uri", GOOD)
def test_a_registered_address_is_allowed_and_nothing_like_it(uri, application_type):
    def allowed(presented):
        return redirects.allowed(presented, [uri], application_type=application_type)

    assert allowed(uri)
    for other in (f"{uri}/", f"{uri}x", uri.upper(), f"{uri}#x", uri[:-1], f" {uri}"):
        assert not allowed(other), other
    assert not redirects.allowed(uri, [], application_type=application_type)


@pytest.mark.parametrize(
    ("start", "rest"),
    [
        ("http://127.0.0.1", "/cb"),
        ("http://127.0.0.1", "/other"),
        ("http://[::1]", "/cb?a=1"),
    ],
)
def test_a_native_application_hears_on_any_port_of_a_loopback_address(start, rest):
    def allowed(presented, application_type="native"):
        return redirects.allowed(presented, ON_PORTS, application_type=application_type)

    assert allowed(f"{start}:51004{rest}")
    assert allowed(f"{start}{rest}")
    assert not allowed(f"{start}:51004{rest}", "web")
    assert not allowed(f"{start}:51004{rest}x")
    assert not allowed(f"{start}:51004@evil.test{rest}")
    assert not allowed(f"{start}:51004.evil.test{rest}")
    assert not allowed(f"{start}:51004{rest}#x")
    assert not allowed(f"https{start[4:]}:51004{rest}")


def test_the_port_of_localhost_does_not_vary():
    """A name may lead elsewhere (RFC 8252 8.3)."""
    registered = ["http://localhost:3000/cb"]
    assert not redirects.allowed(
        "http://localhost:3001/cb", registered, application_type="native"
    )
