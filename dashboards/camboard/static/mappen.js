// The pen that draws a camera on the map, from near and from afar.
"use strict";
const camkeeperPen = (() => {
  const TICK = 17;            // length of a direction tick, CSS pixels
  const RADIUS = 6;           // of a camera's mark; from afar a little more than half of it
  const SMALL = 0.55;
  const NEAR = 15;            // zoom from which cameras are large enough for a tick
  const HALF = 10;            // half the side of the largest small mark, with its halo

  const pen = {
    TICK, RADIUS, NEAR, HALF,
    tick(c, x, y, azimuth, own, dash, css) {
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
    },
    // A camera: its state's shape and colour, and a halo that keeps it apart from what it lies on.
    mark(c, x, y, zoom, state, chosen, css) {
      const r = zoom < NEAR ? RADIUS * SMALL : RADIUS;
      c.beginPath();
      if (state === "down") c.rect(x - r, y - r, 2 * r, 2 * r);
      else if (state === "degraded") corners(c, x, y + 1, r * 1.35, [-90, 30, 150]);
      else if (state === "maintenance") corners(c, x, y, r * 1.35, [-90, 0, 90, 180]);
      else c.arc(x, y, r, 0, 2 * Math.PI);
      c.lineWidth = chosen ? 6.5 : 3.5;
      c.strokeStyle = chosen ? css.would : css.paper;
      c.stroke();
      c.fillStyle = state === "unknown" ? css.paper : css[state];
      c.fill();
      if (state !== "unknown") return;
      c.lineWidth = 2;
      c.strokeStyle = css.unknown;
      c.stroke();
    },
  };

  function corners(c, x, y, r, degrees) {
    for (const d of degrees) c.lineTo(x + r * Math.cos((d * Math.PI) / 180), y + r * Math.sin((d * Math.PI) / 180));
    c.closePath();
  }

  // One small mark as the points it covers, each with the distance from its middle in an image so wide: whole points,
  // which are most, and those of its rim, which blend. By hand, because five thousand drawn shapes cost a slow machine
  // a second, the same points copied a few hundredths.
  function stampOf(state, chosen, css, dpr, width) {
    const side = Math.ceil(2 * HALF * dpr), tile = document.createElement("canvas");
    tile.width = tile.height = side;
    const c = tile.getContext("2d", { willReadFrequently: true });
    c.scale(dpr, dpr);
    pen.mark(c, HALF, HALF, 0, state, chosen, css);
    const { data } = c.getImageData(0, 0, side, side), whole = [], rim = [], middle = Math.round(HALF * dpr);
    const points = new Uint32Array(data.buffer);
    points.forEach((point, n) => {
      const at = (Math.floor(n / side) - middle) * width + (n % side) - middle, alpha = data[4 * n + 3];
      if (alpha === 255) whole.push([at, point]);
      else if (alpha) rim.push(at, data[4 * n], data[4 * n + 1], data[4 * n + 2], alpha);
    });
    return { at: Int32Array.from(whole, ([at]) => at), point: Uint32Array.from(whole, ([, point]) => point), rim: Int32Array.from(rim) };
  }

  function stamp(bytes, points, { at, point, rim }, spot) {
    for (let k = 0; k < at.length; k += 1) points[spot + at[k]] = point[k];
    for (let k = 0; k < rim.length; k += 5) {
      const i = 4 * (spot + rim[k]), a = rim[k + 4] / 255, under = (bytes[i + 3] / 255) * (1 - a), sum = a + under;
      bytes[i] = (rim[k + 1] * a + bytes[i] * under) / sum;
      bytes[i + 1] = (rim[k + 2] * a + bytes[i + 1] * under) / sum;
      bytes[i + 2] = (rim[k + 3] * a + bytes[i + 2] * under) / sum;
      bytes[i + 3] = 255 * sum;
    }
  }

  return { ...pen, stampOf, stamp };
})();
