// SPDX-License-Identifier: EUPL-1.2
// Wakes the components that do more with JavaScript; every page works without this file.
import { initAll, isSupported } from "./govuk-frontend.js";

if (isSupported() || "noModule" in HTMLScriptElement.prototype) {
  document.body.classList.add("js-enabled", "govuk-frontend-supported");
  initAll();
}
