// The page: asks the model, shows what it finds.

const at = (id) => document.getElementById(id);
let asked = null; // the last text
let found = null; // the answer
let asking = null; // the request that runs
let drawnWidth = 0;
let resizing = null; // a timer

async function ask(text, signal) {
  drawnWidth = at("form").clientWidth;
  const answer = await fetch("drawing.json", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ text, width: Math.max(200, drawnWidth - 20) }),
    signal,
  });
  const json = await answer.json().catch(() => ({}));
  if (!answer.ok || !json.drawing) throw new Error(json.error ?? `the server answered ${answer.status} ${answer.statusText}`);
  return json;
}

function extract(event) {
  event?.preventDefault();
  const text = at("text").value;
  if (!text.trim()) {
    at("status").textContent = "Write or paste a text first.";
    at("text").focus();
    return;
  }
  answer(text);
}

async function answer(text) {
  asked = text;
  asking?.abort();
  const request = (asking = new AbortController());
  at("error").textContent = "";
  at("status").textContent = "Extracting…";
  at("extract").disabled = true;
  const start = performance.now();
  try {
    found = await ask(text, request.signal);
    const seconds = (performance.now() - start) / 1000;
    show();
    const breaks = found.broken_at.length;
    at("status").textContent = `${count(found.entities.length, "entity", "entities")} and `
      + `${count(found.relations.length, "relation", "relations")} in ${seconds.toFixed(2)} s.`
      + (breaks ? ` Sentences that are too long were broken at ${count(breaks, "place", "places")}.` : "");
  } catch (error) {
    if (request.signal.aborted) return;
    at("result").hidden = true;
    at("status").textContent = "";
    at("error").textContent = error instanceof TypeError ? "The server can't be reached." : `Error: ${error.message}`;
  } finally {
    if (asking === request) at("extract").disabled = false;
  }
}

// Lines of the new width; where the server can't draw them, those that are there stay.
async function redraw() {
  const again = await ask(asked, asking.signal).catch(() => null);
  if (!again) return;
  found.drawing = again.drawing;
  draw();
  filter();
}

function count(number, one, many) {
  return `${number} ${number === 1 ? one : many}`;
}

function typesOf(entities) {
  return [...new Set(entities.map((entity) => entity.type))].sort();
}

// Puts the drawing on the page; the keyboard reaches its entities and relations, and `tip` shows their titles.
function draw() {
  const box = at("drawing");
  box.innerHTML = found.drawing;
  for (const group of box.querySelectorAll("g")) {
    const title = group.querySelector("title");
    group.setAttribute("aria-label", title.textContent);
    group.setAttribute("role", "img");
    group.setAttribute("tabindex", 0);
    title.remove();
  }
  at("beyond").hidden = box.scrollWidth <= box.clientWidth + 1;
}

function show() {
  at("legend").replaceChildren(...typesOf(found.entities).map((type) => {
    const item = document.createElement("li");
    item.style.setProperty("--type", found.colors[type]);
    item.textContent = `${type} (${found.entities.filter((entity) => entity.type === type).length})`;
    return item;
  }));
  at("result").hidden = false;
  const order = [...found.relations].sort((a, b) => b.score - a.score);
  at("relations").tBodies[0].replaceChildren(...order.map(tableRow));
  at("relations").hidden = !order.length;
  at("json").textContent = JSON.stringify(found.answer, null, 2);
  draw();
  filter();
}

function tableRow(relation) {
  const row = document.createElement("tr");
  row.dataset.score = relation.score;
  const [head, tail] = [found.entities[relation.head], found.entities[relation.tail]];
  for (const text of [head.text, relation.type, tail.text, relation.score.toFixed(3)]) {
    const cell = row.insertCell();
    cell.dir = "auto";
    cell.textContent = text;
  }
  return row;
}

// Shows the relations above the threshold; what was found is not asked for again.
function filter() {
  const threshold = Number(at("threshold").value);
  at("threshold-value").textContent = threshold.toFixed(2);
  for (const shown of document.querySelectorAll("[data-score]")) {
    shown.toggleAttribute("hidden", Number(shown.dataset.score) <= threshold);
  }
  const above = found.relations.filter((relation) => relation.score > threshold).length;
  at("shown").textContent = `${above} of ${count(found.relations.length, "relation", "relations")}`;
}

// The score of what the pointer or the keyboard is on.
function tip(event) {
  const on = event.target.closest?.(".jner-entity, .jner-relation");
  at("tip").hidden = !on;
  if (!on) return;
  at("tip").textContent = on.getAttribute("aria-label");
  const box = on.getBoundingClientRect();
  const left = Math.min(Math.max(4, box.left + box.width / 2 - at("tip").offsetWidth / 2), innerWidth - at("tip").offsetWidth - 4);
  at("tip").style.left = `${Math.max(4, left)}px`;
  at("tip").style.top = `${Math.max(4, box.top - at("tip").offsetHeight - 4)}px`;
}

// What the model's export says of itself: texts to try, and the score above which it gives relations.
async function introduce() {
  const about = await fetch("about.json").then((answer) => answer.json()).catch(() => ({}));
  at("examples").replaceChildren(...(about.examples ?? []).map((text) => {
    const button = document.createElement("button");
    button.type = "button";
    button.dir = "auto";
    button.textContent = button.title = text;
    return button;
  }));
  at("threshold").min = Math.floor((about.min_score ?? 0) * 100) / 100;
  at("threshold").value = at("threshold").min;
  at("threshold-value").textContent = Number(at("threshold").value).toFixed(2);
}

introduce();
at("form").addEventListener("submit", extract);
at("text").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) extract(event);
});
at("examples").addEventListener("click", (event) => {
  if (event.target.tagName !== "BUTTON") return;
  at("text").value = event.target.textContent;
  extract();
});
at("threshold").addEventListener("input", filter);
for (const name of ["mouseover", "focusin"]) at("drawing").addEventListener(name, tip);
for (const name of ["mouseleave", "focusout"]) at("drawing").addEventListener(name, () => { at("tip").hidden = true; });
document.addEventListener("keydown", (event) => { if (event.key === "Escape") at("tip").hidden = true; });
new ResizeObserver(() => {
  clearTimeout(resizing);
  const resized = Math.abs(at("form").clientWidth - drawnWidth) >= 20;
  if (!at("result").hidden && resized) resizing = setTimeout(redraw, 300);
}).observe(at("form"));
