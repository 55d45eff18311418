"""A kind of credential that can be bound to a key: what the dispatcher makes of it."""

from accounts.presented import BEARER, DPOP


class Bindable:
    """Each text of `issued` proves its credential, in either scheme."""

    name = "bindable"
    carriers = frozenset({BEARER, DPOP})

    def __init__(self):
        self.issued = {}

    def recognises(self, text):
        return text.startswith("bindable_")

    def find(self, text):
        return self.issued.get(text)


bindable = Bindable()
