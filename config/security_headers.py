"""The security headers that every answer carries."""

from __future__ import annotations

from types import MappingProxyType

from django.conf import settings
from django.http.response import HttpResponseBase

# No 'unsafe-inline', no 'unsafe-eval', no nonce: every page uses files of this server.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)
# The stylesheet of Swagger UI holds its small pictures itself.
REFERENCE_POLICY = CONTENT_SECURITY_POLICY.replace("img-src", "img-src data:")
PERMISSIONS_POLICY = ", ".join(
    (
        "accelerometer=()",
        "browsing-topics=()",
        "camera=()",
        "display-capture=()",
        "geolocation=()",
        "gyroscope=()",
        "magnetometer=()",
        "microphone=()",
        "midi=()",
        "payment=()",
        "usb=()",
        "clipboard-write=(self)",
        "publickey-credentials-create=(self)",
        "publickey-credentials-get=(self)",
    )
)
HEADERS = MappingProxyType(
    {
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "X-Content-Type-Options": "nosniff",
        # With "no-referrer" browsers send `Origin: null`, which the CSRF check refuses.
        "Referrer-Policy": "same-origin",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": PERMISSIONS_POLICY,
    }
)
STRICT_TRANSPORT_SECURITY = "max-age=31536000; includeSubDomains"


def apply(response: HttpResponseBase) -> None:
    """Set what the view did not set itself, as the API docs set their policy."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if settings.PUBLIC_URL.startswith("https://"):
        response.headers.setdefault(
            "Strict-Transport-Security", STRICT_TRANSPORT_SECURITY
        )
