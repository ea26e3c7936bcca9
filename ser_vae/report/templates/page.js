// Shows the templates that the selectors name, and the traces that a chart's selector names.
const choose = (name) => document.getElementById(name);
const templates = (level, key, value) =>
  [...document.querySelectorAll(`template[id^="${level}-"]`)].filter((t) => t.dataset[key] === value);
function fill(select, found) {
  const before = select.selectedOptions[0]?.text;
  select.replaceChildren(...found.map((t) => new Option(t.dataset.name, t.id)));
  const same = [...select.options].find((option) => option.text === before);
  if (same) same.selected = true;
}
const show = (place, template) => place.replaceChildren(template.content.cloneNode(true));
function update(from) {
  if (from === "study") {
    show(choose("at-study"), choose(`study-${choose("study").value}`));
    fill(choose("place"), templates("place", "study", choose("study").value));
  }
  const place = choose(choose("place").value);
  if (from !== "row") {
    show(choose("at-place"), place);
    fill(choose("row"), templates("row", "place", place.id.split("-")[1]));
  }
  show(choose("at-row"), choose(choose("row").value));
}
addEventListener("change", ({ target }) => {
  if (!target.dataset.chart) return update(target.id);
  const chart = choose(target.dataset.chart);
  Plotly.restyle(chart, { visible: chart.data.map((trace) => trace.meta === target.value) });
});
addEventListener("click", ({ target }) => target.dataset.sound && new Audio(target.dataset.sound).play());
update("study");
