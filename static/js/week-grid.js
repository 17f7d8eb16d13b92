// A week to draw in, above seven lines of text such as "09:00-12:00, 22:00-06:00" (templates/settings/_hours.html).
// The lines stay the truth: what is drawn is written into them, what is typed is drawn.
//   mouse     drag over a day; further into the next day for a night shift; drag a block, or its upper or lower edge
//   touch     tap a day for an hour; drag a block or its edges
//   keyboard  arrows move a block, Shift its end, left and right go to the next block, Delete removes, Enter types
const DAY = 1440;
const STEP = 30;
const FINE = 15;
const EDGE = 9; // pixels

const two = (n) => String(n).padStart(2, "0");
const reading = (minute) => (minute === DAY ? "24:00" : `${two(Math.floor((minute % DAY) / 60))}:${two(minute % 60)}`);
const written = (rows) => rows.map(([from, to]) => `${reading(from)}-${reading(to)}`).join(", ");
const shown = ([from, to]) => `${reading(from)}–${reading(to)}`;
const fits = ([from, to]) => from >= 0 && from < DAY && to > from && (to < from + DAY || (from === 0 && to === DAY));
const apart = (rows) => rows.every((row, i) => i === 0 || rows[i - 1][1] <= row[0]);
const sorted = (rows) => [...rows].sort((a, b) => a[0] - b[0]);

function minute(text, closing) {
  const found = /^(\d{1,2})(?:[:.h](\d{2}))?$/.exec(text);
  if (!found) return null;
  const value = Number(found[1]) * 60 + Number(found[2] ?? 0);
  return value < DAY || (closing && value === DAY) ? value : null;
}

// The rows of a line, or null while it cannot be read.
function parsed(text) {
  const rows = [];
  for (const part of text.split(/[,;]/).map((one) => one.trim()).filter(Boolean)) {
    const ends = part.split(/\s*[-\u2010-\u2015\u2212]\s*/);
    const from = minute(ends[0], false);
    const to = ends.length === 2 ? minute(ends[1], true) : null;
    if (from === null || to === null || from === to) return null;
    rows.push([from, to > from ? to : to + DAY]);
  }
  return apart(sorted(rows)) ? sorted(rows) : null;
}

function made(tag, name, props = {}) {
  const element = Object.assign(document.createElement(tag), { className: name, ...props });
  return element;
}

class Week {
  constructor(root) {
    this.root = root;
    this.words = root.dataset;
    this.lines = [...root.querySelectorAll(".hours__line input")];
    this.names = [...root.querySelectorAll(".hours__line label")].map((one) => one.textContent.trim());
    this.grid = made("div", "week-grid", { role: "group" });
    this.grid.setAttribute("aria-label", this.words.wordGrid);
    const scale = made("div", "week-grid__scale");
    scale.setAttribute("aria-hidden", "true");
    for (let hour = 0; hour <= 24; hour += 3) {
      const mark = made("span", "", { textContent: `${two(hour)}:00` });
      mark.style.setProperty("--at", String((hour / 24) * 100));
      scale.append(mark);
    }
    this.columns = this.names.map((name, day) => this.column(name, day));
    this.grid.append(scale, ...this.columns.map((one) => one.box));
    const copy = made("button", "button button--s button--plain", { type: "button", textContent: this.words.wordCopy });
    copy.addEventListener("click", () => {
      for (let day = 1; day < 5; day += 1) this.lines[day].value = this.lines[0].value;
      this.draw();
    });
    const around = made("div", "scroll");
    around.append(this.grid);
    root.querySelector(".hours__lines").before(around, copy);
    for (const line of this.lines) line.addEventListener("input", () => this.draw());
    this.draw();
  }

  column(name, day) {
    const box = made("div", "week-grid__day");
    const head = made("div", "week-grid__head");
    const add = made("button", "button button--s button--icon button--plain", { type: "button", textContent: "+" });
    add.setAttribute("aria-label", `${this.words.wordAdd}: ${name}`);
    add.title = add.getAttribute("aria-label");
    add.addEventListener("click", () => this.add(day));
    head.append(made("span", "", { textContent: name }), add);
    const body = made("div", "week-grid__body");
    body.addEventListener("pointerdown", (event) => this.paint(event, day));
    body.addEventListener("click", (event) => this.tap(event, day));
    box.append(head, body);
    return { box, body };
  }

  rows(day) { return parsed(this.lines[day].value) ?? []; }

  draw() {
    for (const { body } of this.columns) body.replaceChildren();
    this.columns.forEach(({ body }, day) => {
      this.rows(day).forEach((row, index) => {
        body.append(this.block(day, index, row));
        if (row[1] > DAY) {
          const tail = made("div", "week-grid__tail");
          this.stretch(tail, 0, row[1] - DAY);
          this.columns[(day + 1) % 7].body.append(tail);
        }
      });
    });
  }

  stretch(element, from, to) {
    element.style.setProperty("--from", String((from / DAY) * 100));
    element.style.setProperty("--length", String(((Math.min(to, DAY) - from) / DAY) * 100));
  }

  block(day, index, row) {
    const block = made("button", "week-grid__block", { type: "button", textContent: shown(row) });
    block.setAttribute("aria-label", `${this.names[day]} ${shown(row)}. ${this.words.wordBlock}`);
    block.dataset.index = String(index);
    this.stretch(block, ...row);
    block.addEventListener("keydown", (event) => this.key(event, day, index));
    block.addEventListener("pointerdown", (event) => this.grab(event, day, index, block));
    return block;
  }

