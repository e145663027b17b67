// The child door's only script. Every page works without it; with it, a form's pages follow each other in place, so that no
// answer is left behind in the browser's history.
import { enhanceChoices } from "./choices.js";
import { forgetOnLeaving, startJourney } from "./journey.js";
import { offerReadAloud } from "./read_aloud.js";

function enhance() {
  for (const note of document.querySelectorAll("[data-without-script]")) note.hidden = true; // true only where this does not run
  enhanceChoices(document);
  offerReadAloud(document);
}

forgetOnLeaving();
startJourney(enhance);
enhance();
