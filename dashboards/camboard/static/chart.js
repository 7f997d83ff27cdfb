// Draws every [data-chart] from its own table. No string for people and no figure is made here.
"use strict";
(() => {
  const library = document.currentScript.dataset.library;
  const drawn = new Map();   // key of the chart -> { plot, of, u }
  const wished = new Map();  // key -> whether its reader opened the table
  const watched = new WeakSet();
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const FONT = "12px system-ui, sans-serif";

  function read(figure) {
    const labels = [], told = [], columns = [[], [], [], []], xs = [];
    for (const row of figure.querySelectorAll("tbody tr")) {
      const numbers = row.dataset.n ? row.dataset.n.split(" ").map(Number) : [null, null, null, null];
      xs.push(xs.length);
      labels.push(row.querySelector("th").textContent);
      told.push(row.dataset.told);
      numbers.forEach((n, i) => columns[i].push(n));
    }
    return { labels, told, data: [xs, columns[1], columns[2], columns[0], columns[3]] };
  }

  function goalLine(goal, ink) {
    return (u) => {
      const y = u.valToPos(goal, "y", true), c = u.ctx;
      c.save();
      c.strokeStyle = ink;
      c.lineWidth = devicePixelRatio;
      c.setLineDash([2 * devicePixelRatio, 3 * devicePixelRatio]);
      c.beginPath();
      c.moveTo(u.bbox.left, y);
      c.lineTo(u.bbox.left + u.bbox.width, y);
      c.stroke();
      c.restore();
    };
  }

  function options(figure, plot, found, reading) {
    const link = css("--link"), soft = css("--soft"), line = css("--line");
    const floor = Number(figure.dataset.floor), small = figure.classList.contains("small");
    const axis = { stroke: soft, font: FONT, grid: { stroke: line, width: 1 }, ticks: { stroke: line, width: 1 } };
    const hidden = { stroke: "transparent", width: 0, points: { show: false } };
    return {
      width: plot.clientWidth, height: small ? 130 : 240, legend: { show: false },
      scales: { x: { time: false, range: (u, lo, hi) => [lo - 0.4, hi + 0.4] }, y: { range: [floor, 100 + (100 - floor) * 0.04] } },
      axes: [
        { ...axis, incrs: [1, 2, 3, 5, 7, 10, 14], space: 52, values: (u, at) => at.map((n) => found.labels[n] ?? "") },
        { ...axis, size: 60, space: small ? 34 : 40, values: (u, at) => at.map((n) => (n > 100 ? "" : n + "%")) },
      ],
      series: [
        {},
        hidden,
        hidden,
        { stroke: link, width: 2.5, spanGaps: false, points: { size: 6 } },
        { stroke: css("--degraded"), width: 1.5, dash: [5, 4], spanGaps: false, points: { size: 5 } },
      ],
      bands: [{ series: [2, 1], fill: link + "38" }],
      cursor: { y: false, drag: { x: false, y: false } },
      hooks: {
        draw: [goalLine(Number(figure.dataset.goal), css("--ink"))],
        setCursor: [(u) => {
          const words = u.cursor.idx == null ? "" : found.told[u.cursor.idx];
          if (reading.textContent !== words) reading.textContent = words;
        }],
      },
    };
  }

  function byKeys(plot, chart) {
    plot.tabIndex = 0;
    plot.addEventListener("keydown", (event) => {
      const u = chart().u, last = u.data[0].length - 1, at = u.cursor.idx ?? -1;
      const next = { ArrowRight: at + 1, ArrowLeft: at < 0 ? last : at - 1, Home: 0, End: last }[event.key];
      if (next === undefined) return;
      event.preventDefault();
      const i = Math.min(last, Math.max(0, next));
      u.setCursor({ left: u.valToPos(i, "x"), top: 10 });
    });
  }

  function table(figure, key) {
    const details = figure.querySelector("details");
    if (!details) return;
    details.open = wished.get(key) ?? false;
    if (watched.has(details)) return;
    watched.add(details);
    details.querySelector("summary").addEventListener("click", () => wished.set(key, !details.open));
  }

  function draw(figure) {
    const key = figure.dataset.chart, plot = figure.querySelector(".plot"), found = read(figure);
    if (!found.labels.length || !globalThis.uPlot) return;
    figure.classList.add("drawn");
    table(figure, key);
    const of = JSON.stringify([found, figure.dataset.goal, figure.dataset.floor, css("--link")]);
    const known = drawn.get(key);
    if (known && known.of === of && known.plot === plot) return;
    if (known) known.u.destroy();
    const u = new uPlot(options(figure, plot, found, figure.querySelector(".reading")), found.data, plot);
    if (!known || known.plot !== plot) {
      byKeys(plot, () => drawn.get(key));
      new ResizeObserver(() => {
        const now = drawn.get(key);
        if (now.plot === plot && plot.clientWidth) now.u.setSize({ width: plot.clientWidth, height: now.u.height });
      }).observe(plot);
    }
    drawn.set(key, { plot, of, u });
  }

  const charts = () => document.querySelectorAll("[data-chart]");
  const all = () => charts().forEach(draw);

  // The page is there before its charts: their places are kept, what draws them comes after everything else.
  function hold(figure) {
    if (!figure.querySelector("tbody tr")) return;
    figure.classList.add("drawn");
    table(figure, figure.dataset.chart);
  }

  function release() {  // the library did not come: the tables stand open again
    charts().forEach((figure) => {
      figure.classList.remove("drawn");
      figure.querySelector("details")?.setAttribute("open", "");
    });
  }

  let asked = false;
  function bring() {
    if (globalThis.uPlot) return all();
    if (asked) return;
    asked = true;
    const script = document.createElement("script");
    script.src = library;
    script.addEventListener("load", all);
    script.addEventListener("error", release);
    document.head.append(script);
  }

  // A page that only has a link to a trend gets the trend in its place.
  async function fetched(place) {
    try {
      const answer = await fetch(place.dataset.trend, { credentials: "same-origin", cache: "no-store" });
      if (!answer.ok) return;
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const figure = page.querySelector("[data-chart]");
      if (!figure) return;
      place.replaceChildren(document.importNode(figure, true));
      begin();
    } catch {
      // The link stays.
    }
  }

  function begin() {
    charts().forEach(hold);
    if (document.readyState === "complete") bring();
    else addEventListener("load", bring, { once: true });
  }

  document.querySelectorAll("[data-trend]").forEach(fetched);
  document.getElementById("board")?.addEventListener("renewed", begin);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", all);
  begin();
})();
