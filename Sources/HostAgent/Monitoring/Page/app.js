// The page: snapshots come as server-sent events and are drawn; histories are fetched for what is looked at.
// Texts come from guests: they are set as textContent and never as markup.

import { Chart, svg, moment } from "./chart.js";

const LIVE_SECONDS = 600;
const RANGES = [
  { name: "10 min", seconds: LIVE_SECONDS, step: 0 },
  { name: "1 h", seconds: 3600, step: 10 },
  { name: "24 h", seconds: 86400, step: 300 },
  { name: "30 d", seconds: 30 * 86400, step: 7200 },
];
// More GPUs than this, and they are small tiles.
const DENSE = 48;
const GIB = 2 ** 30;

const $ = id => document.getElementById(id);
const main = $("main");

let snapshot = null;
let heard = 0;
let range = RANGES[0];
let view = null;

// --- Small tools ---

function make(name, options = {}, ...children) {
  const element = document.createElement(name);
  const { text, ...rest } = options;
  if (text !== undefined) element.textContent = text;
  for (const [key, value] of Object.entries(rest)) {
    if (key === "class") element.className = value; else element.setAttribute(key, value);
  }
  element.append(...children);
  return element;
}

// What did not change is not touched: a thousand tiles are looked at each second.
function setText(element, text) { if (element.textContent !== text) element.textContent = text; }
function setClass(element, text) { if (element.className !== text) element.className = text; }
function setShare(element, name, share) {
  const text = (Math.round(share * 200) / 200).toString();
  if (element.style.getPropertyValue(name) !== text) element.style.setProperty(name, text);
}

const whole = value => String(Math.round(value));
const unknown = "–";
function bytes(value) {
  if (value === undefined) return unknown;
  const gib = value / GIB;
  if (gib >= 100) return `${whole(gib)} GiB`;
  return gib >= 1 ? `${gib.toFixed(1)} GiB` : `${whole(value / 2 ** 20)} MiB`;
}
function duration(seconds) {
  if (seconds < 120) return `${Math.floor(seconds)} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86400)} d`;
}

const TONES = {
  live: "good", stopped: "off", waiting: "warm", stale: "warm", starting: "warm",
};
const tone = machine => TONES[machine.condition] ?? "hot";
const isTrouble = machine => !["live", "stopped"].includes(machine.condition);
const link = (vm, gpu) => "#" + encodeURIComponent(vm) + (gpu === undefined ? "" : "/" + gpu);
const gpusOf = machine => machine.condition === "stopped" ? [] : machine.gpus ?? [];
const share = facts => facts.memoryTotalBytes > 0 && facts.memoryUsedBytes !== undefined
  ? Math.min(1, facts.memoryUsedBytes / facts.memoryTotalBytes) : undefined;
const model = gpu => (gpu.name ?? "GPU").replace(/^NVIDIA /, "");
function fault(gpu) {
  const found = gpu.faults && (gpu.faults.temperatureCelsius ?? gpu.faults.utilizationGPUPercent ?? Object.values(gpu.faults)[0]);
  return found === undefined ? undefined : found === "gpuLost" ? "lost: nvidia-smi cannot reach it any more" : `no values: ${found}`;
}
function temperatureTone(facts) {
  const limit = facts.temperatureSlowdownCelsius ?? 90, now = facts.temperatureCelsius ?? 0;
  return now >= limit - 5 ? "hot" : now >= limit - 15 ? "warm" : "good";
}
const memoryTone = part => part >= .97 ? "hot" : part >= .9 ? "warm" : "memory";

// How a machine is, in words, with the age of what is shown.
function why(machine) {
  if (machine.condition === "live") return "";
  const words = machine.detail ?? "";
  const age = machine.sampleAgeSeconds;
  const tellsAge = age !== undefined && !["stopped", "stale"].includes(machine.condition);
  return words + (tellsAge ? `${words ? "; " : ""}newest sample ${duration(age)} old` : "");
}

// --- Filter and sort ---

