"use strict";
// The table of all runs: sorted by its heads, filtered by the form above it.
(() => {
  const table = document.getElementById("table");
  const form = document.getElementById("filter");
  const count = document.getElementById("count");
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  const rows = [...body.rows].map((row) => ({
    row, words: row.textContent.toLowerCase(), cells: [...row.cells].map((cell) => cell.firstChild?.textContent.trim() ?? ""),
  }));

  function compare(a, b) {
    const x = parseFloat(a), y = parseFloat(b);
    if (Number.isNaN(x) !== Number.isNaN(y)) return Number.isNaN(x) ? 1 : -1;
    return Number.isNaN(x) ? a.localeCompare(b) : x - y;
  }

  function sort(head, down) {
    const at = heads.indexOf(head);
    const absent = (cells) => cells[at] === "–"; // at the end, whichever way
    rows.sort((a, b) => absent(a.cells) - absent(b.cells) || (down ? -1 : 1) * compare(a.cells[at], b.cells[at]));
    body.append(...rows.map(({ row }) => row));
    for (const other of heads) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
  }

  function filter() {
    const wanted = [...new FormData(form)].filter(([, value]) => value);
    let shown = 0;
    for (const { row, words, cells } of rows) {
      row.hidden = !wanted.every(([name, value]) => name === "q"
        ? words.includes(value.toLowerCase())
        : cells[heads.findIndex((head) => head.dataset.name === name)] === value);
      shown += !row.hidden;
    }
    count.textContent = shown === rows.length ? `${shown} runs` : `${shown} of ${rows.length} runs`;
  }

  for (const head of heads) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      sort(head, down);
      remember("sort", `${head.dataset.name}${down ? " down" : ""}`);
    });
  }
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", ({ target }) => { remember(target.name, target.value); filter(); });
  form.addEventListener("reset", () => setTimeout(() => {
    for (const { name } of form.elements) if (name) remember(name, "");
    filter();
  }));

  for (const field of form.elements) if (field.name && chosen.has(field.name)) field.value = chosen.get(field.name);
  const [name, down] = (chosen.get("sort") ?? "").split(" ");
  const head = heads.find((own) => own.dataset.name === name);
  if (head) sort(head, Boolean(down));
  filter();
})();
