// Small kindnesses around options and text boxes. The server checks everything again.

export function enhanceChoices(root) {
  for (const question of root.querySelectorAll(".question")) {
    keepExclusive(question);
    tellHowMany(question);
    revealOther(question);
  }
  for (const box of root.querySelectorAll("[data-count]")) countCharacters(box);
}

// "I don't want to say" and its like go with nothing else: ticking one unticks the rest, and the other way round.
function keepExclusive(question) {
  const boxes = [...question.querySelectorAll("input[type=checkbox]")];
  const select = question.querySelector("select");
  question.addEventListener("change", ({ target }) => {
    if (target === select && select.value) {
      for (const box of boxes) box.checked = false;
    } else if (boxes.includes(target) && target.checked) {
      for (const box of boxes) {
        if (box !== target && ("exclusive" in target.dataset || "exclusive" in box.dataset)) box.checked = false;
      }
      if (select) select.value = "";
    }
  });
}

function tellHowMany(question) {
  const status = question.querySelector("[data-chosen]");
  if (!status) return;
  const tell = () => {
    const chosen = question.querySelectorAll("input[type=checkbox]:checked:not([data-exclusive])").length;
    status.textContent = chosen ? status.dataset.chosen.replace("{chosen}", chosen).replace("{limit}", status.dataset.limit) : "";
  };
  question.addEventListener("change", tell);
  tell();
}

function revealOther(question) {
  const option = question.querySelector("[data-reveals]");
  const box = option && document.getElementById(option.dataset.reveals);
  if (!box) return;
  const reveal = () => {
    box.hidden = !option.checked;
  };
  question.addEventListener("change", reveal);
  reveal();
}

// The count is seen at every key and spoken only in a pause.
function countCharacters(box) {
  const field = box.querySelector("textarea, input");
  const seen = box.querySelector(".count");
  const spoken = document.createElement("div");
  spoken.className = "govuk-visually-hidden";
  spoken.setAttribute("aria-live", "polite");
  box.append(spoken);
  let pause = 0;
  field.addEventListener("input", () => {
    const left = Number(box.dataset.count) - [...field.value.trim()].length;
    const text = (left < 0 ? box.dataset.over : box.dataset.left).replace("{count}", Math.abs(left));
    seen.textContent = text;
    seen.classList.toggle("count--over", left < 0);
    clearTimeout(pause);
    pause = setTimeout(() => {
      spoken.textContent = text;
    }, 1500);
  });
}