function filtered() {
  const wanted = $("filter").value.trim().toLowerCase();
  const has = text => text !== undefined && text.toLowerCase().includes(wanted);
  const sort = $("sort").value;
  const key = gpu => ({
    utilization: gpu.facts.utilizationGPUPercent, memory: share(gpu.facts), temperature: gpu.facts.temperatureCelsius,
    power: gpu.facts.powerDrawWatts,
  })[sort] ?? -1;
  const found = [];
  for (const machine of snapshot.machines) {
    let gpus = gpusOf(machine);
    const isWhole = !wanted || has(machine.name) || has(machine.condition) || has(machine.hostname);
    if (!isWhole) {
      gpus = gpus.filter(gpu => has(gpu.name) || has(gpu.uuid) || has(gpu.pciAddress)
        || (gpu.processes ?? []).some(process => has(process.name)));
      if (!gpus.length) continue;
    }
    if (sort !== "name" && sort !== "trouble") gpus = [...gpus].sort((a, b) => key(b) - key(a));
    found.push({ machine, gpus });
  }
  if (sort === "trouble") {
    const rank = ({ machine, gpus }) => ({ hot: 3, warm: 2, good: 1 })[tone(machine)] + (gpus.some(fault) ? 3 : 0) || 0;
    found.sort((a, b) => rank(b) - rank(a));
  } else if (sort !== "name") {
    const most = entry => Math.max(-2, ...entry.gpus.map(key));
    found.sort((a, b) => most(b) - most(a));
  }
  return found;
}

// --- Histories, for what is looked at ---

let waiting = [];
let fetching = 0;

function fetchHistory(vm, gpu, fact, { seconds, step }) {
  const now = snapshot.time;
  const query = new URLSearchParams({ vm, gpu, fact, from: (now - seconds).toFixed(3), to: now.toFixed(3), step });
  return new Promise(resolve => {
    waiting.push({ query, resolve });
    pump();
  });
}

// Four at a time: eighty cards that come into sight must not be eighty requests at once.
function pump() {
  while (fetching < 4 && waiting.length) {
    const { query, resolve } = waiting.shift();
    fetching += 1;
    fetch(`api/v1/history?${query}`)
      .then(answer => answer.ok ? answer.json() : { points: [] })
      .catch(() => ({ points: [] }))
      .then(answer => { fetching -= 1; resolve(answer); pump(); });
  }
}

// The last minutes of a fact: what the host has kept, and what came since.
class Series {
  constructor(vm, gpu, fact) {
    Object.assign(this, { vm, gpu, fact, points: [], step: 0 });
  }

  // Fetches; tells whether it is still wanted by being awaited.
  async load(wanted) {
    const answer = await fetchHistory(this.vm, this.gpu, this.fact, wanted);
    const newest = answer.points.at(-1)?.[0] ?? -1;
    this.step = answer.stepSeconds ?? 0;
    // What came by the stream meanwhile is newer, and samples alone fit behind samples.
    this.points = wanted.step ? answer.points : answer.points.concat(this.points.filter(point => point[0] > newest + .05));
  }

  add(time, value, seconds) {
    if (value === undefined || time === undefined) return;
    if (this.points.length && time <= this.points.at(-1)[0] + .05) return;
    this.points.push([time, value]);
    const first = this.points.findIndex(point => point[0] >= snapshot.time - seconds);
    if (first > 60) this.points.splice(0, first);
  }
}

// --- Overview ---

class Overview {
  constructor() {
    this.element = make("div", { class: "overview" });
    this.totals = make("p", { class: "totals", "aria-label": "All machines" });
    this.cards = make("div", { class: "cards" });
    this.nothing = make("p", { class: "nothing" });
    this.element.append(make("h1", { class: "hidden", text: "Machines" }), this.totals, this.cards, this.nothing);
    this.known = new Map();
    this.sight = new IntersectionObserver(entries => {
      for (const entry of entries) {
        const card = this.known.get(entry.target.dataset.name);
        if (!card) continue;
        card.isSeen = entry.isIntersecting;
        if (card.isSeen) card.update();
      }
    }, { rootMargin: "200px" });
  }

  update() {
    const entries = filtered();
    const dense = snapshot.machines.reduce((sum, machine) => sum + gpusOf(machine).length, 0) > DENSE;
    this.element.classList.toggle("dense", dense);
    totals(this.totals);
    const shown = new Set();
    let before = null;
    for (const entry of entries) {
      const name = entry.machine.name;
      shown.add(name);
      let card = this.known.get(name);
      if (card && card.dense !== dense) { this.drop(name); card = undefined; }
      if (!card) {
        card = new Card(name, dense);
        this.known.set(name, card);
        this.sight.observe(card.element);
      }
      card.entry = entry;
      const place = before ? before.nextSibling : this.cards.firstChild;
      if (place !== card.element) this.cards.insertBefore(card.element, place);
      before = card.element;
      card.keep();
      if (card.isSeen) card.update();
    }
    for (const name of [...this.known.keys()]) if (!shown.has(name)) this.drop(name);
    const filter = $("filter").value;
    setText(this.nothing, entries.length ? "" : filter ? `Nothing has “${filter}” in it.` : "No machines yet.");
  }

