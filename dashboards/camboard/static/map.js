// The map: draws what the page's live part says, on one canvas. No string for people: words come with the page.
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const board = $("board"), words = JSON.parse($("map")?.dataset.words || "null");
  document.body.classList.add("script");
  const GRID = 8;             // side of a hatch's tile, CSS pixels
  const RETRY_MS = 3000;
  const WORTH = 0.6;          // cameras that fill less than this of a boundary are shown larger, the boundary cut
  const pen = camkeeperPen, { areas } = camkeeperFar;

  // Names are hostile: whatever is invisible or turns text around is made visible, as on the server.
  const plain = (text) => String(text).slice(0, 120).replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "\ufffd");
  const live = () => { const node = $("live"); return node && JSON.parse(node.textContent); };
  const shown = (layer) => { const box = document.querySelector(`[data-layer="${layer}"]`); return !box || box.checked; };

  // --- going elsewhere without a new page: links and the form stay what they are for those without script

  function go(address, push = true) {
    if (push) history.pushState(null, "", address);
    board.dataset.fragment = address.replace(/^\/map/, "/fragments/map");
    const other = document.querySelector("a.lang"), at = new URL(address, location.href);
    at.searchParams.set("lang", new URL(other.href).searchParams.get("lang"));
    other.setAttribute("href", at.pathname + at.search);
    board.dispatchEvent(new Event("renew"));
  }

  const here = () => location.pathname + location.search.replace(/([?&])lang=[^&]*(&|$)/, (_, a, b) => (b ? a : "")) || "/map";
  addEventListener("popstate", () => go(here(), false));
  board.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-live]");
    if (!link || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    go(link.getAttribute("href"));
  });

  function suppose(id) {
    const now = live(), at = new URLSearchParams();
    at.set("site", now.site);
    if (now.night) at.set("night", "1");
    if (id) at.set("failed", id);
    go("/map?" + at);
  }

  board.addEventListener("submit", (event) => {
    if (event.target.id !== "suppose") return;
    event.preventDefault();
    suppose($("failed").value);
  });
  board.addEventListener("change", (event) => {
    if (event.target.id === "failed") suppose(event.target.value);
    if (event.target.dataset.layer) layers();
  });

  if (!words) {
    // Nothing to draw yet. When coverage is there, the page must be loaded whole: the map's box comes with it.
    board.addEventListener("renewed", () => $("map") && location.reload());
    return;
  }

  // --- colours, and hatches made of them

  let css = {}, hatch = {};
  const dark = matchMedia("(prefers-color-scheme: dark)");

  function colours() {
    const style = getComputedStyle(document.documentElement);
    css = {};
    for (const name of ["up", "degraded", "down", "maintenance", "unknown", "lost", "would", "wall", "wall-line", "edge", "blind", "place", "paper", "ink", "link", "line"])
      css[name] = style.getPropertyValue("--" + name).trim();
    hatch = {
      lost: pattern((c) => line(c, css.lost, [[-1, 1, 1, -1], [0, GRID, GRID, 0], [GRID - 1, GRID + 1, GRID + 1, GRID - 1]])),
      would: pattern((c) => line(c, css.would, [[-1, GRID - 1, 1, GRID + 1], [0, 0, GRID, GRID], [GRID - 1, -1, GRID + 1, 1]])),
      blind: pattern((c) => { c.fillStyle = css.blind; c.fillRect(3, 3, 1.4, 1.4); }),
    };
  }

  // Leaflet hands fillColor to the canvas as it is, so a pattern serves as a colour. Drawn at the screen's density.
  function pattern(draw) {
    const dpr = devicePixelRatio || 1, tile = document.createElement("canvas");
    tile.width = tile.height = Math.round(GRID * dpr);
    const c = tile.getContext("2d");
    c.scale(tile.width / GRID, tile.height / GRID);
    draw(c);
    const made = c.createPattern(tile, "repeat");
    made.setTransform(new DOMMatrix().scale(GRID / tile.width));
    return made;
  }

  function line(c, colour, strokes) {
    c.strokeStyle = colour;
    c.lineWidth = 1.7;
    for (const [x, y, u, v] of strokes) {
      c.beginPath();
      c.moveTo(x, y);
      c.lineTo(u, v);
      c.stroke();
    }
  }

  // --- a camera: its state's shape, and a tick where it looks

  const Mark = L.CircleMarker.extend({
    _updateBounds() {
      const reach = L.point(pen.TICK + 6, pen.TICK + 6);
      this._pxBounds = new L.Bounds(this._point.subtract(reach), this._point.add(reach));
    },
    _updatePath() {
      const on = this._renderer;
      if (!on._drawing || this._empty()) return;
      const c = on._ctx, { x, y } = this._point, o = this.options, zoom = map.getZoom();
      c.globalAlpha = 1;
      c.setLineDash([]);
      if (zoom >= pen.NEAR) {
        if (o.azimuth !== null) pen.tick(c, x, y, o.azimuth, css[o.state], [], css);
        if (o.planned !== null && shown("planned")) pen.tick(c, x, y, o.planned, css.edge, [3, 3], css);
      }
      pen.mark(c, x, y, zoom, o.state, o.chosen, css);
    },
  });

  // --- the map itself; nothing but our own shapes on it

  $("map").hidden = false;
  const map = L.map("map", {
    preferCanvas: true, renderer: L.canvas({ padding: 0.3, tolerance: 4 }), attributionControl: false, zoomControl: false,
    scrollWheelZoom: false, zoomSnap: 0.5, maxZoom: 21, minZoom: 7, fadeAnimation: false, zoomAnimation: false, markerZoomAnimation: false,
  });
  L.control.zoom({ zoomInTitle: words.in, zoomOutTitle: words.out }).addTo(map);
  L.control.scale({ imperial: false, maxWidth: 160 }).addTo(map);
  const North = L.Control.extend({
    onAdd() {
      const box = L.DomUtil.create("div", "north"), name = document.createElement("span");
      box.innerHTML = '<svg viewBox="0 0 18 24" aria-hidden="true"><path d="M9 0L16 22L9 17L2 22Z"/></svg>';
      name.textContent = words.north;
      box.append(name);
      return box;
    },
  });
  new North({ position: "topright" }).addTo(map);
  map.on("focus", () => map.scrollWheelZoom.enable()); // a page that scrolls must not be caught by the map
  map.on("blur", () => map.scrollWheelZoom.disable());

  const GROUPS = ["blind", "obstacle", "boundary", "envelope", "fields", "lost", "would_lose", "planned", "places", "cameras"];
  const groups = Object.fromEntries(GROUPS.map((name) => [name, L.featureGroup()]));
  const area = (colour) => L.polygon([], { stroke: true, weight: 1, color: colour, fill: true, fillOpacity: 1, interactive: true });
  const shades = { blind: area(), lost: area(), would_lose: area() };
  let drawn = null, charted = "", darkened = "", sited = null, features = [], byDevice = new Map(), labels = [], fault = 0, wasNear = true, fallen = new Set();

  // One tooltip and one ear for each kind of thing: a county has thousands of them.
  const tip = (layer, text) => layer.bindTooltip((over) => {
    const node = document.createElement("div");
    node.textContent = text(over.told || {});
    return node;
  }, { sticky: true, direction: "top" });

  function told(device) {
    return drawn.states[device] || ["up", "working"];
  }

  const turned = (p) => p.azimuth_error_deg != null && p.planned_azimuth_deg != null && p.azimuth_deg !== null; // its picture measured another aim than the register's

  function cameraText(p) {
    const [state, sees, reason] = told(p.device_id), [shape, word] = words.state[state];
    const out = [`${shape} ${word}${reason ? " · " + reason : ""} · ${plain(p.name)}`];
    if (p.device_kind) out.push(words.kind[p.device_kind] || p.device_kind);
    if (turned(p)) out.push(words.aimed.replace("{planned}", Math.round(p.planned_azimuth_deg)).replace("{measured}", p.azimuth_deg.toFixed(1)).replace("{error}", Math.max(p.azimuth_error_deg, 0.1).toFixed(1)));
    else out.push(p.azimuth_deg === null ? words.noAzimuth : words.azimuth.replace("{n}", Math.round(p.azimuth_deg)));
    if (sees === "dark") out.push(words.dark);
    if (sees === "unknown") out.push(words.unknown);
    if (p.inside_building) out.push(words.inside);
    out.push(words.click);
    return out.join("\n");
  }

  function placeText(p) {
    const [shape, word] = words.sight[drawn.places[p.place_id]] || ["", ""];
    const kind = words.place[p.type] || "", band = words.band[p.band] || p.band || "";
    return [`${shape} ${word} · ${plain(p.name || p.place_id)}`, kind, words.wants.replace("{band}", band)].join("\n");
  }

  function siteText(p) {
    const own = drawn.labels[p.site_id];
    return own ? `${plain(own[0])}\n${own[1] || words.none}` : plain(p.name || p.site_id);
  }

  tip(groups.cameras, cameraText);
  tip(groups.fields, (p) => (byDevice.has(p.device_id) ? cameraText(byDevice.get(p.device_id)) : p.device_id || ""));
  tip(groups.places, placeText);
  tip(groups.boundary, siteText);
  for (const name of ["cameras", "fields"]) groups[name].on("click", (event) => suppose(event.propagatedFrom.told.device_id));
  const visit = (p) => p.parent_id === drawn.site && go(siteAddress(p.site_id));
  groups.boundary.on("click", (event) => visit(event.propagatedFrom.told));
  for (const [name, shade] of Object.entries(shades)) tip(groups[name], () => words[name]).addLayer(shade);

  function build(collection) {
    far.remove().load(drawn.far ? collection.features : []);
    for (const [name, group] of Object.entries(groups)) shades[name] ? group.remove() : group.remove().clearLayers();
    for (const label of labels) label.remove();
    features = [];
    labels = [];
    byDevice = new Map();
    const sort = { boundary: "boundary", obstacle: "obstacle", envelope: "envelope", planned: "planned", field: "fields", place: "places", camera: "cameras" };
    for (const feature of drawn.far ? [] : collection.features) {
      const p = feature.properties, group = groups[sort[p.kind]];
      if (!group) continue;
      let layer;
      if (p.kind === "camera") {
        const [lon, lat] = feature.geometry.coordinates;
        layer = new Mark([lat, lon], { radius: 6, azimuth: p.azimuth_deg, planned: turned(p) ? p.planned_azimuth_deg : null, state: "up" });
        byDevice.set(p.device_id, p);
      } else layer = L.GeoJSON.geometryToLayer(feature, { pointToLayer: (_, at) => L.circleMarker(at, { radius: 7 }) });
      layer.told = p;
      group.addLayer(layer);
      features.push([p, layer]);
    }
  }

  function siteAddress(id) {
    const at = new URLSearchParams({ site: id });
    if (drawn.night) at.set("night", "1");
    return "/map?" + at;
  }

  function style(p) {
    if (p.kind === "boundary") return { color: css.edge, weight: p.site_id === drawn.site ? 2.6 : 1, dashArray: p.site_id === drawn.site ? null : "7 5", fill: false };
    if (p.kind === "obstacle") return { color: css["wall-line"], weight: 1, fill: true, fillColor: css.wall, fillOpacity: 0.9, interactive: false };
    if (p.kind === "planned") return { color: css.edge, weight: 2, dashArray: "3 4", fill: false, interactive: false };
    if (p.kind === "envelope") return { color: css.edge, weight: 1.4, dashArray: "7 5", fill: false, interactive: false };
    if (p.kind === "place") {
      const sight = drawn.places[p.place_id], colour = { unseen: css.lost, unknown: css.unknown, partly: css.degraded, seen: css.place }[sight] || css.unknown;
      const dash = { unseen: "2 5", unknown: "1 4", partly: "10 4" }[sight] || null;
      return { color: colour, weight: 3, dashArray: dash, fill: false };
    }
    const [state, sees] = told(p.device_id), seeing = sees === "working" && !fallen.has(p.device_id);
    const colour = css[state];
    return { color: colour, weight: seeing ? 1 : 1.8, dashArray: seeing ? null : sees === "unknown" ? "2 5" : "6 4", fill: seeing, fillColor: colour, fillOpacity: 0.28 };
  }

  // What a thing's look depends on: a change of one camera must not draw a county anew.
  function look(p) {
    if (p.kind === "boundary") return p.site_id === drawn.site;
    if (p.kind === "place") return drawn.places[p.place_id];
    if (!p.device_id) return "";
    return `${told(p.device_id).slice(0, 2)} ${fallen.has(p.device_id)} ${drawn.failed.includes(p.device_id)}`;
  }

  const chosen = (device) => fallen.has(device) || drawn.failed.includes(device);

  // From afar all is drawn at once, by a layer of its own.
  const far = new camkeeperFar.Layer({
    css: () => css,
    hatch: () => hatch,
    site: () => drawn.site,
    state: (device) => told(device)[0],
    planned: (p) => (turned(p) && shown("planned") ? p.planned_azimuth_deg : null),
    labels: () => labelsThatFit(),
    text: (kind, p) => ({ camera: cameraText, boundary: siteText })[kind]?.(p) ?? words[kind],
    press: (kind, p) => (kind === "camera" ? suppose(p.device_id) : kind === "boundary" && visit(p)),
    chosen,
    shown,
  });

  function restyle(all) {
    for (const [p, layer] of features) {
      const now = look(p);
      if (!all && layer.look === now) continue;
      layer.look = now;
      if (p.kind === "camera") {
        const [state] = told(p.device_id);
        Object.assign(layer.options, { state, chosen: chosen(p.device_id) });
        layer.redraw();
      } else layer.setStyle(style(p));
    }
    if (!all) return;
    shades.lost.setStyle({ color: css.lost, fillColor: hatch.lost });
    shades.would_lose.setStyle({ color: css.would, weight: 2, fillColor: hatch.would });
    shades.blind.setStyle({ color: css.blind, weight: 0.6, dashArray: "1 4", fillColor: hatch.blind });
  }

  // Only the field of the time of day is on the map; canvas draws in the order in which layers come.
  function layers() {
    if (!drawn) return;
    if (drawn.far) {
      for (const label of labels) label.remove();
      labels = [];
      map.hasLayer(far) ? far.draw() : far.addTo(map);
      return;
    }
    for (const name of GROUPS) groups[name].remove();
    for (const [p, layer] of features) {
      if (p.kind === "field") p.night === drawn.night ? groups.fields.addLayer(layer) : groups.fields.removeLayer(layer);
    }
    const near = map.getZoom() >= pen.NEAR; // from afar key places would hide the cameras
    for (const name of GROUPS) {
      if (name === "places" && !near) continue;
      if (name === "boundary" || name === "cameras" || shown(name)) groups[name].addTo(map);
    }
    wasNear = near;
    names();
  }

  // Village names with their share. Measured without the page's layout: hundreds of boxes, each laid out for its own
  // size, took longer than all the rest. A label that would lie on another is left out until there is room.
  const LINE = 17, NARROW = 36, ruler = document.createElement("canvas").getContext("2d");
  const widths = new Map();
  function wide(text, font) {
    const known = widths.get(font + text);
    if (known !== undefined) return known;
    ruler.font = font;
    const width = ruler.measureText(text).width;
    widths.set(font + text, width);
    return width;
  }

  const boundaries = () => (drawn.far ? far.areas.map((area) => [area.p, area.bounds]) : features.filter(([p]) => p.kind === "boundary").map(([p, layer]) => [p, layer.getBounds()]));

  function labelsThatFit() {
    if (!drawn || !shown("labels")) return [];
    const all = boundaries(), below = all.filter(([p]) => p.parent_id === drawn.site);
    const family = getComputedStyle(document.body).fontFamily, taken = [], out = [];
    const bold = "600 12.5px " + family, light = "12.5px " + family;
    const free = (r) => !taken.some((t) => r.left < t.right && t.left < r.right && r.top < t.bottom && t.top < r.bottom);
    for (const [p, box] of below.length ? below : all.filter(([p]) => p.site_id === drawn.site)) {
      const own = drawn.labels[p.site_id], name = plain(own ? own[0] : p.name || p.site_id), share = own ? own[1] || words.none : "";
      const middle = box.getCenter(), at = below.length ? middle : L.latLng(box.getNorth(), middle.lng);
      const lines = share ? [[name, bold], [share, light]] : [[name, bold]], height = LINE * lines.length + 4;
      const spot = map.latLngToLayerPoint(at), top = spot.y + (below.length ? 12 : -height / 2);
      const room = (width) => ({ left: spot.x - width / 2, right: spot.x + width / 2, top, bottom: top + height });
      if (!free(room(NARROW))) continue; // none is as narrow: no need to measure
      const width = Math.ceil(Math.max(...lines.map((each) => wide(...each)))) + 18, r = room(width);
      if (!free(r)) continue;
      taken.push(r);
      out.push({ ...r, at, spot, width, height, lines, line: LINE });
    }
    return out;
  }

  function names() {
    for (const label of labels) label.remove();
    labels = labelsThatFit().map(({ at, spot, top, width, height, lines }) => {
      const node = document.createElement("div"), bold = document.createElement("b");
      bold.textContent = lines[0][0];
      node.append(bold, lines[1] ? lines[1][0] : "");
      const icon = L.divIcon({ className: "lbl", html: node, iconSize: [width, height], iconAnchor: [width / 2, spot.y - top] });
      return L.marker(at, { icon, interactive: false, keyboard: false }).addTo(map);
    });
  }

  map.on("zoomend", () => {
    if (!drawn || drawn.far || sited !== drawn.site) return; // from afar each move draws all
    if (map.getZoom() >= pen.NEAR !== wasNear) layers();
    else names();
  });

  function darken(collection) {
    for (const [name, shade] of Object.entries(shades)) {
      shade.setLatLngs([]);
      far.shade(name, []);
    }
    const already = new Set(collection.now.cameras_dark);
    fallen = new Set((collection.supposed ? collection.supposed.cameras_dark : []).filter((id) => !already.has(id)));
    for (const { properties, geometry } of collection.features) {
      const parts = areas(geometry);
      if (drawn.far) far.shade(properties.kind, parts);
      else if (shades[properties.kind]) shades[properties.kind].setLatLngs(L.GeoJSON.coordsToLatLngs(parts, 2));
    }
  }

  // A village's boundary takes in its fields for a kilometre around; what is to be seen lies in the middle.
  function show() {
    const inside = new Set([drawn.site]), whole = L.latLngBounds([]), core = L.latLngBounds([]);
    for (const [p, box] of boundaries()) {
      if (inside.has(p.parent_id)) inside.add(p.site_id); // parents come first
      if (p.site_id === drawn.site) whole.extend(box);
    }
    if (drawn.far) core.extend(far.boundsOfCameras(inside));
    for (const [p, layer] of features) {
      if (p.kind === "field" && !p.night && inside.has(p.site_id)) core.extend(layer.getBounds());
      else if (p.kind === "camera" && inside.has(p.site_id)) core.extend(layer.getLatLng());
    }
    const span = (box) => box.isValid() && Math.max(box.getEast() - box.getWest(), box.getNorth() - box.getSouth());
    const box = !whole.isValid() || (core.isValid() && span(core) < WORTH * span(whole)) ? core : whole;
    if (!box.isValid()) map.setView([0, 0], 12);
    else map.fitBounds(box, { padding: [24, 24], animate: false, maxZoom: 19 });
  }

  async function ask(address) {
    const answer = await fetch(address, { credentials: "same-origin" });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  }

  let busy = false, again = false;
  async function update() {
    if (busy) {
      again = true;
      return;
    }
    const now = live();
    if (!now) return;
    busy = true;
    clearTimeout(fault);
    try {
      const mark = now.dark + "@" + now.version;
      const [chart, shade] = await Promise.all([
        charted === now.chart ? null : ask(now.chart),
        darkened === mark ? null : ask(now.dark),
      ]);
      const before = drawn, other = !before || chart !== null || before.night !== now.night || before.site !== now.site;
      drawn = now;
      if (chart) build(chart);
      if (shade) darken(shade);
      charted = now.chart;
      darkened = mark;
      restyle(other);
      if (sited !== now.site) show();
      sited = now.site;
      if (other) layers();
      else if (now.far) far.draw();
      else if (JSON.stringify(before.labels) !== JSON.stringify(now.labels)) names();
      $("mapfault").hidden = true;
      $("map").dataset.drawn = mark;
    } catch {
      $("mapfault").hidden = false;
      fault = setTimeout(update, RETRY_MS);
    }
    delete board.dataset.drawing;
    const choice = $("failed");
    if (choice && document.activeElement !== choice) choice.value = now.failed.length === 1 ? now.failed[0] : "";
    busy = false;
    if (again) {
      again = false;
      update();
    }
  }

  dark.addEventListener("change", () => {
    colours();
    if (drawn) {
      restyle(true);
      layers();
    }
  });
  board.addEventListener("renewed", update);
  board.dataset.drawing = "1";
  colours();
  update();
})();
