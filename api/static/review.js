// Keys and selecting for the review desk. Without it everything works by ticking words.
"use strict";
(() => {
  const form = document.getElementById("decision");
  const undo = document.getElementById("undo");
  const keys = document.getElementById("keys");
  if (keys) keys.hidden = false;

  const kind = document.getElementById("kind");
  const ticks = form ? [...form.querySelectorAll(".word__tick")] : [];

  // A word keeps the kind that was chosen when it was ticked.
  function hide(tick, hidden) {
    tick.checked = hidden;
    if (tick.closest(".proposed")) return;
    const word = tick.closest(".word");
    word.querySelector("input[type=hidden]")?.remove();
    word.className = "word";
    if (!hidden) return;
    const chosen = document.createElement("input");
    Object.assign(chosen, { type: "hidden", name: `as-${tick.value}`, value: kind.value });
    word.append(chosen);
    word.classList.add("word--kind", `kind--${kind.value.toLowerCase()}`);
  }
  // What was ticked or unticked on this page, last first, so that Z can take it back.
  const steps = [];
  function change(some, hidden) {
    const moved = some.filter((tick) => tick.checked !== hidden);
    if (!moved.length) return;
    steps.push([moved, hidden]);
    for (const tick of moved) hide(tick, hidden);
  }
  for (const tick of ticks) {
    tick.addEventListener("change", () => {
      const hidden = tick.checked;
      tick.checked = !hidden;
      change([tick], hidden);
    });
  }
  function takeBack() {
    const [moved, hidden] = steps.pop() ?? [[], false];
    for (const tick of moved) hide(tick, !hidden);
    moved[0]?.focus();
  }
  // A whole piece: the proposal that a word is in, or the word alone.
  function pieceOf(tick) {
    const piece = tick.closest(".proposed");
    return piece ? [...piece.querySelectorAll(".word__tick")] : [tick];
  }

  // Words that a selection touches are ticked.
  document.getElementById("text")?.addEventListener("mouseup", () => {
    const selection = window.getSelection();
    if (!selection || selection.isCollapsed) return;
    change(ticks.filter((tick) => selection.containsNode(tick.parentElement, true)), true);
    selection.removeAllRanges();
  });

  // A label that a selection ended on would otherwise be toggled back by its click.
  let down = null;
  form?.addEventListener("mousedown", (event) => { down = [event.clientX, event.clientY]; });
  form?.addEventListener("click", (event) => {
    const moved = down && event.detail && Math.hypot(event.clientX - down[0], event.clientY - down[1]) > 5;
    if (moved && event.target.closest(".word")) event.preventDefault();
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("select, textarea")) return;
    const at = ticks.indexOf(document.activeElement);
    if (event.key === "s" && form) form.requestSubmit();
    else if (event.key === "u" && undo) undo.click();
    else if (event.key === "z" && steps.length) takeBack();
    else if ((event.key === "Delete" || event.key === "Backspace") && at >= 0) change(pieceOf(ticks[at]), false);
    else if (kind && /^[1-9]$/.test(event.key) && event.key <= kind.options.length) kind.selectedIndex = Number(event.key) - 1;
    else if (event.key === "ArrowRight" && ticks.length) ticks[Math.min(at + 1, ticks.length - 1)].focus();
    else if (event.key === "ArrowLeft" && ticks.length) ticks[Math.max(at - 1, 0)].focus();
    else return;
    event.preventDefault();
  });

  // One text is decided once: a second press while the page is on its way does nothing.
  let sent = false;
  form?.addEventListener("submit", (event) => {
    if (sent) event.preventDefault();
    sent = true;
  });
  window.addEventListener("pageshow", (event) => { if (event.persisted) window.location.reload(); });
})();
