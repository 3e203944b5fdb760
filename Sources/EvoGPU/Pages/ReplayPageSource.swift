/// The page around a replay's data: styles, drawing and controls. DATA and TITLE are replaced.
let replayPageSource = #"""
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>TITLE - replay</title>
    <style>
    :root { color-scheme: light; --page: #f4f5f7; --panel: #ffffff; --line: #d9dce3; --text: #1c2330; --soft: \#
    #667085; --accent: #2f6fde;
      --sky: #e9eef6; --sky2: #f8fafc; --ground: #cfd6e0; --ground2: #bcc5d2; --grid: #c9d1dd; --shadow: 30, 40, 60; }
    :root[data-theme="dark"] { color-scheme: dark; --page: #11141a; --panel: #191e27; --line: #2d3542; --text: \#
    #e7ebf2; --soft: #93a0b4; --accent: #6ea2ff;
      --sky: #141a24; --sky2: #1e2734; --ground: #2a3341; --ground2: #36414f; --grid: #2b3543; --shadow: 0, 0, 0; }
    * { box-sizing: border-box; }
    html, body { height: 100%; margin: 0; }
    body { display: flex; flex-direction: column; gap: 10px; padding: 12px; background: var(--page); color: \#
    var(--text); font: 14px/1.4 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
    header { display: flex; align-items: baseline; gap: 12px; flex-wrap: wrap; }
    h1 { font-size: 18px; margin: 0; }
    header p { margin: 0; color: var(--soft); flex: 1; }
    button, select { font: inherit; color: inherit; background: var(--panel); border: 1px solid var(--line); \#
    border-radius: 7px; padding: 5px 10px; cursor: pointer; }
    button:hover, select:hover { border-color: var(--accent); }
    button:focus-visible, select:focus-visible, canvas:focus-visible { outline: 2px solid var(--accent); \#
    outline-offset: 1px; }
    #panels { flex: 1; min-height: 180px; display: grid; gap: 10px; }
    .panel { margin: 0; min-width: 0; min-height: 0; display: flex; flex-direction: column; background: \#
    var(--panel); border: 1px solid var(--line); border-radius: 10px; overflow: hidden; }
    .panel canvas { flex: 1; min-height: 0; width: 100%; height: 0; display: block; touch-action: none; cursor: grab; }
    .panel canvas:active { cursor: grabbing; }
    .panel figcaption { display: flex; align-items: baseline; gap: 8px; padding: 4px 12px 6px; border-top: 1px solid \#
    var(--line); cursor: pointer; user-select: none; flex-wrap: wrap; }
    .dot { width: 10px; height: 10px; border-radius: 50%; align-self: center; flex: none; }
    .label { font-weight: 600; flex: 1; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
    .facts { color: var(--soft); order: 9; flex-basis: 100%; font-size: 12px; font-variant-numeric: tabular-nums; \#
    white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
    .return { font-size: 18px; font-weight: 650; font-variant-numeric: tabular-nums; }
    .return small { font-size: 12px; font-weight: 400; color: var(--soft); }
    #panels.solo .panel:not(.chosen) { display: none; }
    footer { background: var(--panel); border: 1px solid var(--line); border-radius: 10px; padding: 8px 12px; }
    #timeline { width: 100%; height: 74px; display: block; touch-action: none; cursor: pointer; border-radius: 5px; }
    .controls { display: flex; align-items: center; gap: 8px; flex-wrap: wrap; margin-top: 6px; }
    #play { width: 84px; background: var(--accent); border-color: var(--accent); color: #fff; font-weight: 600; }
    :root[data-theme="dark"] #play { color: #0d1420; }
    #clock { font-variant-numeric: tabular-nums; min-width: 11em; }
    .spring { flex: 1; }
    .keys { color: var(--soft); font-size: 12px; }
    kbd { font: inherit; border: 1px solid var(--line); border-radius: 4px; padding: 0 4px; }
    @media (max-width: 700px) { .keys { display: none; } body { padding: 6px; gap: 6px; } }
    </style>
    </head>
    <body>
    <header><h1 id="title"></h1><p id="subtitle"></p><button id="theme" title="Light or dark (T)" aria-label="Light \#
    or dark">◐</button></header>
    <div id="panels"></div>
    <footer>
      <canvas id="timeline" tabindex="0" role="slider" aria-label="Time" aria-valuemin="0"></canvas>
      <div class="controls">
        <button id="start" title="To the start (Home)" aria-label="To the start">|◀</button>
        <button id="back" title="One step back (left arrow)" aria-label="One step back">◀</button>
        <button id="play" title="Play or pause (space)">Play</button>
        <button id="forth" title="One step on (right arrow)" aria-label="One step on">▶</button>
        <select id="speed" title="Speed (- and +)" aria-label="Speed"></select>
        <select id="episode" title="Episode ([ and ])" aria-label="Episode"></select>
        <span id="clock"></span><span class="spring"></span>
        <span class="keys" id="keys"></span>
      </div>
    </footer>
    <script type="application/json" id="data">DATA</script>
    <script>
    "use strict";
    const data = JSON.parse(document.getElementById("data").textContent);
    const $ = id => document.getElementById(id);

    // --- What was recorded \#
    -------------------------------------------------------------------------------------------------
    function decode(text, Type) {
      const binary = atob(text), bytes = new Uint8Array(binary.length);
      for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
      return new Type(bytes.buffer);
    }
    const D = data.view === "orbit" ? 3 : 2;                       // numbers per point
    const shapes = data.shapes.map(s => ({ ...s, count: s.kind === "sphere" ? 1 : 2 }));
    let width = 0;                                                 // numbers per frame
    for (const s of shapes) if (!s.still) { s.at = width; width += s.count * D; }
    for (const panel of data.panels)
      for (const e of panel.episodes) {
        e.focus = decode(e.focus, Float32Array);
        e.points = decode(e.points, Int16Array);
        e.returns = decode(e.returns, Float32Array);
        if (e.ground) e.ground.heights = decode(e.ground.heights, Float32Array);
      }

    // The focus and every moving point at a time between two frames, the points relative to the focus.
    function frame(e, at) {
      const i = Math.min(Math.floor(at), e.steps), j = Math.min(i + 1, e.steps), w = Math.min(at, e.steps) - i;
      const focus = new Array(D), points = new Float64Array(width);
      for (let k = 0; k < D; k++) focus[k] = e.focus[i * D + k] * (1 - w) + e.focus[j * D + k] * w;
      for (let k = 0; k < width; k++) points[k] = (e.points[i * width + k] * (1 - w) + e.points[j * width + k] * w) \#
    * data.unit;
      return { focus, points };
    }
    // The points of a shape, relative to the focus.
    function pointsOf(s, f) {
      const out = [];
      for (let p = 0; p < s.count; p++) {
        const point = [];
        for (let k = 0; k < D; k++) point.push(s.still ? s.still[p * D + k] - f.focus[k] : f.points[s.at + p * D + k]);
        out.push(point);
      }
      return out;
    }
    // Height of the floor at x metres: of hilly ground by the line between the two nearest samples.
    function floorAt(e, x) {
      if (!e.ground) return data.floor;
      const { first, step, heights } = e.ground, at = Math.max(0, Math.min(heights.length - 1.001, (x - first) / \#
    step)), i = Math.floor(at);
      return data.floor + heights[i] * (1 - at + i) + heights[i + 1] * (at - i);
    }
    // Smallest and largest coordinate over a sample of all frames: of moving points around their focus, radii included.
    const extent = (() => {
      const low = new Array(D).fill(Infinity), high = new Array(D).fill(-Infinity);
      const add = (k, value, r) => { low[k] = Math.min(low[k], value - r); high[k] = Math.max(high[k], value + r); };
      for (const panel of data.panels) for (const e of panel.episodes)
        for (let i = 0; i <= e.steps; i += Math.max(1, Math.floor(e.steps / 400)))
          for (const s of shapes) if (!s.still)
            for (let p = 0; p < s.count; p++) for (let k = 0; k < D; k++) add(k, e.points[i * width + s.at + p * D + \#
    k] * data.unit, s.radius);
      if (!data.follows) {
        for (const s of shapes) if (s.still) for (let q = 0; q < s.still.length; q++) add(q % D, s.still[q], s.radius);
        for (const line of data.scenery) line.forEach((value, q) => add(q % D, value, 0));
      }
      if (data.floor != null && data.view !== "top") add(D - 1, data.floor, 0);
      for (const panel of data.panels) for (const e of panel.episodes)
        for (let i = 0; e.ground && i <= e.steps; i += 10) for (const x of [-1, 0, 1]) add(D - 1, floorAt(e, \#
    e.focus[i * D] + x), 0);
      return { low, high };
    })();
    const size = Math.max(...extent.high.map((h, k) => h - extent.low[k]));

    // --- Colours \#
    ----------------------------------------------------------------------------------------------------------
    const PARTS = [[232, 152, 54], [64, 145, 235], [235, 92, 92], [58, 178, 128], [160, 108, 225], [226, 184, 60], \#
    [70, 190, 205], [228, 110, 175], [130, 150, 175]];
    const LINES = ["#2f6fde", "#e0662a", "#2a9d6f", "#b0459b", "#c79a12", "#5b6ee1", "#1f9fb4", "#d1495b"];
    const partColour = s => s.still ? [140, 150, 166] : PARTS[s.part % PARTS.length];   // what stands still is grey
    const shade = (c, f) => `rgb(${c.map(x => Math.round(f <= 1 ? x * f : x + (255 - x) * (f - 1))).join(",")})`;
    let css = {};
    function readTheme() {
      const style = getComputedStyle(document.documentElement);
      for (const name of ["page", "panel", "line", "text", "soft", "accent", "sky", "sky2", "ground", "ground2", \#
    "grid", "shadow"]) css[name] = style.getPropertyValue("--" + name).trim();
    }
    const setTheme = name => { document.documentElement.dataset.theme = name; readTheme(); dirty = true; };

    // --- State \#
    ------------------------------------------------------------------------------------------------------------
    let now = 0, playing = !matchMedia("(prefers-reduced-motion: reduce)").matches, speed = 1, episode = 0, dirty = \#
    true;
    const camera = { yaw: -2.2, pitch: 0.32, zoom: 1, pan: [0, 0] };   // seen from behind and beside, looking \#
    forward along x
    const episodesOf = () => data.panels.map(p => p.episodes[Math.min(episode, p.episodes.length - 1)]);
    const lastStep = () => Math.max(...episodesOf().map(e => e.steps));

    // --- Drawing in a plane \#
    -------------------------------------------------------------------------------------------------
    function niceStep(target) {
      const power = Math.pow(10, Math.floor(Math.log10(target)));
      return [1, 2, 5, 10].map(k => k * power).find(step => step >= target * 0.999);
    }
    function drawPlane(ctx, w, h, f, e) {
      const spanX = extent.high[0] - extent.low[0], spanY = extent.high[1] - extent.low[1];
      const margin = 0.08 * Math.max(spanX, spanY) + 0.02;
      const scale = camera.zoom * Math.min(w / (spanX * (data.follows ? 1.25 : 1) + 2 * margin), (h - 8) / (spanY + \#
    2 * margin));
      const midX = (data.follows ? 0 : (extent.low[0] + extent.high[0]) / 2), midY = (extent.low[1] + \#
    extent.high[1]) / 2;
      const cx = w / 2 + camera.pan[0], cy = h / 2 + camera.pan[1];
      const X = x => cx + (x - midX) * scale, Y = y => cy - (y - midY) * scale;   // of points relative to the focus
      const sky = ctx.createLinearGradient(0, 0, 0, h);
      sky.addColorStop(0, css.sky); sky.addColorStop(1, css.sky2);
      ctx.fillStyle = sky; ctx.fillRect(0, 0, w, h);

      // A grid that stands still in the world, with metres along the floor.
      const step = niceStep(90 / scale), fx = f.focus[0], fy = f.focus[1];
      ctx.strokeStyle = css.grid; ctx.lineWidth = 1; ctx.beginPath();
      for (let k = Math.ceil((fx + midX - cx / scale) / step); ; k++) { const x = X(k * step - fx); if (x > w) \#
    break; ctx.moveTo(x, 0); ctx.lineTo(x, h); }
      for (let k = Math.ceil((fy + midY - (h - cy) / scale) / step); ; k++) { const y = Y(k * step - fy); if (y < 0) \#
    break; ctx.moveTo(0, y); ctx.lineTo(w, y); }
      ctx.stroke();
      const side = data.view === "side", floorY = side && data.floor != null ? Y(data.floor - fy) : null;
      const groundY = px => Y(floorAt(e, midX + (px - cx) / scale + fx) - fy);   // of a place on the screen
      if (floorY !== null) {
        const line = new Path2D();
        for (let x = -3; x <= w + 3; x += e.ground ? 3 : w + 6) line.lineTo(x, groundY(x));
        const earth = new Path2D(line);
        earth.lineTo(w + 3, h); earth.lineTo(-3, h);
        ctx.fillStyle = css.ground; ctx.fill(earth);
        ctx.strokeStyle = css.ground2; ctx.lineWidth = 3; ctx.stroke(line);
      }
      const places = Math.max(0, -Math.floor(Math.log10(step) + 1e-9)), textY = floorY !== null && !e.ground && \#
    floorY + 22 < h ? floorY + 18 : h - 6;
      ctx.fillStyle = css.soft; ctx.font = "11px system-ui, sans-serif"; ctx.textAlign = "center";
      for (let k = Math.ceil((fx + midX - cx / scale) / step); ; k++) {
        const x = X(k * step - fx); if (x > w) break;
        ctx.fillText((k * step).toFixed(places) + " m", x, textY);
        if (floorY !== null) { ctx.fillStyle = css.ground2; ctx.fillRect(x - 1, groundY(x), 2, 7); ctx.fillStyle = \#
    css.soft; }
      }
      ctx.strokeStyle = css.soft; ctx.lineWidth = 2; ctx.lineJoin = "round";
      for (const line of data.scenery) {
        ctx.beginPath();
        for (let q = 0; q < line.length; q += 2) ctx.lineTo(X(line[q] - fx), Y(line[q + 1] - fy));
        ctx.stroke();
      }
      if (floorY !== null) {                                      // soft shadows straight below
        ctx.fillStyle = `rgba(${css.shadow}, 0.10)`;
        for (const s of shapes) {
          const p = pointsOf(s, f), a = p[0], b = p[p.length - 1], x0 = X(Math.min(a[0], b[0]) - s.radius), x1 = \#
    X(Math.max(a[0], b[0]) + s.radius);
          ctx.beginPath(); ctx.ellipse((x0 + x1) / 2, groundY((x0 + x1) / 2) + 4, (x1 - x0) / 2, 4, 0, 0, 7); \#
    ctx.fill();
        }
      }
      // Parts with the highest number lie at the back, the first limb in front of the trunk.
      const order = shapes.map((s, i) => [s.still ? 99 : s.part === 0 ? 1.5 : s.part, i]).sort((p, q) => q[0] - p[0] \#
    || p[1] - q[1]);
      for (const [, i] of order) {
        const s = shapes[i], p = pointsOf(s, f), r = s.radius * scale, colour = partColour(s);
        const ax = X(p[0][0]), ay = Y(p[0][1]), bx = X(p[p.length - 1][0]), by = Y(p[p.length - 1][1]);
        const length = Math.hypot(bx - ax, by - ay);
        const nx = length > 1e-6 ? -(by - ay) / length : 0.5, ny = length > 1e-6 ? (bx - ax) / length : -0.87, flip \#
    = ny > 0 ? -1 : 1;   // upwards
        const mx = (ax + bx) / 2, my = (ay + by) / 2;
        const fill = length > 1e-6 ? ctx.createLinearGradient(mx + nx * r * flip, my + ny * r * flip, mx - nx * r * \#
    flip, my - ny * r * flip)
                                   : ctx.createRadialGradient(ax - r * 0.35, ay - r * 0.4, r * 0.1, ax, ay, r);
        fill.addColorStop(0, shade(colour, 1.28)); fill.addColorStop(0.45, shade(colour, 1)); fill.addColorStop(1, \#
    shade(colour, 0.66));
        const angle = Math.atan2(by - ay, bx - ax);
        ctx.beginPath();
        ctx.arc(ax, ay, Math.max(r, 1), angle + Math.PI / 2, angle - Math.PI / 2);
        ctx.arc(bx, by, Math.max(r, 1), angle - Math.PI / 2, angle + Math.PI / 2);
        ctx.closePath();
        ctx.fillStyle = fill; ctx.fill();
        ctx.strokeStyle = shade(colour, 0.5); ctx.lineWidth = Math.max(1, Math.min(2, r * 0.12)); ctx.stroke();
      }
    }

    // --- Drawing in space \#
    ---------------------------------------------------------------------------------------------------
    const LIGHT = (v => { const n = Math.hypot(...v); return v.map(x => x / n); })([-0.45, -0.5, 1]);
    function hull(points) {                                       // convex hull, counterclockwise (Andrew 1979)
      points.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
      const turn = (o, a, b) => (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0]), out = [];
      for (const pass of [points, points.slice().reverse()]) {
        const start = out.length;
        for (const p of pass) {
          while (out.length >= start + 2 && turn(out[out.length - 2], out[out.length - 1], p) <= 0) out.pop();
          out.push(p);
        }
        out.pop();
      }
      return out;
    }
    function drawSpace(ctx, w, h, f) {
      const floor = data.floor ?? 0, cosP = Math.cos(camera.pitch), sinP = Math.sin(camera.pitch), cosY = \#
    Math.cos(camera.yaw), sinY = Math.sin(camera.yaw);
      const middle = (extent.low[2] + Math.min(extent.high[2], extent.low[2] + 2.2 * size)) / 2;
      const distance = 2.1 * size / camera.zoom, focal = Math.min(h, w * 1.1) * 1.45;
      const right = [-sinY, cosY, 0], up = [-sinP * cosY, -sinP * sinY, cosP], back = [cosP * cosY, cosP * sinY, sinP];
      const eye = [back[0] * distance, back[1] * distance, middle + back[2] * distance];   // relative to the focus \#
    in x and y
      const view = p => { const d = [p[0] - eye[0], p[1] - eye[1], p[2] - eye[2]];
        return [d[0] * right[0] + d[1] * right[1], d[0] * up[0] + d[1] * up[1] + d[2] * up[2], -(d[0] * back[0] + \#
    d[1] * back[1] + d[2] * back[2])]; };
      const screen = v => [w / 2 + v[0] * focal / v[2], h / 2 - v[1] * focal / v[2], focal / v[2]];
      const near = 0.02 * size;

      const horizon = h / 2 + (up[2] !== 0 ? -focal * Math.tan(camera.pitch) : 0), sky = ctx.createLinearGradient(0, \#
    Math.min(0, horizon - h), 0, Math.min(h, horizon));
      sky.addColorStop(0, css.sky); sky.addColorStop(1, css.sky2);
      ctx.fillStyle = sky; ctx.fillRect(0, 0, w, h);
      if (data.floor != null) {
        const fade = ctx.createLinearGradient(0, horizon, 0, horizon + 0.35 * h);
        fade.addColorStop(0, css.sky2); fade.addColorStop(1, css.ground);
        if (horizon < h) { ctx.fillStyle = fade; ctx.fillRect(0, Math.max(0, horizon), w, h); }
        // Every other tile of a checkerboard that stands still in the world, fading with distance.
        const tile = niceStep(size / 4), reach = 11, kx = Math.floor(f.focus[0] / tile), ky = Math.floor(f.focus[1] \#
    / tile);
        ctx.fillStyle = css.ground2;
        for (let i = kx - reach; i <= kx + reach; i++) for (let j = ky - reach; j <= ky + reach; j++) {
          if ((i + j) & 1) continue;
          const x = i * tile - f.focus[0], y = j * tile - f.focus[1], from = Math.hypot(x + tile / 2, y + tile / 2) \#
    / (reach * tile);
          if (from > 1) continue;
          const corners = [[x, y], [x + tile, y], [x + tile, y + tile], [x, y + tile]].map(([a, b]) => view([a, b, \#
    floor]));
          if (corners.some(v => v[2] < near)) continue;
          ctx.globalAlpha = 1 - from * from;
          ctx.beginPath();
          for (const v of corners) { const s = screen(v); ctx.lineTo(s[0], s[1]); }
          ctx.fill();
        }
        ctx.globalAlpha = 1;
      }

      const solids = [];
      const shadow = new Path2D();
      for (const s of shapes) {
        const ends = pointsOf(s, f), a = ends[0], b = ends[ends.length - 1], r = s.radius;
        if (s.still) { a[2] = s.still[2]; b[2] = s.still[s.still.length - 1]; }
        if (data.floor != null) {
          const outline = [];
          for (const p of ends) for (let q = 0; q < 12; q++) {
            const reach = (p[2] - floor) / LIGHT[2], angle = q * Math.PI / 6;
            const v = view([p[0] - LIGHT[0] * reach + r * Math.cos(angle), p[1] - LIGHT[1] * reach + r * \#
    Math.sin(angle), floor]);
            if (v[2] > near) { const at = screen(v); outline.push([at[0], at[1]]); }
          }
          if (outline.length > 2) { hull(outline).forEach((p, q) => q ? shadow.lineTo(p[0], p[1]) : \#
    shadow.moveTo(p[0], p[1])); shadow.closePath(); }
        }
        const length = Math.hypot(b[0] - a[0], b[1] - a[1], b[2] - a[2]), pieces = Math.max(1, Math.min(6, \#
    Math.ceil(length / (1.5 * r))));
        for (let q = 0; q < pieces; q++) {
          const mix = t => [0, 1, 2].map(k => a[k] + (b[k] - a[k]) * t), va = view(mix(q / pieces)), vb = \#
    view(mix((q + 1) / pieces));
          if (va[2] < near + r || vb[2] < near + r) continue;
          solids.push({ va, vb, r, colour: partColour(s), depth: Math.hypot(va[0] + vb[0], va[1] + vb[1], va[2] + \#
    vb[2]), axis: length > 1e-9 });
        }
      }
      ctx.fillStyle = `rgba(${css.shadow}, 0.28)`; ctx.fill(shadow, "nonzero");
      solids.sort((p, q) => q.depth - p.depth);
      const light = [0, 1].map(k => LIGHT[0] * [right, up][k][0] + LIGHT[1] * [right, up][k][1] + LIGHT[2] * [right, \#
    up][k][2]);
      const toEye = LIGHT[0] * back[0] + LIGHT[1] * back[1] + LIGHT[2] * back[2];
      const lambert = n => 0.5 + 0.12 * n[1] + 0.62 * Math.max(0, n[0] * light[0] + n[1] * light[1] + n[2] * toEye); \#
      // n: right, up, towards the eye
      for (const { va, vb, r, colour, axis } of solids) {
        const A = screen(va), B = screen(vb), ra = Math.max(0.7, r * A[2]), rb = Math.max(0.7, r * B[2]), dx = B[0] \#
    - A[0], dy = B[1] - A[1], d = Math.hypot(dx, dy);
        ctx.beginPath();
        let fill;
        if (d <= Math.abs(ra - rb) + 0.3) {                        // seen along its axis, or a sphere
          const [P, R] = ra >= rb ? [A, ra] : [B, rb];
          // Brightest towards the light, and at the far rim as dark as there.
          const side = Math.hypot(light[0], light[1]) || 1, x = light[0] / side, y = light[1] / side, lift = \#
    Math.min(0.75, toEye > 0 ? side : 1);
          fill = ctx.createRadialGradient(P[0] + x * R * lift, P[1] - y * R * lift, R * 0.04, P[0], P[1], R);
          for (const k of [0, 0.25, 0.5, 0.75, 1]) {
            const q = lift - k * (1 + lift) * 0.98, z = Math.sqrt(Math.max(0, 1 - q * q));
            fill.addColorStop(k, shade(colour, lambert([x * q, y * q, z])));
          }
          ctx.arc(P[0], P[1], R, 0, 7);
        } else {
          const angle = Math.atan2(dy, dx), beta = Math.acos((ra - rb) / d);
          ctx.arc(A[0], A[1], ra, angle + beta, angle - beta);
          ctx.arc(B[0], B[1], rb, angle - beta, angle + beta);
          ctx.closePath();
          // Across the cylinder: normals from e1 over the one that faces the eye to -e1.
          const u = [dx / d, -dy / d], along = axis ? [vb[0] - va[0], vb[1] - va[1], va[2] - vb[2]] : [u[0], u[1], \#
    0], n = Math.hypot(...along), t = along.map(x => x / n);
          const e1 = [-u[1], u[0], 0], cross = [e1[1] * t[2], -e1[0] * t[2], e1[0] * t[1] - e1[1] * t[0]], sign = \#
    cross[2] < 0 ? -1 : 1, e2 = cross.map(x => x * sign);
          const mx = (A[0] + B[0]) / 2, my = (A[1] + B[1]) / 2, m = Math.max(ra, rb);
          fill = ctx.createLinearGradient(mx + e1[0] * m, my - e1[1] * m, mx - e1[0] * m, my + e1[1] * m);
          for (const k of [0, 0.15, 0.3, 0.5, 0.7, 0.85, 1]) {
            const x = 1 - 2 * k, z = Math.sqrt(Math.max(0, 1 - x * x));
            fill.addColorStop(k, shade(colour, lambert([0, 1, 2].map(i => e1[i] * x + e2[i] * z))));
          }
        }
        ctx.fillStyle = fill; ctx.fill();
      }
    }

    // --- Panels \#
    -----------------------------------------------------------------------------------------------------------
    const number = x => { const p = Math.abs(x) >= 1000 ? 0 : Math.abs(x) >= 100 ? 1 : 2; return \#
    x.toFixed(p).replace(/\B(?=(\d{3})+(?!\d))(?<!\.\d*)/g, "\u2009"); };
    const panels = data.panels.map((panel, i) => {
      const figure = document.createElement("figure"), canvas = document.createElement("canvas"), caption = \#
    document.createElement("figcaption");
      const make = (tag, name) => { const e = document.createElement(tag); e.className = name; caption.append(e); \#
    return e; };
      const dot = make("span", "dot"), label = make("span", "label"), facts = make("span", "facts"), total = \#
    make("span", "return");
      dot.style.background = LINES[i % LINES.length];
      label.textContent = panel.label;
      figure.className = "panel";
      caption.title = "Click, or press " + (i + 1) + ", to see this one alone";
      caption.addEventListener("click", () => solo(i));
      figure.append(canvas, caption);
      $("panels").append(figure);
      watch(canvas);
      return { figure, canvas, facts, total };
    });
    function solo(i) {
      const box = $("panels"), same = panels[i].figure.classList.contains("chosen");
      panels.forEach((p, k) => p.figure.classList.toggle("chosen", !same && k === i));
      box.classList.toggle("solo", !same);
      layout();
    }
    function layout() {
      const box = $("panels"), count = box.classList.contains("solo") ? 1 : panels.length, w = box.clientWidth, h = \#
    box.clientHeight;
      let best = 1, score = -1;
      for (let columns = 1; columns <= count; columns++) {          // the grid whose panels can show the largest \#
    picture
        const rows = Math.ceil(count / columns), a = w / columns, b = h / rows - 56, s = Math.min(a, b * (D === 3 ? \#
    1.2 : 1.6));
        if (s > score) { score = s; best = columns; }
      }
      box.style.gridTemplateColumns = `repeat(${best}, minmax(0, 1fr))`;
      box.style.gridTemplateRows = `repeat(${Math.ceil(count / best)}, minmax(0, 1fr))`;
      dirty = true;
    }
    function context(canvas) {
      const ratio = devicePixelRatio || 1, w = canvas.clientWidth, h = canvas.clientHeight;
      if (canvas.width !== Math.round(w * ratio) || canvas.height !== Math.round(h * ratio)) { canvas.width = \#
    Math.round(w * ratio); canvas.height = Math.round(h * ratio); }
      const ctx = canvas.getContext("2d");
      ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
      return [ctx, w, h];
    }
    function draw() {
      const at = now / data.dt;
      panels.forEach((panel, i) => {
        const e = episodesOf()[i], [ctx, w, h] = context(panel.canvas);
        const f = frame(e, at);
        if (w > 0 && h > 0) (D === 3 ? drawSpace : drawPlane)(ctx, w, h, f, e);
        const step = Math.min(Math.floor(at + 1e-9), e.steps), over = step >= e.steps;
        const moved = data.follows ? ` \u00b7 ${(f.focus[0] - e.focus[0]).toFixed(1).replace(/^-(0\.0)$/, "$1")} m` \#
    : "";
        panel.facts.textContent = `step ${step} of ${e.steps}${moved}${over ? (e.terminated ? " \u00b7 ended by the \#
    task" : " \u00b7 time limit") : ""}`;
        panel.total.innerHTML = "<small>return</small> " + number(e.returns[step]);
      });
      drawTimeline();
      const total = lastStep() * data.dt;
      $("clock").textContent = `${now.toFixed(2)} s of ${total.toFixed(2)} s`;
      $("timeline").setAttribute("aria-valuemax", total.toFixed(2));
      $("timeline").setAttribute("aria-valuenow", now.toFixed(2));
      $("play").textContent = playing ? "Pause" : "Play";
    }
    function drawTimeline() {
      const canvas = $("timeline"), [ctx, w, h] = context(canvas), list = episodesOf(), steps = lastStep();
      let low = 0, high = 0;
      for (const e of list) for (const x of e.returns) { low = Math.min(low, x); high = Math.max(high, x); }
      if (high === low) high = low + 1;
      const X = s => 1 + s / Math.max(1, steps) * (w - 2), Y = x => h - 5 - (x - low) / (high - low) * (h - 10);
      ctx.fillStyle = css.page; ctx.fillRect(0, 0, w, h);
      ctx.strokeStyle = css.line; ctx.lineWidth = 1;
      ctx.beginPath(); ctx.moveTo(0, Y(0)); ctx.lineTo(w, Y(0)); ctx.stroke();
      const every = niceStep(steps * data.dt / Math.max(2, w / 110)), places = Math.max(0, \#
    -Math.floor(Math.log10(every) + 1e-9));
      ctx.fillStyle = css.soft; ctx.font = "10px system-ui, sans-serif"; ctx.textAlign = "center";
      for (let t = every; t < steps * data.dt * 0.97; t += every) ctx.fillText(t.toFixed(places) + " s", X(t / \#
    data.dt), h - 3);
      const at = now / data.dt;
      list.forEach((e, i) => {
        for (const [alpha, end] of [[0.35, e.steps], [1, Math.min(e.steps, at)]]) {
          ctx.globalAlpha = alpha; ctx.strokeStyle = LINES[i % LINES.length]; ctx.lineWidth = alpha === 1 ? 2 : 1.5;
          ctx.beginPath();
          const stride = Math.max(1, Math.floor(e.steps / w));
          for (let s = 0; s < end; s += stride) ctx.lineTo(X(s), Y(e.returns[s]));
          ctx.lineTo(X(end), Y(e.returns[Math.floor(end)]));
          ctx.stroke();
        }
      });
      ctx.globalAlpha = 1;
      ctx.fillStyle = css.text; ctx.textAlign = "left"; ctx.fillText("return", 5, 11);
      ctx.fillStyle = css.accent; ctx.fillRect(X(Math.min(at, steps)) - 1, 0, 2, h);
    }

    // --- Input \#
    ------------------------------------------------------------------------------------------------------------
    function seek(t) { now = Math.max(0, Math.min(t, lastStep() * data.dt)); dirty = true; }
    function steps(n) { playing = false; seek((Math.round(now / data.dt) + n) * data.dt); }
    function toggle() { if (!playing && now >= lastStep() * data.dt - 1e-9) now = 0; playing = !playing; dirty = true; }
    function watch(canvas) {
      const held = new Map();
      let pinch = 0;
      canvas.addEventListener("pointerdown", e => { canvas.setPointerCapture(e.pointerId); held.set(e.pointerId, \#
    [e.clientX, e.clientY]); pinch = 0; });
      canvas.addEventListener("pointermove", e => {
        const last = held.get(e.pointerId);
        if (!last) return;
        held.set(e.pointerId, [e.clientX, e.clientY]);
        if (held.size === 2) {
          const [a, b] = [...held.values()], apart = Math.hypot(a[0] - b[0], a[1] - b[1]);
          if (pinch) zoom(apart / pinch);
          pinch = apart;
        } else if (D === 3) {
          camera.yaw -= (e.clientX - last[0]) * 0.008;
          camera.pitch = Math.max(0.02, Math.min(1.54, camera.pitch + (e.clientY - last[1]) * 0.006));
        } else {
          camera.pan[0] += e.clientX - last[0]; camera.pan[1] += e.clientY - last[1];
        }
        dirty = true;
      });
      for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, e => { \#
    held.delete(e.pointerId); pinch = 0; });
      canvas.addEventListener("wheel", e => { e.preventDefault(); zoom(Math.exp(-e.deltaY * 0.0012)); }, { passive: \#
    false });
      canvas.addEventListener("dblclick", resetView);
    }
    function zoom(factor) { camera.zoom = Math.max(0.2, Math.min(8, camera.zoom * factor)); dirty = true; }
    function resetView() { Object.assign(camera, { yaw: -2.2, pitch: 0.32, zoom: 1, pan: [0, 0] }); dirty = true; }
    const SPEEDS = [0.1, 0.25, 0.5, 1, 2, 4, 8];
    for (const s of SPEEDS) $("speed").add(new Option(s + "\u00d7", s, s === 1, s === 1));
    const setSpeed = s => { speed = s; $("speed").value = s; };
    $("speed").addEventListener("change", e => setSpeed(+e.target.value));
    const episodes = Math.max(...data.panels.map(p => p.episodes.length));
    for (let i = 0; i < episodes; i++) $("episode").add(new Option("Episode " + (i + 1), i));
    $("episode").hidden = episodes < 2;
    const setEpisode = i => { episode = Math.max(0, Math.min(episodes - 1, i)); $("episode").value = episode; \#
    seek(0); };
    $("episode").addEventListener("change", e => setEpisode(+e.target.value));
    $("play").addEventListener("click", toggle);
    $("start").addEventListener("click", () => seek(0));
    $("back").addEventListener("click", () => steps(-1));
    $("forth").addEventListener("click", () => steps(1));
    $("theme").addEventListener("click", () => setTheme(document.documentElement.dataset.theme === "dark" ? "light" \#
    : "dark"));
    let resume = false;
    const scrub = e => { const box = $("timeline").getBoundingClientRect(); seek((e.clientX - box.left - 1) / \#
    (box.width - 2) * lastStep() * data.dt); };
    $("timeline").addEventListener("pointerdown", e => { $("timeline").setPointerCapture(e.pointerId); resume = \#
    playing; playing = false; scrub(e); });
    $("timeline").addEventListener("pointermove", e => { if (e.buttons) scrub(e); });
    $("timeline").addEventListener("pointerup", () => { if (resume && now < lastStep() * data.dt) playing = true; \#
    resume = false; });
    addEventListener("keydown", e => {
      if (e.ctrlKey || e.metaKey || e.altKey || e.target.tagName === "SELECT") return;
      const actions = {
        " ": toggle, k: toggle, ArrowLeft: () => steps(e.shiftKey ? -10 : -1), ArrowRight: () => steps(e.shiftKey ? \#
    10 : 1), Home: () => seek(0), End: () => seek(1e9),
        "+": () => setSpeed(SPEEDS[Math.min(SPEEDS.length - 1, SPEEDS.indexOf(speed) + 1)]), "=": () => \#
    actions["+"](), "-": () => setSpeed(SPEEDS[Math.max(0, SPEEDS.indexOf(speed) - 1)]),
        "[": () => setEpisode(episode - 1), "]": () => setEpisode(episode + 1), r: resetView, t: () => \#
    $("theme").click(),
      };
      const action = actions[e.key] || actions[e.key.toLowerCase()] || (/^[1-9]$/.test(e.key) && panels[e.key - 1] ? \#
    () => solo(e.key - 1) : null);
      if (!action || (e.key === " " && e.target.tagName === "BUTTON")) return;
      e.preventDefault();
      action();
      dirty = true;
    });
    const keys = [["space", "play"], ["← →", "step"], ["- +", "speed"], ["R", "reset view"], ["T", "theme"]];
    if (panels.length > 1) keys.push(["1-" + Math.min(9, panels.length), "one alone"]);
    if (episodes > 1) keys.push(["[ ]", "episode"]);
    $("keys").innerHTML = keys.map(([key, what]) => `<kbd>${key}</kbd> ${what}`).join(" &nbsp; ") + (D === 3 ? " \#
    &nbsp; drag to look around, wheel to zoom" : "");

    // --- Start \#
    ------------------------------------------------------------------------------------------------------------
    $("title").textContent = data.title;
    $("subtitle").textContent = data.subtitle;
    setTheme(matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", e => setTheme(e.matches ? "dark" : "light"));
    new ResizeObserver(layout).observe($("panels"));
    layout();
    const start = /[#&]t=([0-9.]+)/.exec(location.hash);           // page.html#t=3.5 opens there, paused
    if (start) { seek(+start[1]); playing = false; }
    let last = null;
    function tick(time) {
      if (playing && last !== null) {
        now += Math.min(0.1, (time - last) / 1000) * speed;
        if (now >= lastStep() * data.dt) { now = lastStep() * data.dt; playing = false; }
        dirty = true;
      }
      last = time;
      if (dirty) { dirty = false; draw(); }
      requestAnimationFrame(tick);
    }
    requestAnimationFrame(tick);
    </script>
    </body>
    </html>
    """#