  drop(name) {
    const card = this.known.get(name);
    this.sight.unobserve(card.element);
    card.element.remove();
    this.known.delete(name);
  }

  remove() { this.sight.disconnect(); this.element.remove(); }
}

function totals(element) {
  const machines = snapshot.machines;
  const gpus = machines.flatMap(gpusOf);
  const live = machines.filter(machine => machine.fresh).flatMap(gpusOf);
  const loads = live.map(gpu => gpu.facts.utilizationGPUPercent).filter(value => value !== undefined);
  const power = live.reduce((sum, gpu) => sum + (gpu.facts.powerDrawWatts ?? 0), 0);
  const used = live.reduce((sum, gpu) => sum + (gpu.facts.memoryUsedBytes ?? 0), 0);
  const whole_ = live.reduce((sum, gpu) => sum + (gpu.facts.memoryTotalBytes ?? 0), 0);
  const troubles = machines.filter(isTrouble).length;
  const parts = [
    [machines.length, machines.length === 1 ? "machine" : "machines"], [gpus.length, gpus.length === 1 ? "GPU" : "GPUs"],
    [troubles, "in trouble"],
    [loads.length ? `${whole(loads.reduce((a, b) => a + b, 0) / loads.length)} %` : unknown, "mean utilisation"],
    [whole_ ? `${bytes(used)} of ${bytes(whole_)}` : unknown, "memory"], [`${whole(power)} W`, "power"],
  ];
  while (element.children.length < parts.length) element.append(make("span", {}, make("b"), document.createTextNode("")));
  parts.forEach(([value, name], place) => {
    const span = element.children[place];
    setText(span.firstChild, String(value));
    if (span.lastChild.data !== ` ${name}`) span.lastChild.data = ` ${name}`;
  });
}

class Card {
  constructor(name, dense) {
    Object.assign(this, { name, dense, isSeen: false, gpus: new Map() });
    this.state = make("span", { class: "state" });
    this.xids = make("span", { class: "xids" });
    this.about = make("p", { class: "about" });
    this.why = make("p", { class: "why" });
    this.list = make("div", { class: dense ? "tiles" : "gpus" });
    this.element = make("section", { class: "card" },
      make("h2", {}, make("a", { href: link(name), text: name }), this.xids, this.state), this.about, this.why, this.list);
    this.element.dataset.name = name;
  }

  // What comes while it is out of sight is kept for its curves.
  keep() {
    const machine = this.entry.machine;
    if (!machine.fresh) return;
    for (const gpu of this.entry.gpus) {
      this.gpus.get(gpu.index)?.series?.add(machine.sampledAt, gpu.facts.utilizationGPUPercent, LIVE_SECONDS);
    }
  }

  update() {
    const { machine, gpus } = this.entry;
    setClass(this.element, `card is-${tone(machine)}${machine.fresh ? "" : " old"}${gpus.some(fault) ? " hurt" : ""}`);
    setText(this.state, machine.condition);
    const xids = (machine.xidCounts ?? []).reduce((sum, entry) => sum + entry.count, 0);
    setText(this.xids, xids ? `${xids} Xid` : "");
    setText(this.about, [
      gpus.length ? `${gpus.length} × ${model(gpus[0])}` : "", machine.driverVersion ? `driver ${machine.driverVersion}` : "",
      machine.cudaVersion ? `CUDA ${machine.cudaVersion}` : "",
    ].filter(Boolean).join(", "));
    setText(this.why, why(machine));
    const shown = new Set();
    let before = null;
    for (const gpu of gpus) {
      shown.add(gpu.index);
      let line = this.gpus.get(gpu.index);
      if (!line) {
        line = this.dense ? new Tile(machine.name, gpu.index) : new Line(machine.name, gpu.index);
        this.gpus.set(gpu.index, line);
      }
      const place = before ? before.nextSibling : this.list.firstChild;
      if (place !== line.element) this.list.insertBefore(line.element, place);
      before = line.element;
      line.update(gpu, machine);
    }
    for (const [index, line] of this.gpus) if (!shown.has(index)) { line.element.remove(); this.gpus.delete(index); }
  }
}

