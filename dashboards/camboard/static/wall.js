// The wall screen. It runs for months without a hand: whatever fails is tried again, and what is old says so.
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const wall = $("wall"), veil = $("veil"), d = wall.dataset;
  const REFRESH_MS = Number(d.refreshMs), A_PAGE = Number(d.aPage);
  const LOST_MS = 3000, TURN_MS = 20000, SHIFT_MS = 180000, LEAST_MS = 1000;
  const BACKOFF_MS = [1000, 2000, 4000, 8000, 15000, 30000];
  const SHIFTS = [[0, 0], [4, 2], [2, 5], [-3, 4], [-5, 0], [-3, -4], [1, -5], [4, -3]];

  let staleMs = Number(d.staleMs), toldAge = Number(d.ageMs), toldPerf = performance.now(), toldWall = Date.now();
  let localMs = null, lostSince = null, refused = false, version = null, etag = "", shown = null;
  let fetching = false, again = false, lastFetch = -LEAST_MS, timer = 0, tries = 0, page = 0, shifted = 0;

  // Wall clocks of the screen and of the server are never compared; the larger of both elapsed times counts, because
  // performance.now() stands still on some machines while they sleep.
  const elapsed = () => Math.max(performance.now() - toldPerf, Date.now() - toldWall, 0);

  function put(node, text) {
    if (node && node.textContent !== text) node.textContent = text;
  }

  function words(ms) {
    const s = Math.floor(ms / 1000);
    if (s < 60) return d.s.replace("{n}", s);
    if (s < 3600) return d.m.replace("{n}", Math.floor(s / 60));
    return d.h.replace("{n}", Math.floor(s / 3600));
  }

  function tick() {
    const ms = toldAge + elapsed(), old = ms > staleMs;
    const lost = lostSince !== null && performance.now() - lostSince > LOST_MS;
    put($("age"), (old ? d.old : d.fresh).replace("{span}", words(ms)));
    document.body.classList.toggle("stale", old || refused);
    veil.hidden = !(old || refused);
    put(veil.firstElementChild, old ? d.old.replace("{span}", words(ms)) : "");
    put($("why"), refused ? d.refused : lost ? d.lost : "");
    if (localMs === null) return;
    const at = new Date(localMs + elapsed()).toISOString(); // shifted to local time by the server
    put($("clock").firstElementChild, at.slice(11, 16));
    put($("clock").lastElementChild, at.slice(0, 10));
  }

  // The cells: one canvas, and of it only what changed.
  const canvas = $("cells"), pen = canvas.getContext("2d");
  const COLOURS = { u: "--up", g: "--degraded", d: "--down", m: "--maintenance", n: "--unknown" };
  let drawn = "", grid = null, colours = {};

  function layOut(n) {
    const ratio = devicePixelRatio || 1, w = Math.round(canvas.clientWidth * ratio), h = Math.round(canvas.clientHeight * ratio);
    let size = Math.floor(Math.min(h / 3, Math.sqrt((w * h) / Math.max(1, n))));
    while (size > 2 && Math.floor(w / size) * Math.floor(h / size) < n) size -= 1;
    canvas.width = w;
    canvas.height = h;
    const style = getComputedStyle(document.documentElement);
    colours = Object.fromEntries(Object.entries(COLOURS).map(([k, name]) => [k, style.getPropertyValue(name).trim()]));
    return { size, across: Math.max(1, Math.floor(w / size)), n };
  }

  function cell(i, state) {
    const { size, across } = grid, x = (i % across) * size, y = Math.floor(i / across) * size;
    const m = size / 2, r = size * 0.38;
    pen.clearRect(x, y, size, size);
    pen.fillStyle = pen.strokeStyle = colours[state] ?? colours.n;
    pen.beginPath();
    if (state === "d") pen.rect(x + m - r, y + m - r, 2 * r, 2 * r);
    else if (state === "g") { pen.moveTo(x + m, y + m - r); pen.lineTo(x + m + r, y + m + r); pen.lineTo(x + m - r, y + m + r); }
    else if (state === "m") { pen.moveTo(x + m, y + m - r); pen.lineTo(x + m + r, y + m); pen.lineTo(x + m, y + m + r); pen.lineTo(x + m - r, y + m); }
    else if (state === "u") pen.arc(x + m, y + m, r * 0.8, 0, 7);
    else { pen.lineWidth = Math.max(1, size / 9); pen.arc(x + m, y + m, r * 0.8, 0, 7); pen.stroke(); return; }
    pen.fill();
  }

  function cells(states) {
    if (grid === null || grid.n !== states.length) {
      grid = layOut(states.length);
      drawn = "";
    }
    for (let i = 0; i < states.length; i += 1) if (states[i] !== drawn[i]) cell(i, states[i]);
    drawn = states;
  }

  function redraw() {
    grid = null;
    if (shown) cells(shown.cells);
  }

  function node(name, className, text) {
    const made = document.createElement(name);
    made.className = className;
    made.textContent = text;
    return made;
  }

  // A name that is cut can still be read in whole by who stands at the screen.
  function named(text) {
    const made = node("b", "", text);
    made.title = text;
    return made;
  }

  function glyph(tone, shape) {
    const made = node("span", "glyph " + tone, shape);
    made.setAttribute("aria-hidden", "true");
    return made;
  }

  function list(id, rows, make) {
    const of = JSON.stringify(rows), place = $(id);
    if (place.dataset.of === of) return;
    place.dataset.of = of;
    place.replaceChildren(...rows.map(make));
  }

  function rate(id, r, below) {
    const section = $(id);
    section.className = "rate " + r.verdict;
    put(section.querySelector(".big"), r.value ?? d.none);
    put(section.querySelector(".verdict b"), r.shape + " " + r.word);
    put(section.querySelector(".bounds"), r.bounds);
    put(section.querySelector(".below"), below);
  }

  function tiles() {
    const pages = Math.max(1, Math.ceil(shown.tiles.length / A_PAGE));
    page %= pages;
    $("tiles").className = "d" + shown.density;
    list("tiles", shown.tiles.slice(page * A_PAGE, (page + 1) * A_PAGE), ([tone, shape, name, online, rated]) => {
      const li = node("li", tone, "");
      li.append(glyph(tone, shape), named(name), node("span", "c", online), node("span", "r", rated ?? "–"));
      return li;
    });
    put($("page"), pages > 1 ? page + 1 + "/" + pages : "");
  }

  function show(data) {
    if (version !== null && data.v !== version) {
      location.reload(); // the monitor was renewed, and so is this page
      return;
    }
    version = data.v;
    shown = data;
    put($("name"), data.name);
    rate("now", data.now, d.target.replace("{target}", data.now.target));
    rate("month", data.month, d.complete.replace("{share}", data.completeness ?? d.none));
    list("counts", data.counts, ([state, shape, word, n]) => {
      const li = node("li", state + (n ? "" : " zero"), "");
      li.append(glyph(state, shape), " " + word + " ", node("b", "", n));
      return li;
    });
    list("incidents", data.incidents, ([tone, shape, name, cause, left, since]) => {
      const li = node("li", tone, "");
      li.append(glyph(tone, shape), named(name), node("span", "", cause), node("span", "left", left), node("span", "since", since));
      return li;
    });
    put($("open"), data.open === null ? "" : String(data.open));
    $("quiet").hidden = data.incidents.length > 0;
    put($("devices"), String(data.devices));
    tiles();
    cells(data.cells);
  }

  async function ask() {
    clearTimeout(timer);
    if (fetching) {
      again = true;
      return;
    }
    const wait = lastFetch + LEAST_MS - performance.now();
    if (wait > 0) {
      timer = setTimeout(ask, wait);
      return;
    }
    fetching = true;
    again = false;
    lastFetch = performance.now();
    try {
      const headers = etag ? { "If-None-Match": etag } : {};
      const answer = await fetch("/wall/data", { credentials: "same-origin", cache: "no-store", headers, signal: AbortSignal.timeout(REFRESH_MS) });
      refused = answer.status === 401 || answer.status === 403;
      if (answer.ok || answer.status === 304) {
        if (answer.ok) {
          show(await answer.json());
          etag = answer.headers.get("ETag") ?? "";
        } else {
          await answer.text();
        }
        toldAge = Number(answer.headers.get("X-Age-Ms"));
        localMs = Number(answer.headers.get("X-Local-Ms"));
        toldPerf = performance.now();
        toldWall = Date.now();
      }
    } catch {
      // Nobody there: the age goes on growing, and the next round asks again.
    }
    fetching = false;
    tick();
    timer = setTimeout(ask, again ? LEAST_MS : REFRESH_MS);
  }

  // The stream only says "newer". Where a proxy swallows it, the rounds above still renew the page.
  function listen() {
    const source = new EventSource("/events");
    source.onopen = () => {
      tries = 0;
      lostSince = null;
      ask();
    };
    source.onerror = () => {
      source.close();
      if (lostSince === null) lostSince = performance.now();
      const wait = BACKOFF_MS[Math.min(tries, BACKOFF_MS.length - 1)] * (0.75 + Math.random() / 2);
      tries += 1;
      setTimeout(listen, wait);
    };
    source.addEventListener("change", (event) => {
      staleMs = JSON.parse(event.data).stale_after_ms;
      ask();
    });
  }

  setInterval(tick, 1000);
  setInterval(() => {
    page += 1;
    if (shown) tiles();
  }, TURN_MS);
  // So that no letter stands on the same points of the panel for months.
  setInterval(() => {
    shifted = (shifted + 1) % SHIFTS.length;
    const [x, y] = SHIFTS[shifted];
    wall.style.translate = x + "px " + y + "px";
  }, SHIFT_MS);
  addEventListener("resize", redraw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redraw);
  document.addEventListener("visibilitychange", () => document.hidden || ask());
  ask();
  listen();
})();
