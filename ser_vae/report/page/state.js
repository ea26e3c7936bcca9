"use strict";
// What the reader chose stands in the address, to be sent along: report.html#place=1&model=vae
const chosen = new URLSearchParams(location.hash.includes("=") ? location.hash.slice(1) : "");

function remember(name, value) {
  if (value) chosen.set(name, value); else chosen.delete(name);
  history.replaceState(null, "", `#${chosen}`);
}

document.getElementById("no-script")?.remove();
for (const hidden of document.querySelectorAll(".controls, #theme")) hidden.hidden = false;

const dark = matchMedia("(prefers-color-scheme: dark)");
const theme = document.getElementById("theme");
const isDark = () => (document.documentElement.dataset.theme ?? (dark.matches ? "dark" : "light")) === "dark";

function themed() {
  theme.setAttribute("aria-pressed", String(isDark()));
  document.dispatchEvent(new Event("theme"));
}
theme.addEventListener("click", () => {
  document.documentElement.dataset.theme = isDark() ? "light" : "dark";
  themed();
});
dark.addEventListener("change", themed);
theme.setAttribute("aria-pressed", String(isDark()));