class Tile {
  constructor(vm, index) {
    this.load = make("b");
    this.rest = make("span");
    this.low = make("span", { class: "low" });
    this.element = make("a", { class: "tile", href: link(vm, index) }, this.load, this.rest, this.low);
  }

  update(gpu, machine) {
    const load = gpu.facts.utilizationGPUPercent, heat = gpu.facts.temperatureCelsius;
    const broken = fault(gpu);
    setText(this.load, broken ? "lost" : load === undefined ? unknown : `${whole(load)}%`);
    setText(this.rest, heat === undefined ? "" : `${whole(heat)}°`);
    setShare(this.element, "--heat", (load ?? 0) / 100);
    setShare(this.low, "--share", share(gpu.facts) ?? 0);
    setClass(this.element, `tile tone-${broken ? "hot" : temperatureTone(gpu.facts)}`);
    const title = `${machine.name} GPU ${gpu.index}, ${model(gpu)}: ${broken ?? `${load ?? unknown} %, ${heat ?? unknown} °C, ` +
      `${bytes(gpu.facts.memoryUsedBytes)}`}${machine.fresh ? "" : `, ${machine.condition}`}`;
    if (this.element.title !== title) this.element.title = title;
  }
}

function meter(name) {
  const fill = make("div", { class: "fill" });
  const value = make("span", { class: "value" });
  const element = make("div", { class: "meter" }, make("span", { text: name }), make("div", { class: "track" }, fill), value);
  return { element, fill, value };
}

class Line {
  constructor(vm, index) {
    this.series = new Series(vm, index, "utilizationGPUPercent");
    this.series.load(RANGES[0]).then(() => this.spark());
    this.model = make("span", { class: "model" });
    this.sum = make("span", { class: "sum" });
    this.heat = make("span", { class: "ink" });
    this.rest = make("span");
    this.sum.append(this.heat, this.rest);
    this.load = meter("GPU");
    this.memory = meter("Mem");
    this.fault = make("div", { class: "fault" });
    this.curve = svg("svg", { class: "spark", viewBox: "0 0 100 30", preserveAspectRatio: "none", "aria-hidden": "true" });
    this.area = svg("path", { class: "area" }, this.curve);
    this.path = svg("path", {}, this.curve);
    this.element = make("a", { class: "gpu", href: link(vm, index) },
      make("div", { class: "title" }, make("b", { text: `GPU ${index}` }), this.model, this.sum),
      this.load.element, this.memory.element, this.fault, this.curve);
  }

  update(gpu, machine) {
    const facts = gpu.facts, part = share(facts), broken = fault(gpu);
    setText(this.model, model(gpu));
    this.fault.hidden = !broken;
    this.load.element.hidden = this.memory.element.hidden = Boolean(broken);
    this.load.element.style.display = this.memory.element.style.display = broken ? "none" : "";
    setText(this.fault, broken ?? "");
    setText(this.heat, facts.temperatureCelsius === undefined ? "" : `${whole(facts.temperatureCelsius)} °C`);
    setClass(this.heat, `ink tone-${temperatureTone(facts)}`);
    const power = facts.powerDrawWatts === undefined ? "" : ` · ${whole(facts.powerDrawWatts)}` +
      (facts.powerLimitWatts === undefined ? " W" : `/${whole(facts.powerLimitWatts)} W`);
    setText(this.rest, power + (facts.fanPercent === undefined ? "" : ` · fan ${whole(facts.fanPercent)} %`));
    setText(this.load.value, facts.utilizationGPUPercent === undefined ? unknown : `${whole(facts.utilizationGPUPercent)} %`);
    setShare(this.load.fill, "--share", (facts.utilizationGPUPercent ?? 0) / 100);
    setText(this.memory.value, part === undefined ? bytes(facts.memoryUsedBytes)
      : `${(facts.memoryUsedBytes / GIB).toFixed(1)}/${bytes(facts.memoryTotalBytes)}`);
    setShare(this.memory.fill, "--share", part ?? 0);
    setClass(this.memory.fill, `fill tone-${memoryTone(part ?? 0)}`);
    if (machine.fresh) this.series.add(machine.sampledAt, facts.utilizationGPUPercent, LIVE_SECONDS);
    this.spark();
  }

