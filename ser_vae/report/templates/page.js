// Shows the <template> that each selector names, and the traces that a chart's selector names.
const byId = (id) => document.getElementById(id);
const templatesOf = (level, key, value) =>
  [...document.querySelectorAll(`template[id^="${level}-"]`)].filter((t) => t.dataset[key] === value);
function setOptions(select, templates) {
  const before = select.selectedOptions[0]?.text;
  select.replaceChildren(...templates.map((t) => new Option(t.dataset.name, t.id)));
  const same = [...select.options].find((option) => option.text === before);
  if (same) same.selected = true;
}
const show = (container, template) => container.replaceChildren(template.content.cloneNode(true));
function update(changed) {
  const study = byId("study").value;
  if (changed === "study") {
    show(byId("of-study"), byId(`study-${study}`));
    setOptions(byId("testset"), templatesOf("testset", "study", study));
  }
  const testset = byId(byId("testset").value);
  if (changed !== "row") {
    show(byId("of-testset"), testset);
    setOptions(byId("row"), templatesOf("row", "testset", testset.id));
  }
  show(byId("of-row"), byId(byId("row").value));
}
addEventListener("change", ({ target }) => {
  if (!target.dataset.chart) return update(target.id);
  const chart = byId(target.dataset.chart);
  Plotly.restyle(chart, { visible: chart.data.map((trace) => trace.meta === target.value) });
});
addEventListener("click", ({ target }) => target.dataset.audio && new Audio(target.dataset.audio).play());
update("study");
