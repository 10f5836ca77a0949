// Where things are drawn: words and entities in lines, relations as arcs above them. Lengths are pixels.

export const SIZES = { word: 16, space: 6, pad: 6, arc: 24, top: 6, text: 24, type: 16, gap: 14 };
export const MAX_LINES = 400;
const LONGEST_ARC = 80; // units between the ends of a relation that is drawn
// Chinese and Japanese characters, before which a line may end without white space.
const CJK = /^[\u2e80-\u2fdf\u3041-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u{20000}-\u{3fffd}]/u;
// Marks that stand behind a word: never at the beginning of a line.
const CLOSING = /^[\p{Pe}\p{Pf}.,:;!?%…、。，．：；！？]+$/u;

// The words outside of entities, and the entities, in their order; an entity that overlaps one before is left out.
export function unitsOf(document) {
  const units = [];
  const unitOfEntity = new Map();
  let next = 0;
  let end = 0;
  const order = document.entities.map((_, i) => i).sort((a, b) => document.entities[a].start - document.entities[b].start);
  const add = (unit) => {
    unit.afterBreak = /[\n\r\u2028\u2029]/.test(document.text.slice(end, unit.start));
    end = unit.end;
    units.push(unit);
  };
  const words = (before) => {
    for (; next < document.tokens.length && document.tokens[next].start < before; next++) {
      const { start, end: wordEnd } = document.tokens[next];
      if (start >= end) add({ start, end: wordEnd, text: document.text.slice(start, wordEnd) });
    }
  };
  for (const i of order) {
    const entity = document.entities[i];
    words(entity.start);
    if (entity.start < end) continue;
    unitOfEntity.set(i, units.length);
    add({ start: entity.start, end: entity.end, text: entity.text.replace(/\s+/g, " "), entity: i, type: entity.type });
  }
  words(Infinity);
  for (let i = 1; i < units.length; i++) units[i].spaced = units[i].start > units[i - 1].end;
  return { units, unitOfEntity };
}

// The relations that are drawn as arcs, with the units that they join.
export function arcsOf(document, unitOfEntity) {
  const arcs = [];
  document.relations.forEach((relation, i) => {
    const [head, tail] = [unitOfEntity.get(relation.head), unitOfEntity.get(relation.tail)];
    if (head === undefined || tail === undefined || Math.abs(head - tail) > LONGEST_ARC) return;
    arcs.push({ relation: i, head, tail, first: Math.min(head, tail), last: Math.max(head, tail) });
  });
  return arcs;
}

// Whether a line that is full may go on with a unit in the next.
function canBegin(unit) {
  if (unit.entity === undefined && CLOSING.test(unit.text)) return false;
  return unit.spaced || CJK.test(unit.text);
}

// Lines of at most `width`, broken before words where no arc passes: where there is no such place, a line is wider.
export function linesOf(units, arcs, width, measure) {
  const crossed = new Set();
  for (const arc of arcs) for (let i = arc.first + 1; i <= arc.last; i++) crossed.add(i);
  const lines = [];
  let first = 0;
  let x = 0;
  let allowed = -1; // the last place to break
  for (let i = 0; i < units.length; i++) {
    units[i].width = measure(units[i]);
    if (i > first && !crossed.has(i)) {
      if (units[i].afterBreak) {
        lines.push([first, i]);
        [first, x, allowed] = [i, 0, -1];
      } else if (canBegin(units[i])) allowed = i;
    }
    x += units[i].width + (units[i].spaced && i > first ? SIZES.space : 0);
    if (x > width && allowed > first) {
      lines.push([first, allowed]);
      [first, allowed] = [allowed, -1];
      x = 0;
      for (let j = first; j <= i; j++) x += units[j].width + (units[j].spaced && j > first ? SIZES.space : 0);
    }
  }
  if (units.length > first) lines.push([first, units.length]);
  return lines;
}

// Places of a line's units from its left, or from its right where the text runs from right to left.
export function place(units, [first, end], rightToLeft) {
  let x = 0;
  for (let i = first; i < end; i++) {
    if (i > first && units[i].spaced) x += SIZES.space;
    units[i].x = x;
    x += units[i].width;
  }
  if (rightToLeft) for (let i = first; i < end; i++) units[i].x = x - units[i].x - units[i].width;
  return x;
}

// A level for each arc of a line, 0 next to the words, so that neither arcs nor their labels overlap; how many there are.
export function stack(arcs, units, measureLabel) {
  const ends = [];
  const ports = new Map(); // arcs leave an entity side by side
  const center = (unit) => units[unit].x + units[unit].width / 2;
  for (const arc of arcs) for (const unit of [arc.head, arc.tail]) ports.set(unit, [...(ports.get(unit) ?? []), arc]);
  for (const [unit, of] of ports) {
    of.sort((a, b) => center(a.head) + center(a.tail) - center(b.head) - center(b.tail));
    const step = Math.min(10, units[unit].width / (of.length + 1));
    of.forEach((arc, i) => {
      const x = center(unit) + step * (i - (of.length - 1) / 2);
      if (arc.head === unit) arc.from = x;
      else arc.to = x;
    });
  }
  const byLength = [...arcs].sort((a, b) => Math.abs(a.from - a.to) - Math.abs(b.from - b.to));
  for (const arc of byLength) {
    const label = measureLabel(arc);
    const middle = (arc.from + arc.to) / 2;
    const left = Math.min(arc.from, arc.to, middle - label / 2) - 4;
    const right = Math.max(arc.from, arc.to, middle + label / 2) + 4;
    let level = 0;
    while ((ends[level] ?? []).some(([l, r]) => left < r && l < right)) level++;
    (ends[level] ??= []).push([left, right]);
    Object.assign(arc, { level, label, left, right });
  }
  return ends.length;
}