  // By time, its right end is now: a series that ended moves away.
  spark() {
    const from = snapshot.time - LIVE_SECONDS;
    let curve = "", area = "", last = -Infinity, begin = 0;
    for (const [time, value] of this.series.points) {
      if (time < from) continue;
      const x = ((time - from) / LIVE_SECONDS * 100).toFixed(2), y = (29 - value / 100 * 28).toFixed(1);
      if (time - last > 15) {
        if (area) area += `L${begin} 30Z`;
        curve += `M${x} ${y}`;
        area += `M${x} 30L${x} ${y}`;
      } else {
        curve += `L${x} ${y}`;
        area += `L${x} ${y}`;
      }
      begin = x;
      last = time;
    }
    if (area) area += `L${begin} 30Z`;
    this.path.setAttribute("d", curve);
    this.area.setAttribute("d", area);
  }
}

// --- A machine, a GPU ---

const CHARTS = [
  { fact: "utilizationGPUPercent", title: "Utilisation", tone: "good", top: 100, say: value => `${whole(value)} %` },
  { fact: "memoryUsedBytes", title: "Memory", tone: "memory", top: GIB, base: GIB, limit: "memoryTotalBytes",
    say: (value, isTick) => isTick ? `${+(value / GIB).toFixed(1)} G` : bytes(value) },
  { fact: "temperatureCelsius", title: "Temperature", tone: "good", top: 60, toneOf: temperatureTone, say: value => `${whole(value)} °C` },
  { fact: "powerDrawWatts", title: "Power", tone: "accent", top: 50, limit: "powerLimitWatts", say: value => `${whole(value)} W` },
];

class Curve {
  constructor(vm, gpu, kind, title) {
    this.kind = kind;
    this.series = new Series(vm, gpu, kind.fact);
    this.chart = new Chart({ ...kind, title: title ?? kind.title });
    this.load();
  }

  load() {
    this.range = range;
    this.series.points = [];
    const wanted = this.range;
    this.loadedAt = snapshot.time;
    this.series.load(wanted).then(() => { if (this.range === wanted) this.draw(); });
  }

  update(gpu, machine) {
    this.gpu = gpu;
    this.machine = machine;
    if (this.range !== range) this.load();
    if (this.range.step === 0) {
      if (machine.fresh) this.series.add(machine.sampledAt, gpu.facts[this.kind.fact], this.range.seconds);
    } else if (snapshot.time - this.loadedAt > Math.max(10, this.range.step)) {
      this.load();
    }
    this.draw();
  }

  draw() {
    if (!this.gpu) return;
    const facts = this.gpu.facts, value = facts[this.kind.fact];
    this.chart.top = Math.max(this.kind.top, this.kind.limit ? facts[this.kind.limit] ?? 0 : 0);
    const now = value === undefined ? unknown : this.kind.say(value);
    if (this.kind.toneOf) setClass(this.chart.element, `chart tone-${this.kind.toneOf(facts)}`);
    const step = this.series.step || this.range.step || Math.max(5, this.machine.intervalSeconds ?? 1);
    this.chart.show(this.series.points, snapshot.time - this.range.seconds, snapshot.time, step,
      this.machine.fresh ? now : `${now} (old)`);
  }

  remove() { this.chart.remove(); }
}

class Detail {
  constructor(vm, index) {
    Object.assign(this, { vm, index, curves: new Map() });
    this.element = make("div", { class: "detail" });
    this.state = make("span", { class: "state" });
    this.why = make("span", { class: "why" });
    const name = index === undefined ? [make("h1", { text: vm })]
      : [make("h1", {}, make("a", { href: link(vm), text: vm }), document.createTextNode(` GPU ${index}`))];
    this.ranges = make("div", { class: "ranges", role: "group", "aria-label": "Time shown" });
    for (const choice of RANGES) {
      const button = make("button", { type: "button", text: choice.name });
      button.addEventListener("click", () => { range = choice; this.update(); });
      this.ranges.append(button);
    }
    this.model = make("p", { class: "about" });
    this.charts = make("div", { class: "charts" });
    this.panels = make("div", { class: "panels" });
    this.facts = make("dl", { class: "facts" });
    this.factsPanel = make("section", { class: "panel wide" }, make("h2", { text: "Facts" }), this.facts);
    this.processes = new Table("Programs", PROCESS_COLUMNS.slice(index === undefined ? 1 : 2));
    this.events = new Table("Xid events", EVENT_COLUMNS.filter(column => column.name !== "Machine"));
    this.panels.append(this.processes.element, this.events.element, this.factsPanel);
    this.element.append(make("div", { class: "crumbs" }, make("a", { href: "#", text: "Machines" }), ...name, this.state, this.why, this.ranges),
      this.model, this.charts, this.panels);
    // Charts are drawn where they are looked at.
    this.sight = new IntersectionObserver(entries => {
      for (const { target, isIntersecting } of entries) target.isSeen = isIntersecting;
      this.update();
    }, { rootMargin: "150px" });
  }