  // Put rows into a line; the block to focus is that which begins at `focus`.
  write(day, rows, focus) {
    this.lines[day].value = written(sorted(rows));
    this.lines[day].dispatchEvent(new Event("change", { bubbles: true }));
    this.draw();
    if (focus === undefined) return;
    const index = this.rows(day).findIndex((row) => row[0] === focus);
    const block = this.columns[day].body.querySelector(`[data-index="${index}"]`);
    block?.focus();
    if (block) this.say(`${this.names[day]} ${shown(this.rows(day)[index])}`);
  }

  say(text) {
    const place = document.getElementById("said");
    if (place) place.textContent = text;
  }

  // Another row in place of `index`, if it fits between its neighbours.
  replace(day, index, row) {
    const rows = this.rows(day);
    rows[index] = row;
    if (!fits(row) || !apart(sorted(rows))) return false;
    this.write(day, rows, row[0]);
    return true;
  }

  add(day) {
    const rows = this.rows(day);
    const last = rows.at(-1);
    if (!last) return this.write(day, [[540, 1020]], 540);
    const from = Math.min(last[1] + 60, DAY - 60);
    const row = [from, Math.min(from + 240, DAY)];
    if (last[1] <= from && fits(row)) this.write(day, [...rows, row], from);
    else this.lines[day].focus();
  }

  key(event, day, index) {
    const [from, to] = this.rows(day)[index];
    const step = { ArrowUp: -FINE, ArrowDown: FINE }[event.key];
    if (step) this.replace(day, index, event.shiftKey ? [from, to + step] : [from + step, to + step]);
    else if (event.key === "Delete" || event.key === "Backspace") {
      this.write(day, this.rows(day).filter((_, i) => i !== index));
      this.say(`${this.words.wordRemoved}: ${this.names[day]} ${shown([from, to])}`);
      this.columns[day].box.querySelector("button").focus();
    } else if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      const blocks = [...this.grid.querySelectorAll(".week-grid__block")];
      const at = blocks.indexOf(event.currentTarget) + (event.key === "ArrowRight" ? 1 : -1);
      blocks.at(at % blocks.length)?.focus();
    } else if (event.key === "Enter" || event.key === " ") this.lines[day].focus();
    else return;
    event.preventDefault();
  }

  // The day and minute under a pointer, minutes on the step.
  under(event) {
    let day = this.columns.findIndex(({ box }) => event.clientX < box.getBoundingClientRect().right);
    if (day < 0) day = 6;
    const area = this.columns[day].body.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientY - area.top) / area.height));
    return { day, minute: Math.round((share * DAY) / STEP) * STEP };
  }

  tap(event, day) {
    if (event.pointerType !== "touch" || event.target !== this.columns[day].body) return;
    const from = Math.min(Math.floor(this.under(event).minute / 60) * 60, DAY - 60);
    this.insert(day, from, from + 60);
  }

  // A new row as long as there is room for it.
  insert(day, from, to) {
    const rows = this.rows(day);
    if (rows.some((row) => row[0] <= from && from < row[1])) return;
    const next = Math.min(...rows.map((row) => row[0]).filter((start) => start > from), Infinity);
    const row = [from, Math.min(to, next)];
    if (fits(row)) this.write(day, [...rows, row], from);
  }

  paint(event, day) {
    if (event.pointerType === "touch" || event.button !== 0 || event.target !== this.columns[day].body) return;
    event.preventDefault();
    const begun = this.under(event).minute;
    const ghost = made("div", "week-grid__block week-grid__block--ghost");
    this.columns[day].body.append(ghost);
    let ends = [begun, begun];
    this.drag(event, (at) => {
      // Into the column behind: the shift runs past midnight.
      const to = at.day === (day + 1) % 7 && at.minute < begun ? at.minute + DAY : at.day === day ? at.minute : DAY;
      ends = to >= begun ? [begun, to] : [to, begun];
      this.stretch(ghost, ...ends);
      ghost.textContent = ends[1] > ends[0] ? shown(ends) : "";
    }, () => {
      ghost.remove();
      if (ends[1] > ends[0]) this.insert(day, ...ends);
      else this.insert(day, Math.min(begun, DAY - 60), Math.min(begun, DAY - 60) + 60);
    });
  }

  grab(event, day, index, block) {
    if (event.button !== 0) return;
    event.preventDefault();
    event.stopPropagation();
    block.focus();
    const area = block.getBoundingClientRect();
    const [from, to] = this.rows(day)[index];
    const upper = event.clientY - area.top < EDGE;
    const lower = !upper && area.bottom - event.clientY < EDGE;
    const begun = this.under(event).minute;
    let row = [from, to];
    this.drag(event, (at) => {
      const by = at.minute - begun;
      if (upper) row = [from + by, to];
      else if (lower) row = [from, at.day === (day + 1) % 7 && day !== 6 ? DAY + at.minute : to + by];
      else row = [from + by, to + by];
      if (fits(row)) {
        this.stretch(block, ...row);
        block.textContent = shown(row);
      }
    }, () => {
      if (row[0] === from && row[1] === to) return;
      if (!this.replace(day, index, row)) this.draw();
    });
  }

  drag(event, moved, done) {
    const over = (next) => {
      if (next.pointerId === event.pointerId) moved(this.under(next));
    };
    const up = (next) => {
      if (next.pointerId !== event.pointerId) return;
      window.removeEventListener("pointermove", over);
      window.removeEventListener("pointerup", up);
      window.removeEventListener("pointercancel", up);
      done();
    };
    window.addEventListener("pointermove", over);
    window.addEventListener("pointerup", up);
    window.addEventListener("pointercancel", up);
  }
}

for (const root of document.querySelectorAll("[data-week]")) new Week(root);
