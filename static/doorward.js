// What pages do beyond their forms and links. Without it all of them work. It holds no
// words: what it says stands in the attributes of the elements.

const all = (selector, within = document) => [...within.querySelectorAll(selector)];

// A region that a screen reader reads out when its text changes.
const said = document.createElement("p");
said.className = "unseen";
said.setAttribute("role", "status");
document.body.append(said);

const say = (text) => {
  said.textContent = "";
  // Two changes in one turn would be none.
  setTimeout(() => (said.textContent = text), 50);
};

// data-copy="id" data-copied="Copied": copies the text of that element, and says so.
const copied = async (source) => {
  const text = source.value ?? source.textContent.trim();
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Over plain http there is no clipboard. Then what to copy is selected.
    getSelection().selectAllChildren(source);
    return document.execCommand("copy");
  }
  return true;
};

for (const button of all("[data-copy]")) {
  const label = button.textContent;
  let back;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy);
    if (!(await copied(source))) return;
    clearTimeout(back);
    button.textContent = button.dataset.copied;
    say(button.dataset.copied);
    back = setTimeout(() => (button.textContent = label), 2000);
  });
}

// data-keep-asking="url": asks every 2 seconds, for 10 minutes at most, until the answer
// {"done": true, "text": "…"} comes. Not while nobody looks.
const [PAUSE, ASKED_AT_MOST] = [2000, 300];

const ask = async (element) => {
  const answer = await fetch(element.dataset.keepAsking, {
    headers: { Accept: "application/json" },
    redirect: "error",
  });
  if (!answer.ok) return answer.status < 500;
  const { done, text } = await answer.json();
  if (text && text !== element.textContent) element.textContent = text;
  return done;
};

const keepAsking = async (element) => {
  element.setAttribute("aria-live", "polite");
  for (let asked = 0; asked < ASKED_AT_MOST; ) {
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
    if (document.hidden) continue;
    asked += 1;
    // A network that is away for a moment is asked again.
    if (await ask(element).catch(() => false)) return;
  }
};

all("[data-keep-asking]").forEach(keepAsking);

// data-guard="…": leaving is asked about until the checkbox inside is ticked. Browsers
// show words of their own.
for (const guard of all("[data-guard]")) {
  const ticks = all("input[type=checkbox]", guard);
  addEventListener("beforeunload", (event) => {
    if (guard.isConnected && !ticks.some((tick) => tick.checked)) event.preventDefault();
  });
}

// data-check="url" data-check-into="id": posts what is typed, and shows {"problems": []}.
const check = async (field) => {
  const token = field.form.elements.csrfmiddlewaretoken.value;
  const typed = field.value;
  const body = new URLSearchParams({ [field.name]: typed, csrfmiddlewaretoken: token });
  const answer = await fetch(field.dataset.check, { method: "POST", body });
  if (!answer.ok || field.value !== typed) return;
  const { problems } = await answer.json();
  const lines = problems.map((problem) => {
    const line = document.createElement("li");
    line.textContent = problem;
    return line;
  });
  document.getElementById(field.dataset.checkInto).replaceChildren(...lines);
  field.setAttribute("aria-invalid", String(lines.length > 0));
};

for (const field of all("[data-check]")) {
  let wait;
  document.getElementById(field.dataset.checkInto).setAttribute("aria-live", "polite");
  field.addEventListener("input", () => {
    clearTimeout(wait);
    wait = setTimeout(() => check(field).catch(() => {}), 400);
  });
}

// data-line="url": posts its form while it is filled in, and shows {"text": "…"}.
for (const line of all("[data-line]")) {
  const form = line.closest("form");
  let wait;
  line.setAttribute("role", "status");
  const tell = async () => {
    const body = new URLSearchParams(new FormData(form));
    body.set("step", "line");
    const answer = await fetch(line.dataset.line, { method: "POST", body });
    if (!answer.ok) return;
    line.textContent = (await answer.json()).text;
    line.hidden = !line.textContent;
  };
  form.addEventListener("input", () => {
    clearTimeout(wait);
    wait = setTimeout(() => tell().catch(() => {}), 400);
  });
}

// data-set="none|read|all": ticks the boxes of its form that have data-level="read|write",
// or of its own group (data-set-group).
for (const button of all("[data-set]")) {
  button.hidden = false;
  button.addEventListener("click", (event) => {
    event.preventDefault();
    const within = button.closest("[data-set-group]") ?? button.closest("form");
    const levels = { none: [], read: ["read"], all: ["read", "write"] }[button.dataset.set];
    for (const box of all("input[data-level]:enabled", within)) {
      box.checked = levels.includes(box.dataset.level);
    }
    within.dispatchEvent(new Event("input", { bubbles: true }));
  });
}

// data-show-password="id": a password to read while typing it. `aria-pressed` says which.
for (const button of all("[data-show-password]")) {
  const field = document.getElementById(button.dataset.showPassword);
  button.hidden = false;
  button.addEventListener("click", () => {
    const shown = field.type === "password";
    field.type = shown ? "text" : "password";
    button.setAttribute("aria-pressed", String(shown));
  });
}

// The page that Back brings is the one that was left: without its secrets.
addEventListener("pagehide", () => {
  for (const secret of all("[data-secret]")) secret.replaceChildren();
  for (const secret of all("input[data-secret]")) secret.value = "";
});