  update() {
    const machine = snapshot.machines.find(one => one.name === this.vm);
    for (const [place, button] of [...this.ranges.children].entries()) {
      button.setAttribute("aria-pressed", String(RANGES[place] === range));
    }
    if (!machine) {
      setText(this.state, "unknown");
      setText(this.why, "no machine of this name is known");
      setClass(this.state.parentElement, "crumbs is-warm");
      return;
    }
    setClass(this.state.parentElement, `crumbs is-${tone(machine)}`);
    setText(this.state, machine.condition);
    setClass(this.element, `detail${machine.fresh ? "" : " old"}`);
    const gpus = gpusOf(machine).filter(gpu => this.index === undefined || gpu.index === this.index);
    const broken = this.index === undefined || !gpus.length ? undefined : fault(gpus[0]);
    setText(this.why, broken ?? why(machine));
    setText(this.model, [
      gpus.length ? [...new Set(gpus.map(model))].join(", ") : "", this.index === undefined ? machine.hostname : gpus[0]?.uuid,
      this.index === undefined ? "" : gpus[0]?.pciAddress, machine.driverVersion && `driver ${machine.driverVersion}`,
      machine.cudaVersion && `CUDA ${machine.cudaVersion}`,
    ].filter(Boolean).join(" · "));
    const kinds = this.index === undefined ? [CHARTS[0], CHARTS[1]] : CHARTS;
    for (const gpu of gpus) {
      for (const kind of kinds) {
        const key = `${gpu.index} ${kind.fact}`;
        let holder = this.curves.get(key);
        if (!holder) {
          holder = make("div", { class: "holder" });
          this.curves.set(key, holder);
          holder.isSeen = false;
          this.charts.append(holder);
          // Room for the chart, so that those below it are not in sight yet.
          holder.style.minHeight = "230px";
          this.sight.observe(holder);
        }
        if (!holder.isSeen) continue;
        if (!holder.curve) {
          holder.curve = new Curve(this.vm, gpu.index, kind, this.index === undefined ? `GPU ${gpu.index}: ${kind.title}` : undefined);
          holder.append(holder.curve.chart.element);
          if (this.index === undefined) {
            holder.append(make("a", { class: "hidden", href: link(this.vm, gpu.index), text: `Details of GPU ${gpu.index}` }));
            holder.curve.chart.element.addEventListener("dblclick", () => { location.hash = link(this.vm, gpu.index); });
          }
        }
        holder.curve.update(gpu, machine);
      }
    }
    this.processes.show(gpus.flatMap(gpu => (gpu.processes ?? []).map(process => ({ machine, gpu, process }))), "No program uses a GPU.");
    this.events.show(eventsOf([machine]).filter(entry => this.index === undefined || !gpus.length
      || entry.event.pciAddress === undefined || entry.event.pciAddress === gpus[0].pciAddress), "None were heard of.");
    this.factsPanel.hidden = this.index === undefined || !gpus.length;
    if (this.index !== undefined && gpus.length) this.tell(gpus[0], machine);
  }

  tell(gpu, machine) {
    const facts = Object.entries(gpu.facts).map(([key, value]) => [words(key), unit(key, value)]);
    if (gpu.clocksEvents?.length) facts.push(["clocks held down", gpu.clocksEvents.map(name => words(name.replace(/^clocksEvent/, ""))).join(", ")]);
    if (machine.losses) facts.push(["messages lost", Object.entries(machine.losses).map(([key, value]) => `${words(key)} ${value}`).join(", ")]);
    if (machine.sampler) facts.push(["nvidia-smi started again", `${machine.sampler.restarts} times`]);
    while (this.facts.children.length > facts.length * 2) this.facts.lastChild.remove();
    facts.forEach(([name, value], place) => {
      if (this.facts.children.length <= place * 2) this.facts.append(make("dt"), make("dd"));
      setText(this.facts.children[place * 2], name);
      setText(this.facts.children[place * 2 + 1], value);
    });
  }

  remove() {
    this.sight.disconnect();
    for (const holder of this.curves.values()) holder.curve?.remove();
    this.element.remove();
  }
}

