// Makes pages smoother; every page works without it. Behaviour is asked for by data- attributes:
//   data-copy="id"        copies the value of that input          data-dismiss      takes its notice away
//   data-typed="text"     form: its danger button waits for the text   data-print     prints the page
//   data-check-all="name" ticks all boxes of that name            data-count-of="name"  shows how many are ticked
//   data-time-zone        hidden field: takes the browser's time zone
//   data-focus-first      form: the first wrong field gets the focus
//   data-stays            form: answers with a file, so the page stays and it may be sent again
//   data-quiet            its swaps are not read out: it looks again and again
//   data-menu-key="k"     menu: opens by Control or Command and that key      data-menu-search  the search in a menu
//   data-key="k"          is pressed by that key, unless somebody types; arrows by their names. data-keys holds what is
//   said of the keys, and data-keys-on, in it, the box that turns them off: in this browser, until it is ticked again
//   data-rove             its links are one stop of the tab key: arrows, Home and End lead from one to the next
//   data-announce         text that is read out when a swap brings it

const live = document.getElementById("live");

/** Says something to screen readers without showing it. */
function announce(words) {
  if (!live) return;
  live.textContent = "";
  setTimeout(() => { live.textContent = words; }, 50);
}

/** Shows a short notice in the corner; `tone` is ok, warn, bad or info. */
function toast(words, tone = "bad") {
  const corner = document.getElementById("toasts");
  const mould = document.getElementById("toast-mould");
  if (!corner || !mould) return;
  const notice = mould.content.firstElementChild.cloneNode(true);
  notice.classList.add(`notice-${tone}`);
  notice.querySelector(".notice-body").textContent = words;
  corner.replaceChildren(notice);
}

const words = document.body.dataset;

// --- Clicks ----------------------------------------------------------------------------------------------------------
document.addEventListener("click", async (event) => {
  const found = (name) => event.target.closest(`[data-${name}]`);
  const copy = found("copy");
  if (copy) {
    const source = document.getElementById(copy.dataset.copy);
    const text = source.value ?? source.textContent;
    try {
      await navigator.clipboard.writeText(text.trim());
    } catch {
      source.select?.();
      document.execCommand("copy");
    }
    const label = copy.querySelector("span");
    const before = label.textContent;
    label.textContent = copy.dataset.done;
    announce(copy.dataset.done);
    setTimeout(() => { label.textContent = before; }, 2000);
  }
  found("dismiss")?.closest(".notice").remove();
  if (found("print")) window.print();
});

// --- Forms -----------------------------------------------------------------------------------------------------------
// A form is sent once: the second click on a slow line must not invite twice.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post" || "stays" in form.dataset) return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "yes";
  event.submitter?.setAttribute("aria-busy", "true");
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
  for (const button of document.querySelectorAll("[aria-busy]")) button.removeAttribute("aria-busy");
});

function waitForTyping(form) {
  const button = form.querySelector(".btn-danger, .btn-primary");
  const field = form.querySelector("input:not([type=hidden]):not([type=checkbox]):not([type=password])");
  if (!button || !field) return;
  const check = () => { button.disabled = field.value.trim() !== form.dataset.typed; };
  field.addEventListener("input", check);
  check();
}

function addReveal(input) {
  if (input.closest(".reveal")) return;
  const frame = document.createElement("span");
  const button = document.createElement("button");
  frame.className = "reveal";
  button.type = "button";
  button.textContent = words.show;
  button.setAttribute("aria-pressed", "false");
  button.setAttribute("aria-controls", input.id);
  button.addEventListener("click", () => {
    const shown = input.type === "password";
    input.type = shown ? "text" : "password";
    button.textContent = shown ? words.hide : words.show;
    button.setAttribute("aria-pressed", String(shown));
  });
  input.replaceWith(frame);
  frame.append(input, button);
  if (input.hasAttribute("autofocus")) input.focus();
}

document.addEventListener("change", ({ target }) => {
  const name = target.dataset?.checkAll;
  if (name) for (const box of document.getElementsByName(name)) if (!box.disabled) box.checked = target.checked;
  if (target.type === "checkbox") {
    for (const place of document.querySelectorAll("[data-count-of]")) {
      const ticked = [...document.getElementsByName(place.dataset.countOf)].filter((box) => box.checked).length;
      place.textContent = ticked;
      place.closest("[data-with-ticked]")?.toggleAttribute("hidden", !ticked);
    }
  }
});

