// The map: draws what the page's live part says, on one canvas. No string for people: words come with the page.
"use strict";
(() => {
  const $ = (id) => document.getElementById(id);
  const board = $("board"), words = JSON.parse($("map")?.dataset.words || "null");
  document.body.classList.add("script");
  const GRID = 8;             // side of a hatch's tile, CSS pixels
  const TICK = 17;            // length of a direction tick
  const RETRY_MS = 3000;
  const WORTH = 0.6;          // cameras that fill less than this of a boundary are shown larger, the boundary cut
  const NEAR = 15;            // zoom from which cameras are large enough for a tick

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
    for (const name of ["up", "degraded", "down", "maintenance", "unknown", "lost", "would", "wall", "wall-line", "edge", "blind", "place", "paper", "ink", "link"])
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
      const reach = L.point(TICK + 6, TICK + 6);
      this._pxBounds = new L.Bounds(this._point.subtract(reach), this._point.add(reach));
    },
    _updatePath() {
      const on = this._renderer;
      if (!on._drawing || this._empty()) return;
      const c = on._ctx, { x, y } = this._point, o = this.options, r = map.getZoom() < NEAR ? o.radius * 0.55 : o.radius;
      c.globalAlpha = 1;
      c.setLineDash([]);
      if (map.getZoom() >= NEAR) {
        if (o.azimuth !== null) tick(c, x, y, o.azimuth, o.colour, []);
        if (o.planned !== null && shown("planned")) tick(c, x, y, o.planned, css.edge, [3, 3]);
      }
      outline(c, o.state, x, y, r);
      c.lineWidth = o.chosen ? 6.5 : 3.5;
      c.strokeStyle = o.chosen ? css.would : css.paper;
      c.stroke();
      c.fillStyle = o.state === "unknown" ? css.paper : o.colour;
      c.fill();
      if (o.state === "unknown") {
        c.lineWidth = 2;
        c.strokeStyle = o.colour;
        c.stroke();
      }
    },
  });

  function tick(c, x, y, azimuth, own, dash) {
    const a = (azimuth * Math.PI) / 180, dx = Math.sin(a), dy = -Math.cos(a);
    for (const [colour, width, pattern] of [[css.paper, 4.5, []], [own, 2.2, dash]]) {
      c.strokeStyle = colour;
      c.lineWidth = width;
      c.setLineDash(pattern);
      c.beginPath();
      c.moveTo(x, y);
      c.lineTo(x + dx * TICK, y + dy * TICK);
      c.stroke();
    }
    c.setLineDash([]);
  }

  function outline(c, state, x, y, r) {
    c.beginPath();
    if (state === "down") c.rect(x - r, y - r, 2 * r, 2 * r);
    else if (state === "degraded") polygon(c, x, y + 1, r * 1.35, [-90, 30, 150]);
    else if (state === "maintenance") polygon(c, x, y, r * 1.35, [-90, 0, 90, 180]);
    else c.arc(x, y, r, 0, 2 * Math.PI);
  }

  function polygon(c, x, y, r, degrees) {
    for (const d of degrees) c.lineTo(x + r * Math.cos((d * Math.PI) / 180), y + r * Math.sin((d * Math.PI) / 180));
    c.closePath();
  }

  // --- the map itself; nothing but our own shapes on it

  $("map").hidden = false;
  const map = L.map("map", {
    preferCanvas: true, renderer: L.canvas({ padding: 0.3, tolerance: 4 }), attributionControl: false, zoomControl: false,
    scrollWheelZoom: false, zoomSnap: 0.5, maxZoom: 21, minZoom: 7, fadeAnimation: false, zoomAnimation: false, markerZoomAnimation: false,
  }).setView([0, 0], 12);
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
  groups.boundary.on("click", (event) => {
    const p = event.propagatedFrom.told;
    if (p.parent_id === drawn.site) go(siteAddress(p.site_id));
  });
  for (const [name, shade] of Object.entries(shades)) tip(groups[name], () => words[name]).addLayer(shade);

  function build(collection) {
    for (const [name, group] of Object.entries(groups)) shades[name] ? group.remove() : group.remove().clearLayers();
    for (const label of labels) label.remove();
    features = [];
    labels = [];
    byDevice = new Map();
    const sort = { boundary: "boundary", obstacle: "obstacle", envelope: "envelope", planned: "planned", field: "fields", place: "places", camera: "cameras" };
    for (const feature of collection.features) {
      const p = feature.properties, group = groups[sort[p.kind]];
      if (!group) continue;
      let layer;
      if (p.kind === "camera") {
        const [lon, lat] = feature.geometry.coordinates;
        layer = new Mark([lat, lon], { radius: 6, azimuth: p.azimuth_deg, planned: turned(p) ? p.planned_azimuth_deg : null, state: "up", colour: "#000" });
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

  function restyle(all) {
    for (const [p, layer] of features) {
      const now = look(p);
      if (!all && layer.look === now) continue;
      layer.look = now;
      if (p.kind === "camera") {
        const [state] = told(p.device_id);
        Object.assign(layer.options, { state, colour: css[state], chosen: fallen.has(p.device_id) || drawn.failed.includes(p.device_id) });
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
    for (const name of GROUPS) groups[name].remove();
    for (const [p, layer] of features) {
      if (p.kind === "field") p.night === drawn.night ? groups.fields.addLayer(layer) : groups.fields.removeLayer(layer);
    }
    // Of cameras that lie on each other the one that is out is seen.
    if (drawn.far) for (const [p, layer] of features) if (p.kind === "camera" && told(p.device_id)[0] !== "up") groups.cameras.removeLayer(layer).addLayer(layer);
    const near = map.getZoom() >= NEAR; // from afar key places would hide the cameras
    for (const name of GROUPS) {
      if (name === "places" && !near) continue;
      if (name === "boundary" || name === "cameras" || shown(name)) groups[name].addTo(map);
    }
    wasNear = near;
    names();
  }

  // Village names with their share. Measured without the page's layout: hundreds of boxes, each laid out for its own
  // size, took longer than all the rest. A label that would lie on another is left out until there is room.
  const LINE = 17, ruler = document.createElement("canvas").getContext("2d");
  function names() {
    for (const label of labels) label.remove();
    labels = [];
    if (!drawn || !shown("labels")) return;
    const below = features.filter(([p]) => p.kind === "boundary" && p.parent_id === drawn.site);
    const named = below.length ? below : features.filter(([p]) => p.kind === "boundary" && p.site_id === drawn.site);
    const family = getComputedStyle(document.body).fontFamily, taken = [];
    for (const [p, layer] of named) {
      const own = drawn.labels[p.site_id], name = plain(own ? own[0] : p.name || p.site_id), share = own ? own[1] || words.none : "";
      const box = layer.getBounds(), middle = box.getCenter(), at = below.length ? middle : L.latLng(box.getNorth(), middle.lng);
      ruler.font = "600 12.5px " + family;
      const width = Math.ceil(Math.max(ruler.measureText(name).width, ruler.measureText(share).width)) + 18, height = LINE * (share ? 2 : 1) + 4;
      const spot = map.latLngToLayerPoint(at), r = { left: spot.x - width / 2, top: spot.y + (below.length ? 12 : -height / 2) };
      r.right = r.left + width;
      r.bottom = r.top + height;
      if (taken.some((t) => r.left < t.right && t.left < r.right && r.top < t.bottom && t.top < r.bottom)) continue;
      taken.push(r);
      const node = document.createElement("div"), bold = document.createElement("b");
      bold.textContent = name;
      node.append(bold, share);
      const icon = L.divIcon({ className: "lbl", html: node, iconSize: [width, height], iconAnchor: [width / 2, spot.y - r.top] });
      labels.push(L.marker(at, { icon, interactive: false, keyboard: false }).addTo(map));
    }
  }

  map.on("zoomend", () => {
    if (drawn && sited === drawn.site && map.getZoom() >= NEAR !== wasNear) layers();
    else names();
  });

  function darken(collection) {
    for (const shade of Object.values(shades)) shade.setLatLngs([]);
    const already = new Set(collection.now.cameras_dark);
    fallen = new Set((collection.supposed ? collection.supposed.cameras_dark : []).filter((id) => !already.has(id)));
    for (const { properties, geometry } of collection.features) {
      const parts = areas(geometry);
      if (shades[properties.kind]) shades[properties.kind].setLatLngs(L.GeoJSON.coordsToLatLngs(parts, 2));
    }
  }

  function areas(geometry) {
    if (geometry.type === "Polygon") return [geometry.coordinates];
    if (geometry.type === "MultiPolygon") return geometry.coordinates;
    if (geometry.type === "GeometryCollection") return geometry.geometries.flatMap(areas);
    return [];
  }

  // A village's boundary takes in its fields for a kilometre around; what is to be seen lies in the middle.
  function show() {
    const inside = new Set([drawn.site]), whole = L.latLngBounds([]), core = L.latLngBounds([]);
    for (const [p] of features) if (p.kind === "boundary" && inside.has(p.parent_id)) inside.add(p.site_id); // parents come first
    for (const [p, layer] of features) {
      if (p.kind === "boundary" && p.site_id === drawn.site) whole.extend(layer.getBounds());
      else if (p.kind === "field" && !p.night && inside.has(p.site_id)) core.extend(layer.getBounds());
      else if (p.kind === "camera" && inside.has(p.site_id)) core.extend(layer.getLatLng());
    }
    const wide = (box) => box.isValid() && Math.max(box.getEast() - box.getWest(), box.getNorth() - box.getSouth());
    const box = !whole.isValid() || (core.isValid() && wide(core) < WORTH * wide(whole)) ? core : whole;
    if (box.isValid()) map.fitBounds(box, { padding: [24, 24], animate: false, maxZoom: 19 });
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
      else if (JSON.stringify(before.labels) !== JSON.stringify(now.labels)) names();
      $("mapfault").hidden = true;
      $("map").dataset.drawn = mark;
    } catch {
      $("mapfault").hidden = false;
      fault = setTimeout(update, RETRY_MS);
    }
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
  colours();
  update();
})();
