
// The filters: which sentences are shown, which of their entities and relations are listed, and in which order.

const at = (id) => document.getElementById(id);
const boxes = [...document.querySelectorAll("#filters input[data-task]")];
const sentences = [...document.querySelectorAll("article")].map((element) => ({
  element,
  rows: [...element.querySelectorAll("li")].map((item) => ({ item, ...item.dataset })),
}));

function plural(count, one, many) {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}

// Hides what is not asked for; returns the errors that are left, and the greatest score of them (-1 if all are missed).
function filtered(sentence, types, kinds, showRight) {
  const isOfType = (row) => types[row.task] === "all" || [row.gold, row.predicted].some((type) => types[row.task] === `type:${type}`);
  const shown = sentence.rows.filter((row) => isOfType(row) && (row.kind === "right" || kinds.has(`${row.task} ${row.kind}`)));
  for (const row of sentence.rows) row.item.hidden = !shown.includes(row);
  const right = sentence.element.querySelector(".right");
  if (right) right.hidden = !shown.some((row) => row.kind === "right");
  const errors = shown.filter((row) => row.kind !== "right");
  const isRight = sentence.rows.every((row) => row.kind === "right");
  const unasked = types.ner === "all" && types.re === "all"; // then sentences with nothing in them are shown too
  sentence.element.hidden = !(errors.length || (isRight && showRight && (unasked || shown.length)));
  return { sentence, errors: errors.length, score: Math.max(-1, ...errors.map((row) => Number(row.score ?? -1))) };
}

function filter() {
  const types = { ner: at("ner-type").value, re: at("re-type").value };
  const kinds = new Set(boxes.filter((box) => box.checked).map((box) => `${box.dataset.task} ${box.value}`));
  const found = sentences.map((sentence) => filtered(sentence, types, kinds, at("show-right").checked));
  const visible = found.filter(({ sentence }) => !sentence.element.hidden).length;
  const errors = found.reduce((sum, one) => sum + one.errors, 0);
  at("shown").textContent = `${visible.toLocaleString("en")} of ${plural(sentences.length, "sentence", "sentences")}, `
    + plural(errors, "error", "errors");
  if (at("order").value === "score") found.sort((a, b) => b.score - a.score);
  at("list").replaceChildren(); // all at once: moved one by one, thousands of sentences would take half a minute
  at("list").append(...found.map(({ sentence }) => sentence.element));
}

at("filters").addEventListener("change", filter);
at("filters").addEventListener("submit", (event) => event.preventDefault());
filter();
