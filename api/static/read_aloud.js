// Reads the page aloud, with a voice that lives on this device only: other voices send the text to their maker.

export function offerReadAloud(root) {
  const button = root.querySelector("[data-read-aloud]");
  if (!button || !("speechSynthesis" in window)) return;
  const start = button.textContent;
  const stop = button.dataset.stop;
  speechSynthesis.cancel();
  const offer = () => {
    button.hidden = !localVoice();
  };
  speechSynthesis.addEventListener("voiceschanged", offer);
  offer();
  button.addEventListener("click", () => {
    const reading = button.textContent === stop;
    speechSynthesis.cancel();
    button.textContent = reading ? start : stop;
    if (!reading) read(sentences(root), () => (button.textContent = start));
  });
}

function localVoice() {
  const language = document.documentElement.lang.split("-")[0];
  return speechSynthesis.getVoices().find((voice) => voice.localService && voice.lang.toLowerCase().startsWith(language));
}

function sentences(root) {
  const read = "main h1, main h2, main p, main legend, main label, main .govuk-hint, main .govuk-inset-text";
  return [...root.querySelectorAll(read)]
    .filter((element) => element.checkVisibility() && !element.querySelector("h1, h2"))
    .map((element) => element.textContent.trim())
    .filter(Boolean);
}

function read(texts, done) {
  const voice = localVoice();
  if (!voice || !texts.length) return done();
  const utterance = new SpeechSynthesisUtterance(texts[0]);
  utterance.voice = voice;
  utterance.lang = voice.lang;
  utterance.rate = 0.9;
  utterance.onend = () => read(texts.slice(1), done);
  utterance.onerror = done;
  speechSynthesis.speak(utterance);
  return undefined;
}