// "temperatureSlowdownCelsius" → "temperature slowdown"; its unit goes to the value.
const UNITS = [
  [/Celsius$/, value => `${value} °C`], [/Watts$/, value => `${value} W`], [/MHz$/, value => `${value} MHz`],
  [/Percent$/, value => `${value} %`], [/BytesPerSecond$/, value => `${bytes(value)}/s`], [/Bytes$/, bytes],
];
function words(key) {
  const found = UNITS.find(([pattern]) => pattern.test(key));
  return key.replace(found ? found[0] : /$^/, "").replace(/([a-z\d])([A-Z])/g, "$1 $2").replace(/[A-Z][a-z]/g, text => text.toLowerCase());
}
function unit(key, value) {
  const found = typeof value === "number" && UNITS.find(([pattern]) => pattern.test(key));
  return found ? found[1](value) : String(value);
}

// --- Tables ---

const PROCESS_COLUMNS = [
  { name: "Machine", link: row => link(row.machine.name), text: row => row.machine.name },
  { name: "GPU", number: true, link: row => link(row.machine.name, row.gpu.index), text: row => String(row.gpu.index) },
  { name: "PID", number: true, text: row => String(row.process.pid) },
  { name: "Type", text: row => row.process.type ?? "" },
  { name: "Memory", number: true, text: row => bytes(row.process.memoryBytes) },
  { name: "Command", class: "long", text: row => row.process.name ?? "" },
];
const EVENT_COLUMNS = [
  { name: "Time", text: row => moment(row.event.time, true) },
  { name: "Machine", link: row => link(row.machine.name), text: row => row.machine.name },
  { name: "GPU", text: row => row.event.pciAddress ?? "" },
  { name: "Xid", class: "code", text: row => String(row.event.code) },
  { name: "What the driver said", class: "long", text: row => row.event.text },
];
const TABLE_LIMIT = 500;

function eventsOf(machines) {
  return machines.flatMap(machine => (machine.events ?? []).map(event => ({ machine, event })))
    .sort((a, b) => b.event.time - a.event.time);
}

class Table {
  constructor(title, columns) {
    this.columns = columns;
    this.body = make("tbody");
    this.nothing = make("p", { class: "nothing" });
    this.table = make("table", {}, make("thead", {}, make("tr", {}, ...columns.map(column =>
      make("th", { scope: "col", text: column.name, class: column.number ? "number" : "" })))), this.body);
    this.element = make("section", { class: "panel" }, make("h2", { text: title }), this.table, this.nothing);
  }

  show(rows, nothing) {
    const shown = rows.slice(0, TABLE_LIMIT);
    while (this.body.rows.length > shown.length) this.body.lastChild.remove();
    shown.forEach((row, place) => {
      if (this.body.rows.length <= place) {
        this.body.append(make("tr", {}, ...this.columns.map(column =>
          make("td", { class: column.class ?? (column.number ? "number" : "") }, ...(column.link ? [make("a")] : [])))));
      }
      this.columns.forEach((column, number) => {
        const cell = this.body.rows[place].cells[number];
        setText(column.link ? cell.firstChild : cell, column.text(row));
        if (column.link && cell.firstChild.getAttribute("href") !== column.link(row)) cell.firstChild.setAttribute("href", column.link(row));
      });
    });
    this.table.hidden = !rows.length;
    setText(this.nothing, !rows.length ? nothing : rows.length > TABLE_LIMIT ? `${rows.length - TABLE_LIMIT} more: filter to see them.` : "");
  }

  remove() { this.element.remove(); }
}

class ListView {
  constructor(kind) {
    this.kind = kind;
    this.table = kind === "processes" ? new Table("Programs that use a GPU", PROCESS_COLUMNS) : new Table("Xid events", EVENT_COLUMNS);
    this.element = make("div", {}, this.table.element);
  }

  update() {
    const wanted = $("filter").value.trim().toLowerCase();
    const has = (...texts) => !wanted || texts.some(text => text !== undefined && String(text).toLowerCase().includes(wanted));
    if (this.kind === "processes") {
      const rows = snapshot.machines.flatMap(machine => gpusOf(machine).flatMap(gpu => (gpu.processes ?? [])
        .filter(process => has(machine.name, process.name, process.pid, gpu.name)).map(process => ({ machine, gpu, process }))));
      if ($("sort").value !== "name") rows.sort((a, b) => (b.process.memoryBytes ?? 0) - (a.process.memoryBytes ?? 0));
      this.table.show(rows, "No program uses a GPU.");
    } else {
      this.table.show(eventsOf(snapshot.machines).filter(({ machine, event }) =>
        has(machine.name, event.text, event.pciAddress, `xid ${event.code}`)), "No Xid errors were heard of.");
    }
  }

