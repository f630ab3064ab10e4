// A chart as SVG: axes, a line, the range of each step, gaps where nothing was measured, values under the pointer or the arrow keys.
// Everything is attributes and textContent: neither inline style nor markup from data.

const NS = "http://www.w3.org/2000/svg";
const LEFT = 46, RIGHT = 8, TOP = 10, BOTTOM = 22;

export function svg(name, attributes = {}, parent) {
  const element = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (parent) parent.append(element);
  return element;
}

// Ticks at 1, 2, 2.5 or 5 times a power of ten (of `base`): about `count` of them.
export function ticks(top, count, base = 1) {
  const rough = Math.max(top / count, 1e-9) / base;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map(n => n * power).find(n => n >= rough) * base;
  const found = [];
  for (let value = 0; value <= top + step * 1e-6; value += step) found.push(value);
  return found;
}

const TIME_STEPS = [60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 432000, 864000];

function clock(time, span) {
  const date = new Date(time * 1000);
  const two = number => String(number).padStart(2, "0");
  if (span > 3 * 86400) return `${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  return `${two(date.getHours())}:${two(date.getMinutes())}`;
}

export function moment(time, withDate) {
  const date = new Date(time * 1000);
  const two = number => String(number).padStart(2, "0");
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} `;
  return (withDate ? day : "") + `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

// Runs of points without a gap longer than three steps.
export function runs(points, step) {
  const found = [];
  let run = [];
  for (const point of points) {
    if (run.length && point[0] - run.at(-1)[0] > step * 3) { found.push(run); run = []; }
    run.push(point);
  }
  if (run.length) found.push(run);
  return found;
}

export class Chart {
  // `top` is the least that the axis reaches to; `say` puts a value into words.
  constructor({ title, tone, say, top, base = 1 }) {
    Object.assign(this, { title, say, top, base, points: [], cursor: null });
    this.element = document.createElement("figure");
    this.element.className = `chart tone-${tone}`;
    const caption = document.createElement("figcaption");
    caption.append(title);
    this.now = document.createElement("b");
    this.at = document.createElement("span");
    this.at.className = "at";
    caption.append(this.now, this.at);
    this.svg = svg("svg", { role: "img", tabindex: "0", "aria-label": title });
    this.element.append(caption, this.svg);
    this.svg.addEventListener("pointermove", event => {
      const box = this.svg.getBoundingClientRect();
      this.point(this.from + (event.clientX - box.left - LEFT) / (box.width - LEFT - RIGHT) * (this.to - this.from));
    });
    this.svg.addEventListener("pointerleave", () => this.point(null));
    this.svg.addEventListener("blur", () => this.point(null));
    this.svg.addEventListener("keydown", event => {
      const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!by || !this.points.length) return;
      event.preventDefault();
      const now = this.cursor === null ? this.points.length - 1 : this.nearest(this.cursor);
      this.point(this.points[Math.min(this.points.length - 1, Math.max(0, now + by))][0]);
    });
    this.resizes = new ResizeObserver(() => this.draw());
    this.resizes.observe(this.svg);
  }

  remove() { this.resizes.disconnect(); this.element.remove(); }

  show(points, from, to, step, now) {
    Object.assign(this, { points, from, to, step });
    this.now.textContent = now ?? "";
    this.draw();
  }

  nearest(time) {
    let low = 0, high = this.points.length - 1;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.points[middle][0] < time) low = middle; else high = middle;
    }
    return Math.abs(this.points[low][0] - time) <= Math.abs(this.points[high][0] - time) ? low : high;
  }

  point(time) { this.cursor = time; this.mark(); }

  draw() {
    const width = this.svg.clientWidth, height = this.svg.clientHeight;
    if (!width || this.to === undefined) return;
    this.svg.replaceChildren();
    this.svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
    const largest = this.points.reduce((most, p) => Math.max(most, p[3] ?? p[1]), 0);
    const lines = ticks(Math.max(this.top, largest), 4, this.base);
    // The axis ends at a tick above the largest.
    const step = lines[1] - lines[0];
    const top = Math.max(this.top, Math.ceil(largest / step - 1e-9) * step) || 1;
    const x = this.x = time => LEFT + (time - this.from) / (this.to - this.from) * (width - LEFT - RIGHT);
    const y = this.y = value => height - BOTTOM - value / top * (height - TOP - BOTTOM);
    for (const value of ticks(top, 4, this.base)) {
      const at = Math.round(y(value)) + .5;
      svg("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: at, y2: at }, this.svg);
      svg("text", { x: LEFT - 6, y: at + 4, "text-anchor": "end" }, this.svg).textContent = this.say(value, true);
    }
    const span = this.to - this.from;
    const every = TIME_STEPS.find(s => span / s <= Math.max(2, width / 90)) ?? TIME_STEPS.at(-1);
    const zone = new Date(this.to * 1000).getTimezoneOffset() * 60;
    for (let time = Math.ceil((this.from - zone) / every) * every + zone; time <= this.to; time += every) {
      if (x(time) < LEFT + 14 || x(time) > width - RIGHT - 12) continue;
      svg("text", { x: x(time), y: height - 6, "text-anchor": "middle" }, this.svg).textContent = clock(time, span);
    }
    const path = list => list.map((p, n) => `${n ? "L" : "M"}${p[0].toFixed(1)} ${p[1].toFixed(1)}`).join("");
    for (const run of runs(this.points, this.step)) {
      const curve = run.map(p => [x(p[0]), y(p[1])]);
      // A run of one point is a short dash.
      if (curve.length === 1) curve.push([curve[0][0] + 1.5, curve[0][1]]);
      if (run[0].length > 2) {
        const band = run.map(p => [x(p[0]), y(p[3] ?? p[1])]).concat(run.map(p => [x(p[0]), y(p[2] ?? p[1])]).reverse());
        svg("path", { class: "band", d: path(band) + "Z" }, this.svg);
      } else {
        const floor = y(0);
        svg("path", { class: "area", d: path(curve) + `L${curve.at(-1)[0].toFixed(1)} ${floor}L${curve[0][0].toFixed(1)} ${floor}Z` }, this.svg);
      }
      svg("path", { class: "curve", d: path(curve) }, this.svg);
    }
    if (!this.points.length) {
      svg("text", { class: "none", x: width / 2, y: height / 2, "text-anchor": "middle" }, this.svg).textContent = "no samples in this time";
    }
    const values = this.points.map(p => p[1]);
    this.svg.setAttribute("aria-label", values.length
      ? `${this.title}: from ${this.say(Math.min(...values))} to ${this.say(Math.max(...values))}, last ${this.say(values.at(-1))}. Arrow keys read single values.`
      : `${this.title}: no samples in this time`);
    this.marks = svg("g", {}, this.svg);
    this.mark();
  }

  mark() {
    if (!this.marks) return;
    this.marks.replaceChildren();
    this.at.textContent = "";
    if (this.cursor === null || !this.points.length) return;
    const point = this.points[this.nearest(this.cursor)];
    const at = this.x(point[0]);
    svg("line", { class: "hair", x1: at, x2: at, y1: TOP, y2: this.svg.clientHeight - BOTTOM }, this.marks);
    svg("circle", { class: "dot", cx: at, cy: this.y(point[1]), r: 4.5 }, this.marks);
    const range = point.length > 2 ? ` (${this.say(point[2])} to ${this.say(point[3])})` : "";
    this.at.textContent = `${this.say(point[1])}${range} at ${moment(point[0], this.to - this.from > 86400)}`;
  }
}
