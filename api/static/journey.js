// Posts a form by fetch and puts the answer in the place of the page, so that the browser's history never holds a post.
// Where that fails, nothing is lost: the page stays, says so, and tries again.
const FIRST_WAIT = 4000; // milliseconds before the first new attempt; then twice as long each time
const LONGEST_WAIT = 60000;

let waiting = 0; // timer of the next attempt
let wait = FIRST_WAIT;
let busy = false;
let inJourney = false; // true once this document shows what a child has answered

export function startJourney(enhance) {
  document.addEventListener("submit", (event) => {
    if (!event.target.matches("form[data-journey]")) return;
    event.preventDefault();
    if (!busy) send(event.target, event.submitter, enhance);
  });
  document.addEventListener("click", (event) => {
    const leave = event.target.closest("[data-leave]");
    if (leave) {
      event.preventDefault();
      forget();
      location.replace(leave.href); // the page just left is not in the history either
    } else if (event.target.closest("[data-try-now]")) {
      retry(enhance);
    } else if (event.target.closest(".govuk-error-summary a")) {
      event.preventDefault();
      focusField(event.target.closest("a").hash.slice(1));
    }
  });
  const tryAgain = document.querySelector("form[data-try-again]");
  if (tryAgain) later(tryAgain, tryAgain.querySelector("button"), enhance);
  document.querySelector("[data-error-summary]")?.focus();
}

// A page that comes back from the back/forward cache of a shared device must not show anyone's answers (A10).
export function forgetOnLeaving() {
  addEventListener("pagehide", () => {
    if (inJourney || document.querySelector("form[data-journey] input")) forget();
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) location.reload();
  });
}

function forget() {
  clearTimeout(waiting);
  document.body.replaceChildren();
  document.title = "";
}

async function send(form, button, enhance) {
  clearTimeout(waiting);
  busy = true;
  button?.setAttribute("aria-disabled", "true");
  const body = new URLSearchParams(new FormData(form, button ?? undefined));
  try {
    const response = await fetch(form.getAttribute("action"), { method: "POST", body, cache: "no-store", credentials: "omit", referrerPolicy: "no-referrer" });
    if (response.redirected) {
      forget();
      location.replace(response.url);
      return;
    }
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    // A proxy's own error page, a captive portal's, or our own failure: none of them holds the answers, so this page stays.
    if (response.status === 500 || !page.querySelector("[data-leave]")) throw new TypeError("not a page to go on with");
    show(page, enhance);
    const tryAgain = document.querySelector("form[data-try-again]");
    if (tryAgain) later(tryAgain, tryAgain.querySelector("button"), enhance);
    else wait = FIRST_WAIT;
  } catch {
    unreachable(form);
    later(form, button, enhance);
  } finally {
    busy = false;
    button?.removeAttribute("aria-disabled");
  }
}

function show(next, enhance) {
  const sameNews = document.title === next.title && document.querySelector("form[data-try-again]") && next.querySelector("form[data-try-again]");
  inJourney = true;
  document.title = next.title;
  document.body.className = next.body.className;
  if (sameNews) return; // not announced again
  document.body.replaceChildren(...next.body.childNodes);
  enhance();
  scrollTo(0, 0);
  const target = document.querySelector("[data-error-summary]") ?? document.querySelector("h1");
  if (target) {
    target.tabIndex = -1;
    target.focus({ preventScroll: true });
  }
}

function unreachable(form) {
  if (document.querySelector(".unreachable")) return;
  const template = document.querySelector("template[data-unreachable]");
  if (template) form.append(template.content.cloneNode(true));
}

function later(form, button, enhance) {
  clearTimeout(waiting);
  waiting = setTimeout(() => send(form, button, enhance), wait * (0.75 + Math.random() / 2)); // not the whole class at once
  wait = Math.min(wait * 2, LONGEST_WAIT);
}

function retry(enhance) {
  const form = document.querySelector("form[data-journey]");
  if (form && !busy) send(form, form.querySelector("button[type=submit]"), enhance);
}

function focusField(id) {
  const field = document.getElementById(id);
  if (!field) return;
  (field.closest("fieldset")?.querySelector("legend") ?? field).scrollIntoView();
  field.focus({ preventScroll: true });
}