// --- Menus -----------------------------------------------------------------------------------------------------------
// Popovers open, close and give the focus back by themselves. Added: arrow keys, and a place where anchors are unknown.
const anchored = CSS.supports("position-area", "bottom");
document.addEventListener("toggle", (event) => {
  const list = event.target;
  if (!list.matches?.("[data-menu]") || event.newState !== "open") return;
  const button = document.querySelector(`[popovertarget="${list.id}"]`);
  if (!anchored && button) {
    const box = button.getBoundingClientRect();
    const left = list.classList.contains("menu-list-start") ? box.left : box.right - list.offsetWidth;
    const below = box.bottom + list.offsetHeight < innerHeight;
    list.style.right = "auto";
    list.style.left = `${Math.max(8, Math.min(left, innerWidth - list.offsetWidth - 8))}px`;
    list.style.top = `${below ? box.bottom : Math.max(8, box.top - list.offsetHeight - 10)}px`;
  }
}, true);
// A menu that names a key opens by it (with Control or Command), and its search has the focus at once.
document.addEventListener("toggle", ({ target, newState }) => {
  if (newState === "open") target.querySelector?.("[data-menu-search]")?.focus();
}, true);
document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
  const list = document.querySelector(`[data-menu-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (!list) return;
  event.preventDefault();
  document.querySelector(`[popovertarget="${list.id}"]`)?.click(); // opened by its button, it knows its place
  list.querySelector("[data-menu-search]")?.focus();
});
// Enter in a menu's search opens the first line that answers what is typed; before it has come, the form is sent.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.target.matches?.("[data-menu-search]")) return;
  const answer = event.target.closest("[data-menu]").querySelector("[data-answers]");
  const first = answer?.querySelector(".menu-item");
  if (!first || answer.dataset.answers !== event.target.value.trim()) return;
  event.preventDefault();
  first.click();
});
document.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step) return;
  const opener = event.target.closest("[popovertarget]");
  const list = event.target.closest("[data-menu]") ?? (opener && document.getElementById(opener.getAttribute("popovertarget")));
  if (!list?.matches("[data-menu]:popover-open")) return;
  const items = [...list.querySelectorAll(".menu-item")];
  const here = items.indexOf(document.activeElement);
  const search = list.querySelector("[data-menu-search]");
  if (search && here === 0 && step === -1) search.focus();
  else items.at((here === -1 && step === -1 ? -1 : here + step) % items.length)?.focus();
  event.preventDefault();
});

// --- One stop of the tab key for many links ---------------------------------------------------------------------------
function rove(place, to) {
  for (const link of place.querySelectorAll("a")) link.setAttribute("tabindex", link === to ? "0" : "-1");
}
document.addEventListener("keydown", (event) => {
  const place = event.target.closest?.("[data-rove]");
  const links = place ? [...place.querySelectorAll("a")] : [];
  const here = links.indexOf(event.target);
  const to = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: links.length - 1 }[event.key];
  if (here < 0 || to === undefined || !links[to]) return;
  event.preventDefault();
  rove(place, links[to]);
  links[to].focus();
});

// --- What a page brings ----------------------------------------------------------------------------------------------
function prepare(part) {
  for (const place of part.querySelectorAll("[data-rove]")) {
    rove(place, place.querySelector("[aria-current]") ?? place.querySelector("a:last-of-type"));
  }
  for (const form of part.querySelectorAll("form[data-typed]")) waitForTyping(form);
  for (const input of part.querySelectorAll("input[type=password]")) addReveal(input);
  for (const input of part.querySelectorAll("input[data-time-zone]")) input.value ||= Intl.DateTimeFormat().resolvedOptions().timeZone;
}
prepare(document);
for (const strip of document.querySelectorAll(".side-in, .tabs ul")) {
  const current = strip.querySelector("[aria-current]");
  if (current && strip.scrollWidth > strip.clientWidth) {
    strip.scrollLeft = current.offsetLeft - (strip.clientWidth - current.offsetWidth) / 2;
  }
}
document.querySelector("[data-focus-first] [aria-invalid=true]")?.focus();

// --- Swaps (htmx) ----------------------------------------------------------------------------------------------------
// The address of a narrowed list names only what was asked for.
document.addEventListener("htmx:config:request", ({ detail: { ctx } }) => {
  const { request } = ctx;
  if (request.method !== "GET") return;
  if (ctx.sourceElement?.getAttribute("hx-trigger")?.startsWith("every")) request.headers["X-By-Itself"] = "1";
  for (const [name, value] of [...request.body]) if (value === "") request.body.delete(name);
});
document.addEventListener("htmx:after:swap", ({ detail }) => {
  prepare(document);
  if ("quiet" in (detail.ctx?.sourceElement?.dataset ?? {})) return;
  const news = document.querySelector("#results [data-announce], #results .sheet-foot span");
  if (news) announce(news.textContent.trim());
});
// A page that answers with a refusal, or a sign-in page, is opened as a page of its own instead of being swapped in.
document.addEventListener("htmx:before:swap", (event) => {
  const ctx = event.detail.ctx;
  if (ctx.response.status < 400 && !ctx.response.raw?.redirected) return;
  event.preventDefault();
  window.location.assign(ctx.request.action);
});
document.addEventListener("htmx:error", () => toast(words.offline));

// --- Passkeys --------------------------------------------------------------------------------------------------------
document.addEventListener("allauth.error", (event) => {
  event.preventDefault();
  const refused = event.detail.exception?.name === "NotAllowedError" || event.detail.exception?.name === "AbortError";
  toast(refused ? words.keyCancelled : words.keyFailed, refused ? "warn" : "bad");
});

// --- Keys of a page --------------------------------------------------------------------------------------------------
// Single keys act on the page that names them, never while somebody types, and can be turned off (WCAG 2.1.4).
const KEYS_OFF = "keys-off";
const keys = document.querySelector("[data-keys]");
const keysOn = keys?.querySelector("[data-keys-on]");
if (keys && keysOn) {
  keys.hidden = false;
  keysOn.checked = localStorage.getItem(KEYS_OFF) === null;
  keysOn.addEventListener("change", () => {
    if (keysOn.checked) localStorage.removeItem(KEYS_OFF);
    else localStorage.setItem(KEYS_OFF, "yes");
  });
}
document.addEventListener("keydown", (event) => {
  if (!keysOn?.checked || event.defaultPrevented || event.repeat) return;
  if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  if (event.target.closest?.("input, textarea, select, [contenteditable], [popover]")) return;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const pressed = document.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (!pressed) return;
  event.preventDefault();
  pressed.click();
});
