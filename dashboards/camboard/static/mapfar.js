// The map from afar: thousands of cameras, hundreds of villages and what is lost, on one canvas, in one pass, without
// an object for each. Positions are projected once; a draw is a multiplication.
"use strict";
const camkeeperFar = (() => {
  const pen = camkeeperPen, { TICK, NEAR, HALF, stampOf, stamp } = pen;
  const REACH = 11;           // how far from a mark a pointer still means it
  const TALL = 130;           // nearer to the upper edge than this a text hangs below the pointer
  const EDGE = 12;            // what is clipped, is clipped so far outside that no line's end is seen

  // Web Mercator, the whole world from 0 to 1 both ways, as Leaflet has it.
  function world(lonLat, into, at) {
    const s = Math.sin((lonLat[1] * Math.PI) / 180);
    into[at] = lonLat[0] / 360 + 0.5;
    into[at + 1] = 0.5 - Math.log((1 + s) / (1 - s)) / (4 * Math.PI);
  }

  // A line of points as one array, with the box that it fills.
  function ringOf(points) {
    const ring = new Float64Array(2 * points.length), box = [Infinity, Infinity, -Infinity, -Infinity];
    points.forEach((point, n) => {
      world(point, ring, 2 * n);
      grow(box, ring[2 * n], ring[2 * n + 1]);
    });
    return { ring, box };
  }

  function grow(box, x, y) {
    if (x < box[0]) box[0] = x;
    if (y < box[1]) box[1] = y;
    if (x > box[2]) box[2] = x;
    if (y > box[3]) box[3] = y;
  }

  function boundsOf(boxes) {
    const out = L.latLngBounds([]);
    for (const [x0, y0, x1, y1] of boxes) if (x0 <= x1) out.extend(latLng(x0, y0)).extend(latLng(x1, y1));
    return out;
  }

  function within({ ring, box }, x, y) {
    if (x < box[0] || y < box[1] || x > box[2] || y > box[3]) return false;
    let odd = false;
    for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
      if (ring[i + 1] > y !== ring[j + 1] > y && x < ((ring[j] - ring[i]) * (y - ring[i + 1])) / (ring[j + 1] - ring[i + 1]) + ring[i]) odd = !odd;
    }
    return odd;
  }

  // Even number of rings around a point: it lies outside, or in a hole.
  const inside = (rings, x, y) => rings.reduce((odd, ring) => odd !== within(ring, x, y), false);

  // `host` says what changes: css(), hatch(), zoom-free looks of a device, labels, texts, and where a click leads.
  const Layer = L.Layer.extend({
    initialize(host) {
      this._host = host;
      this._ruler = document.createElement("canvas").getContext("2d");
      this._spread = 0; // the first look needs no more than what is on the screen
      this._put = document.createElement("canvas");
      this.load([]);
    },

    getEvents() {
      return { moveend: this.draw, resize: this.draw, mousemove: this._hover, mouseout: this._leave, click: this._press, mouseover: this._widen, dragstart: this._widen, focus: this._widen };
    },

    onAdd() {
      this._canvas = L.DomUtil.create("canvas", "far", this.getPane());
      this.draw();
    },

    onRemove() {
      this._leave();
      this._canvas.remove();
      this._canvas = null;
    },

    // What is dragged shows some of what lies beside: drawn as soon as somebody may drag.
    _widen() {
      if (this._spread) return;
      this._spread = 0.3;
      requestAnimationFrame(() => this.draw());
    },

    load(features) {
      this.areas = [];
      this.cameras = { ids: [], sites: [], of: () => ({}) };
      this._shades = {};
      this._xy = new Float64Array(0);
      for (const { properties, geometry } of features) {
        if (properties.kind === "boundary") {
          const lines = areas(geometry).flatMap((part) => part.map(ringOf));
          this.areas.push({ p: properties, rings: lines, bounds: boundsOf(lines.map((line) => line.box)) });
        }
        if (properties.kind === "cameras") this._cameras(properties, geometry.coordinates);
      }
      this._px = new Int32Array(this._xy.length);
      this._hit = null;
    },

    _cameras(p, coordinates) {
      this._xy = new Float64Array(2 * coordinates.length);
      coordinates.forEach((point, n) => world(point, this._xy, 2 * n));
      this.cameras = { ids: p.device_ids, sites: p.site_ids, of: (n) => ({ ...Object.fromEntries(COLUMNS.map(([one, many]) => [one, p[many][n]])) }) };
    },

    shade(name, parts) {
      this._shades[name] = { rings: parts.flatMap((part) => part.map(ringOf)), path: null };
    },

    boundsOfCameras(sites) {
      const box = [Infinity, Infinity, -Infinity, -Infinity];
      for (let n = 0; n < this.cameras.ids.length; n += 1) if (sites.has(this.cameras.sites[n])) grow(box, this._xy[2 * n], this._xy[2 * n + 1]);
      return boundsOf([box]);
    },

    draw() {
      if (!this._canvas) return;
      const map = this._map, size = map.getSize(), dpr = devicePixelRatio || 1, canvas = this._canvas;
      const from = map.containerPointToLayerPoint(size.multiplyBy(-this._spread)).round();
      const w = Math.ceil(size.x * (1 + 2 * this._spread)), h = Math.ceil(size.y * (1 + 2 * this._spread));
      canvas.width = Math.round(w * dpr);
      canvas.height = Math.round(h * dpr);
      canvas.style.width = w + "px";
      canvas.style.height = h + "px";
      L.DomUtil.setPosition(canvas, from);
      const c = canvas.getContext("2d"), origin = map.getPixelOrigin().add(from), css = this._host.css();
      this._view = { from, w, h, dpr, scale: 256 * 2 ** map.getZoom(), left: origin.x, top: origin.y, zoom: map.getZoom() };
      c.scale(dpr, dpr);
      c.lineCap = c.lineJoin = "round";
      this._drawAreas(c, css);
      this._drawShades(c, css);
      this._drawCameras(c, css);
      for (const label of this._host.labels()) this._drawLabel(c, css, label);
    },

    // A ring in whole pixels of the canvas, points that fall on each other once; what lies far outside is cut away.
    _trace(path, { ring, box }) {
      const { w, h, scale, left, top } = this._view;
      const x0 = box[0] * scale - left, y0 = box[1] * scale - top, x1 = box[2] * scale - left, y1 = box[3] * scale - top;
      if (x1 < -EDGE || y1 < -EDGE || x0 > w + EDGE || y0 > h + EDGE) return;
      let points = [], px = NaN, py = NaN;
      for (let i = 0; i < ring.length; i += 2) {
        const x = Math.round(ring[i] * scale) - left, y = Math.round(ring[i + 1] * scale) - top;
        if (x === px && y === py) continue;
        points.push(L.point(x, y));
        px = x;
        py = y;
      }
      if (x0 < -EDGE || y0 < -EDGE || x1 > w + EDGE || y1 > h + EDGE) points = L.PolyUtil.clipPolygon(points, L.bounds([-EDGE, -EDGE], [w + EDGE, h + EDGE]));
      if (!points.length) return;
      path.moveTo(points[0].x, points[0].y);
      for (let i = 1; i < points.length; i += 1) path.lineTo(points[i].x, points[i].y);
      path.closePath();
    },

    _drawAreas(c, css) {
      const own = new Path2D(), others = new Path2D(), site = this._host.site();
      for (const { p, rings: all } of this.areas) for (const ring of all) this._trace(p.site_id === site ? own : others, ring);
      c.strokeStyle = css.edge;
      c.lineWidth = 1;
      c.setLineDash([7, 5]);
      c.stroke(others);
      c.setLineDash([]);
      c.lineWidth = 2.6;
      c.stroke(own);
    },

    _drawShades(c, css) {
      const hatch = this._host.hatch();
      for (const [name, colour, width] of [["lost", css.lost, 1], ["would_lose", css.would, 2]]) {
        const shade = this._shades[name];
        if (!shade) continue;
        shade.path = this._host.shown(name) ? new Path2D() : null;
        if (!shade.path) continue;
        for (const ring of shade.rings) this._trace(shade.path, ring);
        c.fillStyle = hatch[name];
        c.fill(shade.path, "evenodd");
        c.strokeStyle = colour;
        c.lineWidth = width;
        c.stroke(shade.path);
      }
    },

    // Of cameras that lie on each other the one that is out is seen.
    _drawCameras(c, css) {
      const { w, h, scale, left, top, zoom } = this._view, host = this._host, late = [], seen = [];
      for (let n = 0; n < this.cameras.ids.length; n += 1) {
        const x = (this._px[2 * n] = Math.round(this._xy[2 * n] * scale) - left), y = (this._px[2 * n + 1] = Math.round(this._xy[2 * n + 1] * scale) - top);
        if (x < -2 * TICK || y < -2 * TICK || x > w + 2 * TICK || y > h + 2 * TICK) continue;
        (host.state(this.cameras.ids[n]) === "up" ? seen : late).push(n);
      }
      const order = seen.concat(late);
      if (zoom < NEAR) {
        this._stampAll(c, css, order);
        return;
      }
      for (const n of order) {
        const id = this.cameras.ids[n], p = this.cameras.of(n), x = this._px[2 * n], y = this._px[2 * n + 1], state = host.state(id);
        if (p.azimuth_deg !== null) pen.tick(c, x, y, p.azimuth_deg, css[state], [], css);
        if (host.planned(p) !== null) pen.tick(c, x, y, host.planned(p), css.edge, [3, 3], css);
        pen.mark(c, x, y, zoom, state, host.chosen(id), css);
      }
    },

    // The image is wider than the canvas by a mark on each side: none needs to be cut.
    _stampAll(c, css, order) {
      if (!order.length) return;
      const { w, h, dpr } = this._view, put = this._put, host = this._host, stamps = {}, rim = Math.ceil(HALF * dpr) + 1;
      put.width = Math.round(w * dpr) + 2 * rim;
      put.height = Math.round(h * dpr) + 2 * rim;
      const on = put.getContext("2d", { willReadFrequently: true }), image = on.createImageData(put.width, put.height);
      const points = new Uint32Array(image.data.buffer);
      for (const n of order) {
        const x = Math.round(this._px[2 * n] * dpr) + rim, y = Math.round(this._px[2 * n + 1] * dpr) + rim;
        if (x < rim || y < rim || x >= put.width - rim || y >= put.height - rim) continue;
        const state = host.state(this.cameras.ids[n]), chosen = host.chosen(this.cameras.ids[n]);
        stamp(image.data, points, (stamps[state + chosen] ??= stampOf(state, chosen, css, dpr, put.width)), y * put.width + x);
      }
      on.putImageData(image, 0, 0);
      c.drawImage(put, -rim / dpr, -rim / dpr, put.width / dpr, put.height / dpr);
    },

    _drawLabel(c, css, { left, top, width, height, lines, line }) {
      const x = left - this._view.from.x, y = top - this._view.from.y;
      c.globalAlpha = 0.93;
      c.beginPath();
      c.roundRect(x + 0.5, y + 0.5, width - 1, height - 1, 4);
      c.fillStyle = css.paper;
      c.fill();
      c.strokeStyle = css.line;
      c.lineWidth = 1;
      c.stroke();
      c.fillStyle = css.ink;
      c.textAlign = "center";
      c.textBaseline = "middle";
      lines.forEach(([text, font], n) => {
        c.font = font;
        c.fillText(text, x + width / 2, y + 2.5 + line * (n + 0.5));
      });
      c.globalAlpha = 1;
    },

    // What a pointer means, as it is seen: the nearest camera, then what would be or is lost, then the village.
    _find(event) {
      const at = event.layerPoint.subtract(this._view.from), { scale, left, top } = this._view;
      let best = REACH * REACH, camera = -1;
      for (let n = 0; n < this.cameras.ids.length; n += 1) {
        const dx = this._px[2 * n] - at.x, dy = this._px[2 * n + 1] - at.y, far = dx * dx + dy * dy;
        if (far <= best) [best, camera] = [far, n];
      }
      if (camera >= 0) return ["camera", camera];
      for (const name of ["would_lose", "lost"]) if (this._shades[name]?.path && this._ruler.isPointInPath(this._shades[name].path, at.x, at.y, "evenodd")) return [name, 0];
      const x = (at.x + left) / scale, y = (at.y + top) / scale;
      for (let n = this.areas.length - 1; n >= 0; n -= 1) if (inside(this.areas[n].rings, x, y)) return ["boundary", n];
      return null;
    },

    _meant([kind, n]) {
      return kind === "camera" ? this.cameras.of(n) : kind === "boundary" ? this.areas[n].p : {};
    },

    _hover(event) {
      const over = event.originalEvent.target.closest(".leaflet-control"), moving = this._map.dragging?.moving(), hit = over || moving ? null : this._find(event), name = hit && hit.join();
      this._canvas.classList.toggle("leaflet-interactive", hit !== null);
      if (!hit) {
        this._leave();
        return;
      }
      this._tip ??= L.tooltip({ direction: "top" });
      if (name !== this._hit) {
        const node = document.createElement("div");
        node.textContent = this._host.text(hit[0], this._meant(hit));
        this._tip.setContent(node);
        this._hit = name;
      }
      this._tip.options.direction = event.containerPoint.y < TALL ? "bottom" : "top";
      this._tip.setLatLng(event.latlng);
      if (!this._map.hasLayer(this._tip)) this._map.openTooltip(this._tip);
    },

    _leave() {
      this._hit = null;
      if (this._tip) this._tip.remove();
    },

    _press(event) {
      const hit = this._find(event);
      if (hit) this._host.press(hit[0], this._meant(hit));
    },
  });

  const COLUMNS = [
    ["device_id", "device_ids"], ["site_id", "site_ids"], ["name", "names"], ["device_kind", "device_kinds"], ["azimuth_deg", "azimuths_deg"],
    ["azimuth_error_deg", "azimuth_errors_deg"], ["planned_azimuth_deg", "planned_azimuths_deg"], ["inside_building", "inside_buildings"],
  ];

  // The polygons of a geometry, whatever kind it is.
  function areas(geometry) {
    if (geometry.type === "Polygon") return [geometry.coordinates];
    if (geometry.type === "MultiPolygon") return geometry.coordinates;
    if (geometry.type === "GeometryCollection") return geometry.geometries.flatMap(areas);
    return [];
  }

  function latLng(x, y) {
    const n = Math.PI * (1 - 2 * y);
    return L.latLng((Math.atan(Math.sinh(n)) * 180) / Math.PI, (x - 0.5) * 360);
  }

  return { Layer, areas };
})();
