// Passkeys: to sign in, as the second step, to confirm, and a new one. A button with
// data-passkey="sign-in|second-step|confirm|register" is shown where the browser knows
// passkeys. Its data- attributes hold the words; #passkey-said is where they are said.

const PLACES = {
  "sign-in": "/login/passkey/",
  "second-step": "/login/code/passkey/",
  confirm: "/settings/confirm/passkey/",
  register: "/settings/security/passkeys/",
};
// The question is good for five minutes; one that waits in a field is renewed before.
const RENEW = 4 * 60 * 1000;

const bytes = (text) => {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (character) => character.charCodeAt(0));
};

const text = (buffer) => {
  if (!buffer) return undefined;
  const plain = String.fromCharCode(...new Uint8Array(buffer));
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
};

const named = (list = []) => list.map((one) => ({ ...one, id: bytes(one.id) }));

// Written by hand, as not every browser and password manager has fromJSON and toJSON.
const parsed = (options) => ({
  ...options,
  challenge: bytes(options.challenge),
  ...(options.user && { user: { ...options.user, id: bytes(options.user.id) } }),
  allowCredentials: named(options.allowCredentials),
  excludeCredentials: named(options.excludeCredentials),
});

const written = (passkey) => ({
  id: passkey.id,
  rawId: text(passkey.rawId),
  type: passkey.type,
  response: {
    clientDataJSON: text(passkey.response.clientDataJSON),
    attestationObject: text(passkey.response.attestationObject),
    authenticatorData: text(passkey.response.authenticatorData),
    signature: text(passkey.response.signature),
    userHandle: text(passkey.response.userHandle),
    transports: passkey.response.getTransports?.(),
  },
  clientExtensionResults: passkey.getClientExtensionResults(),
});

const post = async (address, body = {}) => {
  const answer = await fetch(address + location.search, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      "X-CSRFToken": document.querySelector("[name=csrfmiddlewaretoken]").value,
    },
    body: JSON.stringify(body),
  });
  const told = await answer.json();
  if (!answer.ok) throw Object.assign(new Error(told.detail), { told });
  return told;
};

// What waits in the field of the sign-in page. Browsers have one question at a time.
let waiting = new AbortController();

const use = async (what, more) => {
  waiting.abort();
  waiting = new AbortController();
  const { signal } = waiting;
  const { options, state } = await post(PLACES[what] + "begin");
  const wish = { publicKey: parsed(options), signal, ...more };
  const verb = what === "register" ? "create" : "get";
  const credential = written(await navigator.credentials[verb](wish));
  const trust = document.querySelector("[name=trust]")?.checked;
  return post(PLACES[what] + "complete", { state, credential, trust });
};

const go = (what, told, form) => {
  if (what === "register") return location.reload();
  if (what !== "confirm") return location.assign(told.next);
  // The page that asked goes on with what was typed into it, without its own fields.
  const own = "[name=confirm_code], [name=confirm_password]";
  for (const field of form.querySelectorAll(own)) field.disabled = true;
  form.submit();
};

const say = (error, words) => {
  const said = document.getElementById("passkey-said");
  if (error.told?.code === "fresh_sign_in_required") {
    const next = encodeURIComponent(location.pathname);
    return location.assign(`/settings/confirm?next=${next}`);
  }
  const known = error.name === "InvalidStateError" && words.known;
  said.textContent = error.told?.detail ?? (known || words.failed);
  said.hidden = false;
};

const autofill = async () => {
  const able = await PublicKeyCredential.isConditionalMediationAvailable?.();
  if (!able || !document.querySelector("[autocomplete~=webauthn]")) return;
  const button = document.querySelector("[data-passkey=sign-in]");
  const renewed = setInterval(offer, RENEW);
  async function offer() {
    try {
      go("sign-in", await use("sign-in", { mediation: "conditional" }));
      clearInterval(renewed);
    } catch (error) {
      // Taken back by a newer question, or dismissed: nobody has to be told.
      if (error.told) say(error, button.dataset);
    }
  }
  button.addEventListener("click", () => clearInterval(renewed));
  offer();
};

if (window.PublicKeyCredential) {
  for (const button of document.querySelectorAll("[data-passkey]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      const what = button.dataset.passkey;
      button.disabled = true;
      try {
        go(what, await use(what), button.form);
      } catch (error) {
        say(error, button.dataset);
        button.disabled = false;
      }
    });
  }
  autofill();
}
