// Draws a document as one SVG a line.

import { paint } from "./colors.js";
import { MAX_LINES, SIZES, arcsOf, linesOf, place, stack, unitsOf } from "./layout.js";

const RIGHT_TO_LEFT = /^[^\p{L}]*[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u;

function element(name, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

// Widths of texts in the page's font, each measured once.
function ruler() {
  const context = document.createElement("canvas").getContext("2d");
  const known = new Map();
  return (text, size, weight = 400) => {
    const key = `${weight} ${size} ${text}`;
    if (!known.has(key)) {
      context.font = `${weight} ${size}px system-ui, sans-serif`;
      known.set(key, context.measureText(text).width);
    }
    return known.get(key);
  };
}

// What stands below an entity; its score is rounded down, since nothing is certain.
function labelOf(entity) {
  return `${entity.type} ${(Math.floor(100 * entity.score + 1e-9) / 100).toFixed(2)}`;
}

function entityGroup(unit, entity, y) {
  const name = `${entity.type}: ${entity.text}, score ${entity.score.toFixed(3)}`;
  const height = SIZES.text + SIZES.type;
  const middle = unit.x + unit.width / 2;
  const box = element("rect", { x: unit.x, y, width: unit.width, height, rx: 5 });
  paint(box, entity.type);
  return element(
    "g", { class: "entity", tabindex: 0, role: "img", "aria-label": name },
    box,
    element("text", { x: middle, y: y + 18 }, unit.text),
    element("text", { x: middle, y: y + 34, class: "type" }, labelOf(entity)),
  );
}

function relationGroup(arc, relation, entities, y) {
  const height = y - SIZES.arc * (arc.level + 1) + 4;
  const name = `${entities[relation.head].text} ${relation.type} ${entities[relation.tail].text}, score ${relation.score.toFixed(3)}`;
  const middle = (arc.from + arc.to) / 2;
  const group = element(
    "g", { class: "relation", tabindex: 0, role: "img", "aria-label": name, "data-score": relation.score },
    element("path", { d: `M${arc.from} ${y}V${height + 5}Q${arc.from} ${height} ${arc.from + Math.sign(arc.to - arc.from) * 5} ${height}`
      + `H${arc.to - Math.sign(arc.to - arc.from) * 5}Q${arc.to} ${height} ${arc.to} ${height + 5}V${y - 4}` }),
    element("path", { class: "arrow", d: `M${arc.to} ${y}l-4 -7h8z` }),
    element("rect", { class: "under", x: middle - arc.label / 2, y: height - 8, width: arc.label, height: 16 }),
    element("text", { class: "label", x: middle, y: height + 4 }, relation.type),
  );
  return group;
}

// Fills `box`.
export function draw(box, found) {
  box.replaceChildren();
  const measure = ruler();
  const { units, unitOfEntity } = unitsOf(found);
  const arcs = arcsOf(found, unitOfEntity);
  const rightToLeft = RIGHT_TO_LEFT.test(found.text);
  const width = Math.max(box.clientWidth - 40, 200);
  const unitWidth = (unit) => {
    const word = measure(unit.text, SIZES.word);
    return unit.entity === undefined ? word : Math.max(word, measure(labelOf(found.entities[unit.entity]), 11, 600)) + 2 * SIZES.pad;
  };
  const lines = linesOf(units, arcs, width, unitWidth);
  const arcsOfLine = new Map();
  let line = 0;
  for (const arc of arcs.sort((a, b) => a.first - b.first)) {
    while (arc.first >= lines[line][1]) line++;
    arcsOfLine.set(line, [...(arcsOfLine.get(line) ?? []), arc]);
  }
  let drawnArcs = 0;
  let drawnEntities = 0;
  lines.slice(0, MAX_LINES).forEach((ends, number) => {
    const own = arcsOfLine.get(number) ?? [];
    const lineWidth = place(units, ends, rightToLeft);
    const levels = stack(own, units, (arc) => measure(found.relations[arc.relation].type, 12) + 6);
    const left = Math.min(0, ...own.map((arc) => arc.left));
    const right = Math.max(lineWidth, ...own.map((arc) => arc.right));
    const y = SIZES.top + levels * SIZES.arc;
    const hasEntity = units.slice(...ends).some((unit) => unit.entity !== undefined);
    const height = y + SIZES.text + (hasEntity ? SIZES.type : 0) + SIZES.gap;
    const svg = element("svg", { width: right - left + 4, height, viewBox: `${left - 2} 0 ${right - left + 4} ${height}` });
    if (rightToLeft) svg.style.marginLeft = "auto";
    for (const unit of units.slice(...ends)) {
      if (unit.entity === undefined) svg.append(element("text", { x: unit.x + unit.width / 2, y: y + 18 }, unit.text));
      else {
        svg.append(entityGroup(unit, found.entities[unit.entity], y));
        drawnEntities++;
      }
    }
    for (const arc of own) svg.append(relationGroup(arc, found.relations[arc.relation], found.entities, y));
    drawnArcs += own.length;
    box.append(svg);
  });
  const leftOut = [
    [units.length - (lines.length ? lines[Math.min(lines.length, MAX_LINES) - 1][1] : 0), "words and entities"],
    [found.entities.length - unitOfEntity.size, "overlapping entities"],
    [found.relations.length - drawnArcs, "relations, which are in the table"],
  ].filter(([count]) => count > 0);
  if (leftOut.length) {
    const note = document.createElement("p");
    note.textContent = `Not drawn: ${leftOut.map(([count, of]) => `${count} ${of}`).join("; ")}.`;
    box.append(note);
  }
  if (!units.length) {
    const note = document.createElement("p");
    note.textContent = "No words.";
    box.append(note);
  }
}