  remove() { this.element.remove(); }
}

// --- Which view ---

function decoded(text) { try { return decodeURIComponent(text); } catch { return text; } }

function route() {
  if (!snapshot) return;
  view?.remove();
  waiting = [];
  const hash = location.hash.slice(1);
  let current = "machines";
  if (hash === "/processes" || hash === "/events") {
    current = hash.slice(1);
    view = new ListView(current);
  } else if (hash && hash !== "main") {
    const [vm, gpu] = hash.split("/");
    view = new Detail(decoded(vm), gpu === undefined || gpu === "" ? undefined : Number(gpu));
  } else {
    view = new Overview();
  }
  for (const anchor of document.querySelectorAll("nav a")) {
    if (anchor.dataset.view === current) anchor.setAttribute("aria-current", "page"); else anchor.removeAttribute("aria-current");
  }
  main.replaceChildren(view.element);
  view.update();
  window.scrollTo(0, 0);
}

// --- The stream ---

let source = null;
let retry = 1000;

function connect() {
  source?.close();
  source = new EventSource("api/v1/stream");
  source.addEventListener("snapshot", event => {
    let told;
    try { told = JSON.parse(event.data); } catch { return; }
    if (told.schema !== 1) {
      say("The host speaks a newer language than this page: reload it.");
      return;
    }
    heard = performance.now();
    retry = 1000;
    const isFirst = !snapshot;
    snapshot = told;
    linked(true);
    // A hidden page is drawn when it is looked at again.
    if (isFirst) route(); else if (!document.hidden) view.update();
  });
  // Lost connections are taken up by the browser; a refusal closes the source for good.
  source.onerror = () => { if (source.readyState === EventSource.CLOSED) again(); };
}

function again() {
  source?.close();
  source = null;
  setTimeout(connect, retry);
  retry = Math.min(retry * 2, 10000);
}

function say(text) {
  setText($("banner"), text);
  $("banner").hidden = !text;
}

function linked(isOn) {
  document.body.classList.toggle("offline", !isOn);
  setClass($("link"), isOn ? "on" : heard ? "off" : "");
  setText($("link"), isOn ? "live" : heard ? "lost" : "connecting");
  if (isOn) say("");
}

setInterval(() => {
  const ago = (performance.now() - heard) / 1000;
  if (heard && ago < 6) return;
  linked(false);
  if (heard) say(`The host does not answer. What is shown is ${duration(ago)} old; trying again.`);
  else if (performance.now() > 5000) say("The host does not answer; trying again.");
  // A connection that is there and says nothing is given up as well.
  if (heard && ago > 15 && source && source.readyState === EventSource.OPEN) again();
}, 1000);

// --- Colours, keys ---

const THEMES = { auto: "automatic", light: "light", dark: "dark" };
const system = matchMedia("(prefers-color-scheme: dark)");
let theme = "auto";
try { theme = localStorage.getItem("theme") ?? "auto"; } catch { /* Not kept then. */ }
if (!(theme in THEMES)) theme = "auto";

function paint() {
  document.documentElement.dataset.theme = theme === "auto" ? (system.matches ? "dark" : "light") : theme;
  $("theme").setAttribute("aria-label", `Colours: ${THEMES[theme]}`);
  setText($("theme"), { auto: "◐", light: "○", dark: "●" }[theme]);
}
$("theme").addEventListener("click", () => {
  const names = Object.keys(THEMES);
  theme = names[(names.indexOf(theme) + 1) % names.length];
  try { localStorage.setItem("theme", theme); } catch { /* Not kept then. */ }
  paint();
});
system.addEventListener("change", paint);
paint();

$("filter").addEventListener("input", () => snapshot && view.update());
$("sort").addEventListener("change", () => snapshot && view.update());
addEventListener("hashchange", route);
document.addEventListener("visibilitychange", () => { if (!document.hidden && snapshot) view.update(); });
document.addEventListener("keydown", event => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target === $("filter")) {
    if (event.key === "Escape") { $("filter").value = ""; $("filter").blur(); if (snapshot) view.update(); }
    return;
  }
  if (event.target instanceof HTMLSelectElement) return;
  if (event.key === "/") { event.preventDefault(); $("filter").focus(); }
  if (event.key === "Escape" && location.hash) location.hash = "";
});
connect();
