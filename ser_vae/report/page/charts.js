"use strict";
// Plain data of a place -> what plotly draws. A chart is a function (place, its controls) -> [traces, layout].
const DASHES = ["solid", "dash", "dot", "dashdot"];

const escaped = (text) => String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
const text = () => getComputedStyle(document.body).color;
const LIGHTER = 0.3; // of white in a colour on dark ground

function visible(colour) {
  if (colour === "#000000") return text(); // black on black is none
  if (!isDark()) return colour;
  const parts = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  return `rgb(${parts.map((part) => Math.round(part + LIGHTER * (255 - part))).join(",")})`;
}

const charts = {
  scores({ scores: { cells, trivial }, looks }) {
    const shown = cells.map(({ cell, look, ua, low, high }) => ({
      type: "scatter", mode: "markers", x: [ua], y: [escaped(cell)], showlegend: false,
      marker: { size: 10, color: visible(looks.model[look][0]), symbol: looks.model[look][1] },
      error_x: { type: "data", symmetric: false, array: [(high ?? ua) - ua], arrayminus: [ua - (low ?? ua)], thickness: 1.5, color: visible(looks.model[look][0]) },
      hovertemplate: `${escaped(cell)}: ${ua.toFixed(2)} %${low === null ? "" : `, ${low.toFixed(1)} to ${high.toFixed(1)}`}<extra></extra>`,
    }));
    const ends = cells.flatMap(({ ua, low, high }) => [low ?? ua, high ?? ua]).concat(trivial.ua);
    const range = [Math.max(0, Math.min(...ends) - 4), Math.min(101, Math.max(...ends) + 4)];
    return [shown, {
      height: 110 + 26 * cells.length, xaxis: { title: { text: "UA in %" }, range }, yaxis: { type: "category", automargin: true },
      shapes: [{ type: "line", x0: trivial.ua, x1: trivial.ua, yref: "paper", y0: 0, y1: 1, line: { dash: "dash", width: 1.5, color: text() } }],
    }];
  },

  curves({ curves, looks }, controls) {
    const quantity = controls.quantity.value;
    const wanted = new Set([...controls.cell].filter((box) => box.checked).map((box) => box.value));
    const seen = new Set();
    const shown = curves.filter(({ cell, y }) => wanted.has(cell) && quantity in y).map(({ cell, run, y }) => {
      const first = !seen.has(cell);
      seen.add(cell);
      return {
        type: "scatter", mode: y[quantity].length > 1 ? "lines" : "markers", x0: 1, dx: 1, y: y[quantity],
        name: escaped(cell), legendgroup: cell, showlegend: first,
        line: { width: 1.5, color: visible(looks.model[cell][0]), dash: DASHES[looks.model[cell][2] % DASHES.length] },
        hovertemplate: `${escaped(cell)}, ${escaped(run)}<br>epoch %{x}: %{y}<extra></extra>`,
      };
    });
    return [shown, { xaxis: { title: { text: "epoch" } }, yaxis: { title: { text: escaped(quantity) } } }];
  },

  map({ maps, utterances, looks }, controls) {
    const map = maps[controls.map.value], by = controls.by.value, drawn = map.methods[controls.method.value];
    const groups = new Map();
    map.who.forEach((who, at) => {
      const word = by === "model" ? (map.model?.[at] ?? map.name) : utterances[by][who];
      groups.set(word, [...(groups.get(word) ?? []), at]);
    });
    const shown = Object.keys(looks[by]).filter((word) => groups.has(word)).map((word) => {
      const own = groups.get(word), [colour, symbol] = looks[by][word];
      return {
        type: "scatter", mode: "markers", name: escaped(word || "not known"), x: own.map((at) => drawn.x[at]), y: own.map((at) => drawn.y[at]),
        customdata: own.map((at) => map.who[at]), marker: { size: 7, opacity: 0.8, color: visible(colour), symbol },
        text: own.map((at) => {
          const who = map.who[at], known = ["utterance", "emotion", "speaker", "sex"].map((name) => utterances[name][who]);
          return escaped([...known, map.model?.[at]].filter(Boolean).join(", "));
        }),
        hovertemplate: "%{text}<extra></extra>",
      };
    });
    return [shown, { height: 480, xaxis: { title: { text: drawn.axes[0] } }, yaxis: { title: { text: drawn.axes[1] } } }];
  },

  kl({ kl, looks }, controls) {
    const own = kl.cells[controls.kl.value];
    const threshold = { type: "line", xref: "paper", x0: 0, x1: 1, y0: kl.used, y1: kl.used, line: { dash: "dash", width: 1.5, color: text() } };
    return [[{
      type: "bar", x: own.kl.map((_, rank) => rank + 1), y: own.kl, customdata: own.dimension,
      marker: { color: visible(looks.model[own.cell][0]), line: { width: 0 } }, hovertemplate: "dimension %{customdata}: %{y} nats<extra></extra>",
    }], {
      bargap: 0, xaxis: { title: { text: "latent dimension, by rank" } }, yaxis: { title: { text: "KL in nats a segment" } }, shapes: [threshold],
      annotations: [{ xref: "paper", x: 1, y: kl.used, text: `used above ${kl.used}`, showarrow: false, yanchor: "bottom", xanchor: "right" }],
    }];
  },
};
