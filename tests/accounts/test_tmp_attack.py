import pytest, itertools, json
from accounts import passkeys
from tests.accounts.soft_passkeys import *
from tests.surfing import age, cookie_of, surf
from tests.accounts.test_passkeys_made import browser_of

ODD = [None, 5, 1.5, True, "", "é", "\x00", "a", [], {}, ["x"], {"a": 1}, "A"*5000, [None], {"rk": 5}, 10**19-1]

def spoilt(credential):
    def paths(value, at=()):
        for k in list(value):
            yield (*at, k)
            if isinstance(value[k], dict):
                yield from paths(value[k], (*at, k))
    base = {**credential, "clientExtensionResults": {"credProps": {"rk": True}}, "authenticatorAttachment": "platform"}
    base["response"] = {**base["response"], "transports": ["usb"], "userHandle": base["response"].get("userHandle", "AA")}
    for path in list(paths(base)):
        for odd in ODD:
            copy = json.loads(json.dumps(base))
            part = copy
            for step in path[:-1]:
                part = part[step]
            part[path[-1]] = odd
            yield path, odd, copy

@pytest.mark.parametrize("what", ["register", "confirm"])
def test_fuzz(alice, what, settings):
    settings.BRAKES = {"account": (100000, 900), "address": (100000, 900)}
    browser = browser_of(alice)
    device = Device()
    if what == "confirm":
        browser.add(device)
    bad = []
    place = REGISTER if what == "register" else CONFIRM
    asked = browser.ask(place).json()
    cred = device.make(asked["options"]) if what == "register" else device.sign(asked["options"])
    for path, odd, _copy in list(spoilt(cred)):
        asked = browser.ask(place).json()
        d = Device() if what == "register" else device
        c = d.make(asked["options"]) if what == "register" else d.sign(asked["options"])
        c = {**c, "clientExtensionResults": {"credProps": {"rk": True}}, "authenticatorAttachment": "platform"}
        c["response"] = {**c["response"], "transports": ["usb"]}
        part = c
        for step in path[:-1]:
            part = part[step]
        part[path[-1]] = odd
        a = browser.tell(f"{place}/complete", {"state": asked["state"], "credential": c})
        if a.status_code >= 500:
            bad.append((path, odd, a.status_code))
        passkeys.of(alice.user).exclude(pk=passkeys.of(alice.user).last().pk if passkeys.has_any(alice.user) and what=="confirm" else 0).delete() if what=="register" else None
    print(len(bad), bad)
    assert not bad
