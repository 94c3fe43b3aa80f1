// Keeps an open page up to date: takes the server's patches, draws the charts, shows times in the viewer's zone.
"use strict";

(() => {
  // The server speaks at least every five seconds; after three such silences the connection counts as dead.
  const SILENCE_MS = 15000;
  const RETRY_MS = [500, 1000, 2000, 5000];
  const PLOT_HEIGHT = 210;

  const clockTime = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const dayOnly = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });
  const dayAndTime = new Intl.DateTimeFormat(undefined, {
    day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit",
  });

  function localTimes(root) {
    for (const element of root.querySelectorAll("time[datetime]")) {
      const moment = new Date(element.dateTime);
      if (!Number.isNaN(moment.valueOf())) {
        element.textContent = ("day" in element.dataset ? dayOnly : dayAndTime).format(moment);
      }
    }
  }

  // ---- rows

  function element(html) {
    const template = document.createElement("template");
    template.innerHTML = html;
    localTimes(template.content);
    return template.content.firstElementChild;
  }

  function replaceRow(old, fresh) {
    const focused = old.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    old.replaceWith(fresh);
    if (focused !== null) {
      for (const link of fresh.querySelectorAll("a[href]")) {
        if (link.getAttribute("href") === focused) link.focus({ preventScroll: true });
      }
    }
  }

  function patchRegion({ id, order, rows }) {
    const region = document.getElementById(id);
    if (!region) return;
    const held = new Map(Array.from(region.children, (row) => [row.id, row]));
    const wanted = new Set(order);
    for (const [rowId, row] of held) {
      if (!wanted.has(rowId)) row.remove();
    }
    let place = region.firstElementChild;
    for (const rowId of order) {
      let row = held.get(rowId);
      const html = rows[rowId];
      // A card holds regions and a chart of its own, which its HTML on the wire leaves empty: one that is there stays.
      if (html !== undefined && !(row && row.querySelector("[data-region]"))) {
        const fresh = element(html);
        if (row) {
          if (row === place) place = fresh;
          replaceRow(row, fresh);
        }
        row = fresh;
      }
      if (!row) continue;
      if (row === place) place = place.nextElementSibling;
      else region.insertBefore(row, place);
    }
    colourKeys(region);
  }

  // ---- charts

  const charts = new Map();
  const FORMATS = {
    loss: { tick: (value) => value.toFixed(2), value: (value) => value.toFixed(3) },
    nats: { tick: (value) => value.toFixed(2), value: (value) => value.toFixed(4) },
    points: { tick: (value) => value.toFixed(0), value: (value) => value.toFixed(0) },
    percent: { tick: (value) => `${(100 * value).toFixed(0)}%`, value: (value) => `${(100 * value).toFixed(1)}%` },
  };

  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }

  // A name keeps its colour wherever it is shown: it goes by its place among all names on the page.
  const modelNames = [];
  function lineColour(model, reference) {
    if (model === reference) return colour("--line-0");
    if (!modelNames.includes(model)) modelNames.push(model);
    return colour(`--line-${(modelNames.indexOf(model) % 5) + 1}`);
  }

  function colourKeys(root) {
    const plot = document.querySelector("[data-chart]");
    for (const key of root.querySelectorAll("[data-line]")) {
      key.style.backgroundColor = lineColour(key.dataset.line, plot && plot.dataset.reference);
    }
  }

  function title(model) {
    const words = model.replaceAll("_", " ").trim();
    return words.slice(0, 1).toUpperCase() + words.slice(1);
  }

  function takeChart({ id, from, times, lines }) {
    const held = charts.get(id) || { times: [], lines: {}, plot: null };
    held.times = held.times.slice(0, from).concat(times);
    const fresh = {};
    for (const [name, values] of Object.entries(lines)) {
      fresh[name] = (held.lines[name] || []).slice(0, from).concat(values);
    }
    held.lines = fresh;
    charts.set(id, held);
    draw(id);
  }

  function draw(id) {
    const held = charts.get(id);
    const place = document.getElementById(id);
    if (!place || !held.times.length || typeof uPlot === "undefined") return;
    const names = Object.keys(held.lines);
    const data = [held.times, ...names.map((name) => held.lines[name])];
    const key = names.join("\n");
    if (held.plot && held.key === key && held.place === place) {
      held.plot.setData(data);
      showLast(held.plot);
      return;
    }
    if (held.plot) held.plot.destroy();
    place.replaceChildren();
    held.key = key;
    held.place = place;
    held.plot = new uPlot(options(place, names), data, place);
    showLast(held.plot);
    watchSize.observe(place);
  }

  // The legend tells the figures under the pointer, and the latest ones while there is none.
  function showLast(plot) {
    if (plot.cursor.left === undefined || plot.cursor.left < 0) plot.setLegend({ idx: plot.data[0].length - 1 });
  }

  function options(place, names) {
    const axis = { stroke: colour("--soft"), grid: { stroke: colour("--rule"), width: 1 }, ticks: { show: false } };
    const reference = place.dataset.reference;
    const say = FORMATS[place.dataset.chart];
    const alongTime = place.dataset.along === "time";
    return {
      width: place.clientWidth,
      height: PLOT_HEIGHT,
      cursor: { y: false, drag: { x: true, y: false } },
      hooks: { setCursor: [showLast] },
      scales: { x: { time: alongTime } },
      axes: [{ ...axis, size: 34 }, { ...axis, size: 52, values: (plot, ticks) => ticks.map(say.tick) }],
      series: [
        alongTime
          ? { label: "as of", value: (plot, at) => (at === null ? "" : dayOnly.format(new Date(at * 1000))) }
          : { label: "matches", value: (plot, at) => (at === null ? "" : at.toLocaleString()) },
        ...names.map((name) => ({
          label: title(name),
          stroke: lineColour(name, reference),
          width: name === reference ? 1.5 : 2,
          dash: name === reference ? [6, 4] : undefined,
          points: { show: false },
          value: (plot, value) => (value === null ? "" : say.value(value)),
        })),
      ],
    };
  }

  const watchSize = new ResizeObserver((entries) => {
    for (const { target, contentRect } of entries) {
      const held = charts.get(target.id);
      if (held && held.plot && contentRect.width > 0 && held.plot.width !== Math.floor(contentRect.width)) {
        held.plot.setSize({ width: Math.floor(contentRect.width), height: PLOT_HEIGHT });
      }
    }
  });

  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    for (const [id, held] of charts) {
      held.key = null;
      draw(id);
    }
    colourKeys(document);
  });

  // ---- connection

  const pill = document.getElementById("live");
  const notice = document.getElementById("notice");
  let source = null;
  let lastHeard = 0;
  let attempts = 0;
  let retry = 0;
  let silence = 0;

  function showPhase(phase, text) {
    if (pill.dataset.phase !== phase) pill.dataset.phase = phase;
    if (pill.textContent !== text) pill.textContent = text;
  }

  function showStatus({ phase, text, since, detail }) {
    showPhase(phase, phase === "stale" ? `stale since ${clockTime.format(new Date(since))}` : text);
    notice.textContent = detail;
    notice.hidden = !detail;
  }

  function take(message) {
    for (const region of message.regions || []) patchRegion(region);
    for (const chart of message.charts || []) takeChart(chart);
    if (message.status) showStatus(message.status);
  }

  function connect() {
    clearTimeout(retry);
    source = new EventSource(document.body.dataset.live);
    source.addEventListener("patch", (event) => {
      lastHeard = Date.now();
      attempts = 0;
      take(JSON.parse(event.data));
      listenForSilence();
    });
    source.addEventListener("error", lost);
  }

  // The browser would come back by itself after some errors and not after others: so always anew, and by one rule.
  function lost() {
    disconnect();
    const wait = RETRY_MS[Math.min(attempts, RETRY_MS.length - 1)];
    attempts += 1;
    if (lastHeard && Date.now() - lastHeard > SILENCE_MS) {
      showPhase("stale", `stale since ${clockTime.format(new Date(lastHeard))}`);
    } else {
      showPhase("reconnecting", "reconnecting");
    }
    retry = setTimeout(connect, wait);
  }

  function listenForSilence() {
    clearTimeout(silence);
    silence = setTimeout(lost, SILENCE_MS);
  }

  function disconnect() {
    clearTimeout(retry);
    clearTimeout(silence);
    if (source) source.close();
    source = null;
  }

  // A hidden page keeps no connection: browsers allow few of them, and the first patch brings everything anyway.
  function follow() {
    if (document.hidden) disconnect();
    else if (!source) connect();
  }

  localTimes(document);
  colourKeys(document);
  if (document.body.dataset.live) {
    document.addEventListener("visibilitychange", follow);
    window.addEventListener("pagehide", disconnect);
    window.addEventListener("pageshow", follow);
    follow();
  }
})();
