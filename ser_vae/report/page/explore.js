"use strict";
// Draws what can be seen, and draws it again as the reader chooses.
(() => {
  const places = JSON.parse(document.getElementById("charts").textContent);
  const plots = [...document.querySelectorAll(".plot")];
  const drawn = new Set();

  const placeOf = (node) => places[node.closest(".place").dataset.place];
  const controlsOf = (node) => {
    const named = {};
    for (const field of node.closest("figure").querySelectorAll("[name]")) {
      if (field.type === "checkbox") (named[field.name] ??= []).push(field); else named[field.name] = field;
    }
    return named;
  };

  function draw(plot, width) {
    const [traces, own] = charts[plot.dataset.chart](placeOf(plot), controlsOf(plot));
    const axis = (more) => ({ gridcolor: grid, zerolinecolor: grid, automargin: true, ...more });
    const grid = getComputedStyle(plot.closest(".place").parentElement.querySelector("h2")).borderTopColor;
    const quiet = getComputedStyle(document.querySelector(".facts")).color;
    const layout = {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { family: "system-ui, sans-serif", size: 13, color: text() },
      margin: { l: 56, r: 12, t: 16, b: 48 }, height: 380, legend: { orientation: "h", y: -0.22 }, modebar: { bgcolor: "rgba(0,0,0,0)", color: quiet, activecolor: text() }, hovermode: "closest",
      ...own, xaxis: axis(own.xaxis), yaxis: axis(own.yaxis), ...(width ? { width } : { autosize: true }),
    };
    // plotly's bar has a button that sends a chart's data to its makers' server, unless told not to.
    const config = {
      responsive: true, displaylogo: false, showSendToCloud: false, plotlyServerURL: "", modeBarButtonsToRemove: ["lasso2d", "select2d"],
    };
    plot.style.height = `${layout.height}px`;
    Plotly.react(plot, traces, layout, config);
    if (!drawn.has(plot) && plot.dataset.chart === "map") {
      plot.on("plotly_click", ({ points: [point] }) => hear(plot, point.customdata));
    }
    drawn.add(plot);
  }

  function hear(plot, who) {
    const { utterances } = placeOf(plot), figure = plot.closest("figure");
    const audio = figure.querySelector("audio"), status = figure.querySelector(".listen");
    const name = ["utterance", "emotion", "speaker"].map((own) => utterances[own][who]).filter(Boolean).join(", ");
    const sorry = () => { audio.hidden = true; status.textContent = `${name}: it can't be played here. The page holds no sound, as corpora are licensed; it looks for the corpus at ${decodeURI(utterances.audio[who]) || "a place that the run did not note"}.`; };
    controlsOf(plot).utterance.value = who;
    if (!utterances.audio[who]) return sorry();
    audio.hidden = false;
    audio.onerror = sorry;
    audio.src = utterances.audio[who];
    status.textContent = `Playing ${name}.`;
    audio.play().catch(sorry);
  }

  function offer(plot) {
    const select = controlsOf(plot).utterance, { utterances } = placeOf(plot);
    select.append(...utterances.utterance.map((name, who) => new Option(name, who)));
    select.addEventListener("change", () => select.value && hear(plot, Number(select.value)));
  }

  const watch = new IntersectionObserver((seen) => {
    for (const { target, isIntersecting } of seen) if (isIntersecting && !drawn.has(target)) draw(target);
  }, { rootMargin: "600px" });
  for (const plot of plots) {
    watch.observe(plot);
    if (plot.dataset.chart === "map") offer(plot);
    plot.closest("figure").querySelector(".controls")?.addEventListener("input", ({ target }) => {
      if (target.name !== "utterance") draw(plot);
    });
  }
  document.addEventListener("theme", () => drawn.forEach((plot) => draw(plot)));

  const place = document.getElementById("place");
  function show(number) {
    for (const own of document.querySelectorAll(".place")) own.classList.toggle("off", own.dataset.place !== number);
  }
  if (place) {
    if (chosen.get("place") in places) place.value = chosen.get("place");
    show(place.value);
    place.addEventListener("change", () => { remember("place", place.value); show(place.value); });
  }

  const PAPER = 680; // pixels across a printed page
  const root = document.documentElement.dataset;
  let folded = [], chosenTheme;
  addEventListener("beforeprint", () => {
    chosenTheme = root.theme;
    root.theme = "light"; // paper is white
    folded = [...document.querySelectorAll("details:not([open])")];
    for (const own of folded) own.open = true;
    for (const plot of plots) draw(plot, PAPER);
  });
  addEventListener("afterprint", () => {
    if (chosenTheme) root.theme = chosenTheme; else delete root.theme;
    for (const own of folded) own.open = false;
    for (const plot of drawn) draw(plot);
  });
})();
