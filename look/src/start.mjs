// SPDX-License-Identifier: EUPL-1.2
// Wakes the components that do more with JavaScript; every page works without this file.
import { initAll, isSupported } from "./govuk-frontend.js";

if (isSupported() || "noModule" in HTMLScriptElement.prototype) {
  document.body.classList.add("js-enabled", "govuk-frontend-supported");
  initAll();
}

// What is under way looks again by itself: `data-look-again` holds the seconds, and its end brings the whole page.
function lookAgain(place) {
  setTimeout(async () => {
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const now = answer.ok && page.getElementById(place.id);
      if (!now || !now.dataset.lookAgain) return location.reload();
      const [here, there] = [place, now].map((each) => each.querySelector("[role=status]"));
      if (here && there && here.innerHTML !== there.innerHTML) here.innerHTML = there.innerHTML;
    } catch {
      // the site may be away for a moment: look once more
    }
    lookAgain(place);
  }, 1000 * Number(place.dataset.lookAgain));
}

document.querySelectorAll("[data-look-again][id]").forEach(lookAgain);
